"""What changed between two versions of a protocol, in words."""

from readerstudy.core.amendment import Change, changes
from readerstudy.core.arrival import Arrival, recommended
from readerstudy.core.conduct import Conduct
from readerstudy.core.protocol import paper

POOLS = {"real": "Aachen", "dcgan": "D1", "wgan": "W1"}
OLD = paper(seed=1)


def between(new, new_pools=POOLS):
    return changes(OLD.to_json(), new.to_json(), old_pools=POOLS, new_pools=new_pools)


def test_nothing_changed():
    assert between(paper(seed=1)) == ()


def test_quotas_are_told_by_source_and_class():
    found = between(paper(seed=1, scale=0.5))
    assert found[0] == Change("Test panels, Real, benign", "80", "40")
    assert Change("Test panels, WGAN, no findings", "40", "20") in found
    assert Change("Warm-up panels, Real, malignant", "8", "4") in found


def test_a_source_that_came_or_went():
    found = between(paper(seed=1, generators=["dcgan"]), {"real": "Aachen", "dcgan": "D1"})
    assert found[0] == Change("Pool of WGAN", "W1", "none")
    assert Change("Test panels, WGAN, benign", "40", "none") in found


def test_pools_come_first_and_conduct_is_in_words():
    new = paper(seed=2)
    new = type(new)(
        **{
            **{n: getattr(new, n) for n in new.__dataclass_fields__},
            "conduct": Conduct(undo=True, time_limit_seconds=30),
        }
    )
    found = between(new, {**POOLS, "wgan": "W2"})
    assert found == (
        Change("Pool of WGAN", "W1", "W2"),
        Change("Seed of the draw", "1", "2"),
        Change("Taking back the last answer", "no", "yes"),
        Change("Time limit, seconds", "0", "30"),
    )


def test_questions_and_long_texts():
    new = paper(seed=1)
    arrival = Arrival(consent="I agree. " * 40, questions=recommended().questions)
    new = type(new)(**{**{n: getattr(new, n) for n in new.__dataclass_fields__}, "arrival": arrival})
    consent, questions = between(new)
    assert (consent.part, consent.old) == ("Consent", "none")
    assert len(consent.new) > 300
    assert len(consent.sentence) < 130
    assert questions.new.startswith("Your role (choice: Radiologist, breast imaging")
    assert "optional" in questions.new


def test_fields_that_nobody_named_are_still_told():
    found = changes({"new_thing": 1}, {"new_thing": 2}, old_pools={}, new_pools={})
    assert found == (Change("New thing", "1", "2"),)
