import pytest

from generation.core.errors import InputError
from readerstudy.core import conduct as conducts
from readerstudy.core.conduct import Conduct


class TestConduct:
    def test_begins_as_the_paper_did(self):
        # Haarburger 2019, section 4.2: labelled warm-up, no time limit, every panel once.
        plain = Conduct()
        assert (plain.warm_up_mode, plain.time_limit_seconds, plain.n_repeats, plain.n_checks) == (
            "labelled",
            0,
            0,
            0,
        )
        assert not plain.undo
        assert not plain.comment

    def test_reads_back_what_it_wrote(self):
        conduct = Conduct(comment=True, undo=True, time_limit_seconds=5, min_viewing_seconds=4, n_refresher=1)
        assert conducts.from_json(conduct.to_json()) == conduct

    @pytest.mark.parametrize(
        ("changes", "field", "sentence"),
        [
            ({"comment": 1}, "comment", "comment is 1; write true or false."),
            ({"undo": "yes"}, "undo", "undo is 'yes'; write true or false."),
            (
                {"time_limit_seconds": 601},
                "time_limit_seconds",
                "time_limit_seconds is 601; give a whole number from 0 to 600.",
            ),
            (
                {"time_limit_seconds": 4},
                "time_limit_seconds",
                "A time limit of 4 s leaves no time to look; give at least 5 s, or 0 for none.",
            ),
            (
                {"min_viewing_seconds": True},
                "min_viewing_seconds",
                "min_viewing_seconds is True; give a whole number from 0 to 30.",
            ),
            (
                {"time_limit_seconds": 10, "min_viewing_seconds": 10},
                "min_viewing_seconds",
                "Answers are held back for 10 s but time is up after 10 s; make the limit longer.",
            ),
            ({"break_every": -1}, "break_every", "break_every is -1; give a whole number from 0 to 1000."),
            ({"n_repeats": 501}, "n_repeats", "n_repeats is 501; give a whole number from 0 to 500."),
            (
                {"repeat_distance": 0},
                "repeat_distance",
                "repeat_distance is 0; give a whole number from 1 to 1000.",
            ),
            ({"n_checks": 51}, "n_checks", "n_checks is 51; give a whole number from 0 to 50."),
            (
                {"warm_up_mode": "quiz"},
                "warm_up_mode",
                'The warm-up mode "quiz" is unknown; choose one of labelled, answer-then-reveal.',
            ),
            (
                {"refresher_after_days": 1.5},
                "refresher_after_days",
                "refresher_after_days is 1.5; give a whole number from 0 to 365.",
            ),
            ({"n_refresher": 0}, "n_refresher", "n_refresher is 0; give a whole number from 1 to 100."),
        ],
    )
    def test_refuses(self, changes, field, sentence):
        with pytest.raises(InputError) as refusal:
            Conduct(**changes)
        assert (str(refusal.value), refusal.value.field) == (sentence, field)

    def test_refuses_unknown_fields(self):
        with pytest.raises(
            InputError, match=r"unknown fields \(colour\); its fields are break_every, comment"
        ):
            conducts.from_json({"colour": "red"})
