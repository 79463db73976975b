"""Trial rows sorted into first readings, repeats, checks and trials without an answer."""

import pytest

from evaluation.core.accuracy import tabulate
from evaluation.core.readings import collect
from generation.core.errors import InputError
from readerstudy.core.trial_csv import WARM_UP
from tests.unit.evaluation.reading_factory import make_answers, make_readings, make_trial


class TestCollect:
    def test_every_kind_of_trial_finds_its_place(self) -> None:
        readings = collect(
            [
                make_trial(case="a", order=1),
                make_trial(case="b", order=2, answer="", is_timeout="1"),
                make_trial(case="x", order=3, origin="dcgan", answer="fake", role="check"),
                make_trial(case="a", order=4, answer="fake", role="repeat"),
                make_trial(case="w", phase=WARM_UP, order=1),
            ]
        )
        assert list(readings.first["R01"]) == ["a"]
        assert readings.unanswered["R01"]["b"].is_timeout
        assert [one.answer for one in readings.repeats["R01"]] == ["fake"]
        assert [one.case for one in readings.shown["R01"]] == ["a", "b", "x", "a"]
        assert (readings.n_checks("R01"), readings.n_warm_up["R01"]) == (1, 1)
        assert (readings.cases, readings.origins) == (("a", "b"), ("real",))

    def test_without_a_role_the_later_reading_is_the_repeat(self) -> None:
        readings = collect([make_trial(order=80, answer="fake"), make_trial(order=7)])
        assert readings.first["R01"]["c1"].order == 7
        assert [one.order for one in readings.repeats["R01"]] == [80]

    def test_a_role_of_another_study_means_nothing(self) -> None:
        assert list(collect([make_trial(role="radiologist")]).first["R01"]) == ["c1"]

    def test_the_same_trials_count_as_in_table_3(self) -> None:
        rows = [
            *make_answers("R01", real="rrf.", dcgan="ffr"),
            make_trial("R01", "x", "dcgan", "real", order=8, role="check"),
            make_trial("R01", "real-0", "real", "fake", order=9, role="repeat"),
        ]
        accuracy, readings = tabulate(rows), collect(rows)
        cell = accuracy.proportion("R01")
        given = readings.answered("R01")
        assert (cell.n_correct, cell.n) == (sum(bool(one.is_correct) for one in given), len(given)) == (4, 6)
        assert (accuracy.n_repeats, accuracy.n_checks) == (1, 1)

    def test_readers_and_cases_stand_in_natural_order(self) -> None:
        rows = [make_trial(reader, case) for reader in ("R10", "R2") for case in ("c10", "c9")]
        readings = collect([*rows, make_trial("R2", "a", "dcgan", "fake")])
        assert [reader.name for reader in readings.readers] == ["R2", "R10"]
        assert readings.cases == ("c9", "c10", "a")  # real cases first

    def test_matrices_have_a_hole_where_an_answer_is_missing(self) -> None:
        readings = make_readings(make_answers("R01", real="rf", dcgan="f"), make_answers("R02", real="r."))
        assert readings.answers_matrix() == (("real", "fake", "fake"), ("real", None, None))
        assert readings.answers_matrix("dcgan") == (("fake",), (None,))
        assert readings.scores_matrix("real") == ((None, None), (None, None))

    def test_a_case_with_two_truths_is_refused(self) -> None:
        with pytest.raises(InputError, match='Case "c1" is listed as dcgan, benign and as real, benign'):
            collect([make_trial("R01"), make_trial("R02", origin="dcgan")])

    @pytest.mark.parametrize("name", ["all", "balanced"])
    def test_a_generator_called_as_a_sum_is_refused(self, name: str) -> None:
        with pytest.raises(InputError, match=f'A generator is called "{name}"'):
            collect([make_trial(), make_trial(case="d", origin=name)])

    def test_a_reader_in_two_groups_is_refused(self) -> None:
        with pytest.raises(InputError, match='Reader "R01" is in the groups "novice" and "radiologist"'):
            collect([make_trial(group="radiologist"), make_trial(case="d", group="novice")])
        (reader,) = collect([make_trial(group="radiologist"), make_trial(case="d")]).readers
        assert reader.group == "radiologist"

    def test_a_repeat_without_order_is_refused(self) -> None:
        with pytest.raises(InputError, match='Reader "R01" judged case "c1" more than once'):
            collect([make_trial(), make_trial(answer="fake")])


class TestScore:
    def test_it_rises_from_surely_real_to_surely_fake(self) -> None:
        # k = 3 levels: real 3, 2, 1 then fake 1, 2, 3 -> 1..6
        given = [("real", 3), ("real", 2), ("real", 1), ("fake", 1), ("fake", 2), ("fake", 3)]
        rows = [make_trial(case=str(i), answer=a, confidence=c) for i, (a, c) in enumerate(given)]
        readings = collect(rows)
        assert readings.n_levels == 3
        assert readings.scores_matrix() == ((1, 2, 3, 4, 5, 6),)

    def test_the_scale_of_the_study_may_be_wider_than_what_was_used(self) -> None:
        readings = collect([make_trial(confidence=2), make_trial(case="d", answer="fake", confidence=1)], 5)
        assert readings.scores_matrix() == ((4, 6),)

    def test_a_scale_from_zero_is_moved(self) -> None:
        rows = [
            make_trial(case=str(i), answer="fake", confidence=confidence)
            for i, confidence in enumerate((0, 4))
        ]
        readings = collect(rows)
        assert readings.n_levels == 5
        assert readings.scores_matrix() == ((6, 10),)

    def test_no_score_without_confidence_or_answer(self) -> None:
        readings = collect([make_trial(), make_trial(case="d", answer="", confidence=2)])
        assert readings.first["R01"]["c1"].score is None
        assert readings.unanswered["R01"]["d"].score is None

    @pytest.mark.parametrize(
        ("confidence", "message"),
        [
            (-1, "number the levels from 1"),
            (6, "the scale has 5 levels"),
            (
                10**9,
                "at most 1000 levels can be analysed",
            ),  # a table of 2e9 x 2e9 scores would end the program
        ],
    )
    def test_confidence_outside_its_scale_is_refused(self, confidence: int, message: str) -> None:
        with pytest.raises(InputError, match=message):
            collect([make_trial(confidence=confidence)], 5)

    def test_warm_up_and_checks_do_not_widen_the_scale(self) -> None:
        readings = collect(
            [
                make_trial(confidence=2),
                make_trial(case="w", confidence=9, phase=WARM_UP),
                make_trial(case="x", confidence=9, role="check"),
            ]
        )
        assert readings.n_levels == 2
