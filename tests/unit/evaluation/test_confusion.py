"""Confusion of one reader and what follows from an answer."""

import pytest

from evaluation.core import confusion
from evaluation.core.confusion import Confusion
from evaluation.core.proportions import Proportion
from evaluation.core.readings import collect
from generation.core.errors import InputError
from tests.unit.evaluation.reading_factory import make_answers, make_readings
from tests.unit.evaluation.trial_factory import make_table_3_rows


class TestConfusion:
    def test_the_radiologist_of_table_3(self) -> None:
        # Haarburger 2019, Table 3: 176 of 240 reals, 90 + 92 of 240 fakes
        counts = confusion.of_reader(collect(make_table_3_rows()), "R01")
        assert counts == Confusion(182, 58, 64, 176)
        assert counts.balanced.estimate == pytest.approx((182 / 240 + 176 / 240) / 2)
        assert counts.answered_fake == Proportion(246, 480)
        assert counts.ppv_of_fake == Proportion(182, 246)
        assert counts.ppv_of_real == Proportion(176, 234)
        assert counts.prevalence == 0.5

    def test_a_generator_is_set_against_all_reals(self) -> None:
        counts = confusion.of_reader(collect(make_table_3_rows()), "R01", "dcgan")
        assert (counts.n_fakes, counts.n_reals, counts.prevalence) == (120, 240, pytest.approx(1 / 3))

    def test_predictive_value_at_another_prevalence(self) -> None:
        # Bayes: .1 x .9 / (.1 x .9 + .9 x .2) = 1/3
        counts = Confusion(n_hits=90, n_misses=10, n_false_alarms=20, n_correct_rejections=80)
        assert counts.ppv_of_fake_at(0.1) == pytest.approx(1 / 3)
        at_own = counts.ppv_of_fake.fraction
        assert counts.ppv_of_fake_at(0.5) == pytest.approx(at_own)

    def test_a_reader_who_never_says_fake_has_no_predictive_value(self) -> None:
        counts = Confusion(0, 10, 0, 20)
        assert counts.ppv_of_fake.fraction is None
        assert counts.ppv_of_fake_at(0.5) is None
        assert counts.ppv_of_real == Proportion(20, 30)

    def test_without_fakes(self) -> None:
        counts = Confusion(0, 0, 3, 7)
        assert counts.balanced.estimate is None
        assert counts.ppv_of_fake_at(0.5) is None

    def test_what_is_impossible_is_refused(self) -> None:
        with pytest.raises(InputError, match="A count of -1 answers is impossible"):
            Confusion(-1, 0, 0, 0)
        with pytest.raises(InputError, match=r"Prevalence 1.5 is not between 0 and 1"):
            Confusion(1, 1, 1, 1).ppv_of_fake_at(1.5)

    def test_rows_by_origin(self) -> None:
        rows = confusion.answers_by_origin(
            make_readings(make_answers("R01", real="rrf", dcgan="ff", wgan="r.")), "R01"
        )
        assert [(row.origin, row.n_fake, row.n_real) for row in rows] == [
            ("real", 1, 2),
            ("dcgan", 2, 0),
            ("wgan", 0, 1),
        ]
