import json

import pytest

from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES, LesionClass
from readerstudy.core import protocol as protocols
from readerstudy.core.arrival import Arrival, ExpertiseQuestion
from readerstudy.core.conduct import Conduct
from readerstudy.core.protocol import Protocol
from readerstudy.core.session_state import Phase

ONE_OF_EACH = {"real": {"benign": 1}, "dcgan": {"benign": 1}}


class TestPaper:
    def test_numbers_of_the_paper(self):
        # Haarburger 2019, section 4.2: 40 per generator and class, 240 real and 240 fake, warm-up 24 and 24.
        paper = protocols.paper(seed=1)
        assert dict(paper.test["dcgan"]) == dict.fromkeys(LESION_CLASSES, 40)
        assert dict(paper.test["wgan"]) == dict.fromkeys(LESION_CLASSES, 40)
        assert (paper.n_real(Phase.TEST), paper.n_synthetic(Phase.TEST)) == (240, 240)
        assert (paper.n_real(Phase.WARM_UP), paper.n_synthetic(Phase.WARM_UP)) == (24, 24)
        assert dict(paper.warm_up["wgan"]) == dict.fromkeys(LESION_CLASSES, 4)
        assert paper.n_panels == 528

    def test_a_quarter(self):
        quarter = protocols.paper(seed=1, scale=0.25)
        assert (quarter.n_real(Phase.TEST), quarter.n_synthetic(Phase.TEST)) == (60, 60)
        assert (quarter.n_real(Phase.WARM_UP), quarter.n_synthetic(Phase.WARM_UP)) == (6, 6)

    def test_without_generator(self):
        with pytest.raises(InputError, match="There is no generator"):
            protocols.paper(seed=1, generators=())


class TestSpreadWarmUp:
    def test_uneven_numbers_differ_by_at_most_one(self):
        quotas = protocols.spread_warm_up(5, 7, ("dcgan", "wgan"))
        assert sorted(quotas["real"].values()) == [1, 2, 2]
        cells = [n for source in ("dcgan", "wgan") for n in quotas[source].values()]
        assert sum(cells) == 7
        assert max(cells) - min(cells) <= 1


