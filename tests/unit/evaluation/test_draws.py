"""Draws of equally many reals and fakes, and the two floors."""

import numpy as np
import pytest

from evaluation.core.draws import plan
from generation.core.errors import InputError


class TestPlan:
    def test_the_papers_protocol(self) -> None:
        made = plan(n_real=1149, n_fake=5000, n_draws=10, n_per_set=1000, rng=np.random.default_rng(1))
        assert len(made.draws) == 10
        for draw in made.draws:
            assert len(set(draw.reals)) == len(set(draw.fakes)) == 1000
            assert set(draw.floor[0]).isdisjoint(draw.floor[1])
        assert made.n_floor == 574
        assert made.draws[0].reals.max() < 1149

    def test_same_seed_same_draws(self) -> None:
        first, second = (
            plan(n_real=50, n_fake=40, n_draws=2, n_per_set=20, rng=np.random.default_rng(3))
            for _ in range(2)
        )
        assert all((a.reals == b.reals).all() for a, b in zip(first.draws, second.draws, strict=True))

    def test_small_sets_shrink_every_draw(self) -> None:
        made = plan(n_real=300, n_fake=150, n_draws=10, n_per_set=1000, rng=np.random.default_rng(1))
        assert (made.n_per_set, made.n_per_set_asked, len(made.draws)) == (150, 1000, 10)

    def test_whole_sets_are_drawn_once(self) -> None:
        made = plan(n_real=150, n_fake=150, n_draws=10, n_per_set=1000, rng=np.random.default_rng(1))
        assert len(made.draws) == 1

    @pytest.mark.parametrize(("n_real", "n_fake"), [(0, 10), (10, 1)])
    def test_too_few_give_no_draw(self, n_real: int, n_fake: int) -> None:
        assert (
            plan(n_real=n_real, n_fake=n_fake, n_draws=10, n_per_set=5, rng=np.random.default_rng(1)).draws
            == ()
        )

    def test_nonsense_is_refused(self) -> None:
        with pytest.raises(InputError, match="0 draws of 10 patches cannot be scored"):
            plan(n_real=9, n_fake=9, n_draws=0, n_per_set=10, rng=np.random.default_rng(1))

    def test_the_floor_between_patients_shares_none(self) -> None:
        patients = [f"P{i % 7}" for i in range(200)]
        made = plan(
            n_real=200, n_fake=90, n_draws=4, n_per_set=60, rng=np.random.default_rng(8), patients=patients
        )
        for draw in made.draws:
            assert draw.patient_floor is not None
            first, second = ({patients[i] for i in part} for part in draw.patient_floor)
            assert first.isdisjoint(second)
            assert len(draw.patient_floor[0]) == len(draw.patient_floor[1]) == 60
            assert set(draw.patient_floor[0]) <= set(made.reals_needed)

    @pytest.mark.parametrize("patients", [["P"] * 30, ["P"] * 29 + [""], []])
    def test_unknown_patients_give_no_floor_between_them(self, patients: list[str]) -> None:
        made = plan(
            n_real=30, n_fake=30, n_draws=1, n_per_set=9, rng=np.random.default_rng(8), patients=patients
        )
        assert made.draws[0].patient_floor is None
