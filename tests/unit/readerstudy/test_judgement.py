import pytest

from readerstudy.core import judgement as judgements
from readerstudy.core.conduct import Conduct
from readerstudy.core.errors import Refused
from readerstudy.core.judgement import Judgement
from readerstudy.core.protocol import Protocol


def protocol(levels: int = 0, **conduct) -> Protocol:
    quotas = {"real": {"benign": 1}, "dcgan": {"benign": 1}}
    return Protocol(test=quotas, warm_up={}, seed=1, confidence_levels=levels, conduct=Conduct(**conduct))


class TestFromJson:
    def test_reads_everything(self):
        sent = {
            "answer": "fake", "is_timeout": False, "confidence": 3, "comment": " odd\nedge ", "rt_ms": 812,
            "hidden_ms": 0, "n_hidden": 0, "waited_ms": 12, "viewer": {"window": 300, "unknown": 1},
        }  # fmt: skip
        assert judgements.from_json(sent) == Judgement(
            "fake", False, 3, "odd edge", 812, 0, 0, 12, {"window": 300}
        )

    def test_what_is_missing_is_unknown(self):
        assert judgements.from_json({}) == Judgement()

    @pytest.mark.parametrize("value", [-1, 24 * 60 * 60 * 1000 + 1, 2.0, "3", True, [1]])
    def test_a_time_that_cannot_be_true_is_unknown(self, value):
        assert judgements.from_json({"rt_ms": value}).rt_ms is None

    @pytest.mark.parametrize(
        "sent", [{"answer": None}, {"comment": 3}, {"is_timeout": "no"}, {"confidence": True}]
    )
    def test_refuses_wrong_types(self, sent):
        with pytest.raises(Refused):
            judgements.from_json(sent)


class TestFromForm:
    def test_what_is_no_number_is_unknown(self):
        sent = {"answer": "real", "confidence": "x", "rt_ms": "-5", "hidden_ms": "٣", "n_hidden": "2"}
        assert judgements.from_form(sent) == Judgement("real", n_hidden=2)


class TestCheck:
    @pytest.mark.parametrize(
        ("said", "rules"),
        [
            (Judgement("real"), {}),
            (Judgement("fake", confidence=2), {"levels": 2}),
            (Judgement("", is_timeout=True), {"time_limit_seconds": 5}),
            (Judgement("real", comment="x" * 500), {"comment": True}),
        ],
    )
    def test_takes(self, said, rules):
        judgements.check(said, protocol(**rules), is_limited=True)

    @pytest.mark.parametrize(
        ("said", "rules", "sentence"),
        [
            (Judgement(""), {}, "Choose Real or Synthetic."),
            (
                Judgement("real"),
                {"levels": 4},
                "Say how sure you are, from 1 to 4, then choose Real or Synthetic.",
            ),
            (
                Judgement("real", confidence=5),
                {"levels": 4},
                "Say how sure you are, from 1 to 4, then choose Real or Synthetic.",
            ),
            (
                Judgement("", is_timeout=True),
                {},
                "This panel has no time limit; choose Real or Synthetic.",
            ),
            (
                Judgement("real", is_timeout=True),
                {"time_limit_seconds": 5},
                "This panel has no time limit; choose Real or Synthetic.",
            ),
            (
                Judgement("", is_timeout=True, confidence=1),
                {"time_limit_seconds": 5, "levels": 2},
                "Where time was up there is no confidence; send none.",
            ),
        ],
    )
    def test_refuses(self, said, rules, sentence):
        with pytest.raises(Refused) as refusal:
            judgements.check(said, protocol(**rules), is_limited=True)
        assert str(refusal.value) == sentence


class TestCheckViewing:
    @pytest.mark.parametrize(
        ("said", "ms_since_served", "is_taken"),
        [
            (Judgement("real", rt_ms=2000), 0, True),
            (Judgement("real", rt_ms=1999), 60_000, False),  # let out long before it was looked at
            (Judgement("real", rt_ms=1500, hidden_ms=500), 0, True),
            (Judgement("real"), 1999, False),
            (Judgement("real"), 2000, True),
            (Judgement("", is_timeout=True), 0, True),
        ],
    )
    def test_holds_answers_back(self, said, ms_since_served, is_taken):
        rules = protocol(min_viewing_seconds=2, time_limit_seconds=5)
        if is_taken:
            judgements.check_viewing(said, rules, ms_since_served=ms_since_served)
        else:
            with pytest.raises(Refused, match="Look at each panel for at least 2 s; then answer"):
                judgements.check_viewing(said, rules, ms_since_served=ms_since_served)