class TestProtocol:
    def test_reads_back_what_it_wrote(self):
        paper = protocols.paper(seed=9)
        assert protocols.from_json(paper.to_json()) == paper

    def test_fills_in_classes_that_are_not_named(self):
        assert Protocol(test=ONE_OF_EACH, warm_up={}, seed=1).test["real"][LesionClass.MALIGNANT] == 0

    def test_is_frozen_through_and_through(self):
        protocol = Protocol(test=ONE_OF_EACH, warm_up={}, seed=1)
        with pytest.raises(TypeError):
            protocol.test["real"][LesionClass.BENIGN] = 5

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            (
                {"test": {"real": {"benign": 1}}},
                "The test has 1 real and 0 synthetic panels; ask for at least one of each.",
            ),
            (
                {"test": {"real": {"benign": -1}}},
                "-1 panels of real, benign cannot be drawn; give a whole number from 0 up.",
            ),
            (
                {"test": {"real": {"benign": 1.5}}},
                "1.5 panels of real, benign cannot be drawn; give a whole number from 0 up.",
            ),
            (
                {"test": {"real": {"benign": 10_000}, "dcgan": {"benign": 1}}},
                "The protocol has 10001 panels; the most a session can hold is 10000.",
            ),
            (
                {"confidence_levels": 1},
                "1 confidence levels cannot be shown; give 2 to 6, or 0 to ask for none.",
            ),
            ({"question": " "}, "The question has 0 characters; write 1 to 200."),
            (
                {"layout": "mosaic"},
                'The layout "mosaic" is unknown; choose one of seven-frames, figure-4, pool.',
            ),
            (
                {"interpolation": "lanczos"},
                'The interpolation "lanczos" is unknown; choose one of bicubic, nearest.',
            ),
            ({"own_subtraction": "no"}, "own_subtraction is 'no'; write true or false."),
            ({"real_key": "j"}, 'Both answers have the key "j"; give each its own.'),
            (
                {"real_key": "r"},
                'The key "r" cannot be an answer; choose a small letter other than c, i, m, n, p, r, u, z, which viewers use for something else.',
            ),
        ],
    )
    def test_refuses(self, changes, sentence):
        with pytest.raises(InputError) as refusal:
            Protocol(**{"test": ONE_OF_EACH, "warm_up": {}, "seed": 1, **changes})
        assert str(refusal.value) == sentence

    @pytest.mark.parametrize(
        ("n_panels", "conduct", "sentence"),
        [
            (
                6,
                {"n_repeats": 3, "repeat_distance": 4},
                "3 repeats at least 4 panels after the first do not fit into 6 test panels; ask for fewer repeats or a smaller distance.",
            ),
            (6, {"n_checks": 7}, "7 attention checks do not fit into 6 test panels; ask for fewer."),
            (
                6,
                {"refresher_after_days": 3},
                "A refresher shows warm-up panels again, but the warm-up has none; give it some.",
            ),
        ],
    )
    def test_refuses_extras_without_room(self, n_panels, conduct, sentence):
        quotas = {"real": {"benign": n_panels // 2}, "dcgan": {"benign": n_panels // 2}}
        with pytest.raises(InputError) as refusal:
            Protocol(test=quotas, warm_up={}, seed=1, conduct=Conduct(**conduct))
        assert str(refusal.value) == sentence

    def test_extras_that_just_fit_are_panels_of_the_session(self):
        quotas = {"real": {"benign": 3}, "dcgan": {"benign": 3}}
        conduct = Conduct(n_repeats=2, repeat_distance=4, n_checks=6)
        protocol = Protocol(test=quotas, warm_up={}, seed=1, conduct=conduct)
        assert (protocol.n_of(Phase.TEST), protocol.n_trials(Phase.TEST), protocol.n_panels) == (6, 14, 14)

    def test_no_pool_can_be_taken_for_attention_checks(self):
        quotas = {"real": {"benign": 1}, "check": {"benign": 1}}
        assert Protocol(test=quotas, warm_up={}, seed=1).sources == ("real", "check")
        with pytest.raises(InputError, match='Attention checks have the source "check"'):
            Protocol(test=quotas, warm_up={}, seed=1, conduct=Conduct(n_checks=1))

    def test_refuses_unknown_and_missing_fields(self):
        with pytest.raises(InputError, match=r"missing or unknown fields \(colour, seed\)"):
            protocols.from_json({"test": {}, "warm_up": {}, "colour": "red"})

    def test_refuses_another_format_version(self):
        with pytest.raises(InputError, match="format version 4; this software reads 1 and 2 and 3"):
            protocols.from_json({**protocols.paper(seed=1).to_json(), "format_version": 4})


class TestFormatVersion1:
    STORED = {
        "test": ONE_OF_EACH,
        "warm_up": {},
        "seed": 4,
        "question": "Real?",
        "confidence_levels": 0,
        "real_key": "m",  # free when it was stored, the magnifier since
        "synthetic_key": "j",
        "layout": "seven-frames",
        "format_version": 1,
    }

    def test_still_reads_and_is_shown_as_it_was(self):
        protocol = protocols.from_json(self.STORED)
        assert (protocol.layout, protocol.interpolation, protocol.own_subtraction) == (
            "seven-frames",
            "bicubic",
            False,
        )
        assert protocol.real_key == "m"

    def test_writes_what_it_read(self):
        protocol = protocols.from_json(self.STORED)
        written = protocol.to_json()
        assert set(written) == set(self.STORED)
        assert protocols.from_json(written) == protocol


class TestFormatVersion2:
    STORED = {
        **TestFormatVersion1.STORED,
        "real_key": "u",  # free when it was stored, undo since
        "interpolation": "nearest",
        "own_subtraction": True,
        "format_version": 2,
    }

    def test_still_reads_and_is_conducted_as_it_was(self):
        protocol = protocols.from_json(self.STORED)
        assert (protocol.conduct, protocol.arrival, protocol.language) == (Conduct(), Arrival(), "reader")
        assert protocol.n_trials(Phase.TEST) == protocol.n_of(Phase.TEST) == 2

    @pytest.mark.parametrize("stored", [TestFormatVersion1.STORED, STORED])
    def test_writes_byte_by_byte_what_it_read_so_that_fingerprints_stay(self, stored):
        full = {**stored, "test": full_quotas(stored["test"])}
        written = protocols.from_json(full).to_json()
        assert json.dumps(written, sort_keys=True) == json.dumps(full, sort_keys=True)

    def test_u_is_an_answer_no_more(self):
        with pytest.raises(InputError, match='The key "u" cannot be an answer'):
            protocols.from_json({**self.STORED, "format_version": 3})


class TestFormatVersion3:
    def test_reads_back_what_it_wrote(self):
        protocol = Protocol(
            test=ONE_OF_EACH,
            warm_up=ONE_OF_EACH,
            seed=3,
            language="de",
            conduct=Conduct(undo=True, time_limit_seconds=30, warm_up_mode="answer-then-reveal"),
            arrival=Arrival(consent="Yes?", questions=(ExpertiseQuestion("Role", "choice", ("a", "b")),)),
        )
        assert protocols.from_json(json.loads(json.dumps(protocol.to_json()))) == protocol

    def test_names_its_version(self):
        assert protocols.paper(seed=1).to_json()["format_version"] == 3


def full_quotas(quotas):
    """Quotas as they are stored: every class named."""
    return {
        source: {lesion_class.value: per_class.get(lesion_class.value, 0) for lesion_class in LESION_CLASSES}
        for source, per_class in quotas.items()
    }
