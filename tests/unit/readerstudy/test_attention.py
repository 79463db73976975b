from collections import Counter

import numpy as np

from generation.core.labels import LesionClass
from readerstudy.core import attention
from readerstudy.core.draw import Draw, Pick
from readerstudy.core.session_state import Phase

BENIGN = LesionClass.BENIGN
PICKS = (
    Pick(Phase.WARM_UP, "real", BENIGN, 0),
    Pick(Phase.TEST, "real", BENIGN, 1),
    Pick(Phase.TEST, "real", BENIGN, 2),
    Pick(Phase.TEST, "dcgan", BENIGN, 3),
)


class TestDrawChecks:
    def test_takes_real_test_cases_and_repeats_none_before_it_must(self):
        checks = attention.draw_checks(Draw(PICKS, ()), 5, rng=np.random.default_rng(1))
        used = Counter(check.pick.patch_index for check in checks)
        assert set(used) == {1, 2}
        assert sorted(used.values()) == [2, 3]
        assert len({check.seed for check in checks}) == 5

    def test_is_reproducible(self):
        drawn = [attention.draw_checks(Draw(PICKS, ()), 3, rng=np.random.default_rng(8)) for _ in range(2)]
        assert drawn[0] == drawn[1]


class TestScramble:
    def test_leaves_the_patch_itself_alone(self):
        patch = np.arange(7 * 64 * 64).reshape(7, 64, 64).astype(np.int16)
        before = patch.copy()
        made = attention.scramble(patch, 3)
        assert np.array_equal(patch, before)
        assert (made.dtype, made.shape, made.flags.c_contiguous) == (np.int16, (7, 64, 64), True)

    def test_another_seed_gives_another_panel(self):
        patch = np.arange(7 * 64 * 64).reshape(7, 64, 64).astype(np.int16)
        assert not np.array_equal(attention.scramble(patch, 1), attention.scramble(patch, 2))
