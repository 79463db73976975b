from dataclasses import replace

import numpy as np
import pytest

from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES
from readerstudy.core.draw import Supply, draw_cases
from readerstudy.core.protocol import Protocol, spread_warm_up
from readerstudy.core.session_state import Phase


def supply(name: str, n_per_class: int, n_patients: int = 0) -> Supply:
    """n patches per class; patients in turn, or none."""
    labels = np.repeat(np.arange(len(LESION_CLASSES)), n_per_class)
    patients = [f"P{i % n_patients}" if n_patients else "" for i in range(len(labels))]
    return Supply(name, labels, np.array(patients, dtype=np.str_))


def protocol(n_test: int = 4, n_warm_up: int = 3) -> Protocol:
    test = {source: dict.fromkeys(LESION_CLASSES, n_test) for source in ("real", "dcgan")}
    return Protocol(test=test, warm_up=spread_warm_up(n_warm_up, n_warm_up, ["dcgan"]), seed=1)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


class TestDrawCases:
    def test_meets_every_quota_with_every_patch_at_most_once(self):
        drawn = draw_cases(protocol(), {"real": supply("R", 12, 6), "dcgan": supply("D", 8)}, rng=rng())
        for phase, n in ((Phase.TEST, 4), (Phase.WARM_UP, 1)):
            for source in ("real", "dcgan"):
                for lesion_class in LESION_CLASSES:
                    cell = [
                        p
                        for p in drawn.picks
                        if (p.phase, p.source, p.lesion_class) == (phase, source, lesion_class)
                    ]
                    assert len(cell) == n
        assert len({(pick.source, pick.patch_index) for pick in drawn.picks}) == len(drawn.picks) == 30

    def test_keeps_the_patients_of_warm_up_and_test_apart(self):
        real = supply("R", 12, 6)
        drawn = draw_cases(protocol(), {"real": real, "dcgan": supply("D", 8)}, rng=rng())
        seen = {
            phase: {
                real.patients[p.patch_index] for p in drawn.picks if p.source == "real" and p.phase is phase
            }
            for phase in Phase
        }
        assert not seen[Phase.TEST] & seen[Phase.WARM_UP]
        assert drawn.shared_patients == ()

    def test_names_the_patients_where_the_pool_leaves_no_other_way(self):
        drawn = draw_cases(protocol(), {"real": supply("R", 5, 1), "dcgan": supply("D", 8)}, rng=rng())
        assert drawn.shared_patients == ("P0",)

    def test_avoids_patients_of_the_training_where_a_class_has_others(self):
        real = supply("R", 12, 6)
        avoided = np.isin(real.patients, ["P0", "P1", "P2"])
        real = replace(real, avoided=avoided)
        drawn = draw_cases(protocol(), {"real": real, "dcgan": supply("D", 8)}, rng=rng())
        assert drawn.n_avoided == 0
        assert not any(avoided[p.patch_index] for p in drawn.picks if p.source == "real")
        # With quotas of 8 + 1 only 6 others are left in each class.
        drawn = draw_cases(protocol(n_test=8), {"real": real, "dcgan": supply("D", 12)}, rng=rng())
        assert drawn.n_avoided > 0

    def test_the_same_seed_draws_the_same_cases(self):
        pools = {"real": supply("R", 12, 6), "dcgan": supply("D", 8)}
        assert draw_cases(protocol(), pools, rng=rng()) == draw_cases(protocol(), pools, rng=rng())

    def test_a_quota_larger_than_its_pool(self):
        with pytest.raises(InputError) as refusal:
            draw_cases(protocol(), {"real": supply("Aachen", 4, 4), "dcgan": supply("D", 8)}, rng=rng())
        assert str(refusal.value) == (
            'The study needs 5 benign patches of real (4 test + 1 warm-up) but the pool "Aachen" holds 4; '
            "lower the quota or choose a larger pool."
        )

    def test_a_source_without_pool(self):
        with pytest.raises(InputError, match='asks for "dcgan" but no pool of that source was chosen'):
            draw_cases(protocol(), {"real": supply("R", 12, 6)}, rng=rng())
