"""Cases that a reader judged twice."""

import pytest

from evaluation.core import repeats
from evaluation.core.readings import Readings, collect
from tests.unit.evaluation.reading_factory import make_trial


def judged_twice(first: str, second: str, *, gap: int = 60) -> Readings:
    """One letter per case and reading, r or f; a dot is a repeat without an answer."""
    words = {"r": "real", "f": "fake", ".": ""}
    rows = [make_trial(case=str(i), answer=words[one], order=i + 1) for i, one in enumerate(first)]
    rows += [
        make_trial(case=str(i), answer=words[one], order=i + 1 + gap, role="repeat")
        for i, one in enumerate(second)
    ]
    return collect(rows)


class TestOfReader:
    def test_ten_pairs_give_agreement(self) -> None:
        found = repeats.of_reader(judged_twice("rrrrrfffff", "rrrrffffff"), "R01")
        assert (found.n_pairs, found.n_same, found.median_gap) == (10, 9, 60.0)
        assert found.agreement is not None
        # po .9, pe = .5 x .4 + .5 x .6 = .5
        assert found.agreement.kappa.value == pytest.approx(0.8)

    def test_fewer_give_counts_only(self) -> None:
        found = repeats.of_reader(judged_twice("rrff", "rfff"), "R01")
        assert (found.n_pairs, found.n_same, found.agreement) == (4, 3, None)
        assert found.note == "fewer than 10 repeats, so only counts are given"

    def test_repeats_without_an_answer_do_not_pair(self) -> None:
        found = repeats.of_reader(judged_twice("rrff", "r.ff"), "R01")
        assert (found.n_shown, found.n_pairs) == (4, 3)

    def test_a_third_reading_is_not_used(self) -> None:
        rows = [make_trial(answer=one, order=i) for i, one in enumerate(("real", "real", "fake"), start=1)]
        found = repeats.of_reader(collect(rows), "R01")
        assert (found.n_shown, found.n_pairs, found.n_same) == (2, 1, 1)

    def test_without_repeats(self) -> None:
        found = repeats.of_reader(judged_twice("rf", ""), "R01")
        assert (found.n_shown, found.n_pairs, found.median_gap) == (0, 0, None)
