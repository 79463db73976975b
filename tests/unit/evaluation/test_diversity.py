"""MS-SSIM: constant frames by formula, the definition pixel by pixel, and what it says of copies."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from evaluation.core import diversity
from tests.factories import make_patches


def ssim_terms(a: NDArray[np.float64], b: NDArray[np.float64], span: float) -> tuple[float, float]:
    """Mean of luminance x structure, and of structure: Wang 2004, equations 6, 9 and 10, by a Gaussian filter."""
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2

    def blur(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return ndimage.gaussian_filter(x, 1.5, radius=5)[5:-5, 5:-5]

    ma, mb = blur(a), blur(b)
    va, vb, cab = blur(a * a) - ma**2, blur(b * b) - mb**2, blur(a * b) - ma * mb
    structure = (2 * cab + c2) / (va + vb + c2)
    luminance = (2 * ma * mb + c1) / (ma**2 + mb**2 + c1)
    return float((luminance * structure).mean()), float(structure.mean())


def ms_ssim_by_definition(a: NDArray[np.float64], b: NDArray[np.float64], span: float) -> float:
    """Wang 2003, equation 7, three scales with weights scaled to sum 1."""
    weights = np.array([0.0448, 0.2856, 0.3001]) / (0.0448 + 0.2856 + 0.3001)
    result = 1.0
    for scale in range(3):
        whole, structure = ssim_terms(a, b, span)
        result *= max(whole if scale == 2 else structure, 0.0) ** weights[scale]
        a, b = (x.reshape(len(x) // 2, 2, -1, 2).mean(axis=(1, 3)) for x in (a, b))
    return float(result)


class TestMsSsim:
    def test_definition(self) -> None:
        rng = np.random.default_rng(1)
        a = make_patches(2, rng).astype(float)
        b = np.clip(a + rng.normal(0, 60, a.shape), 0, 1023)
        found = diversity.ms_ssim(a, b)
        for i in range(2):
            for frame, span in ((0, 1023.0), (3, 1023.0), (6, 2046.0)):
                expected = ms_ssim_by_definition(a[i, frame], b[i, frame], span)
                assert found[i, frame] == pytest.approx(expected, rel=1e-9)

    def test_a_patch_and_itself(self) -> None:
        a = make_patches(1, np.random.default_rng(2)).astype(float)
        assert diversity.ms_ssim(a, a) == pytest.approx(np.ones((1, 7)))

    def test_constant_frames_by_formula(self) -> None:
        # no structure: only the luminance of the coarsest scale, (2 a b + c1) / (a^2 + b^2 + c1), to the weight .3001 / .6305
        a, b = np.full((1, 7, 64, 64), 200.0), np.full((1, 7, 64, 64), 400.0)
        c1 = (0.01 * 1023) ** 2
        expected = ((2 * 200 * 400 + c1) / (200**2 + 400**2 + c1)) ** (0.3001 / 0.6305)
        assert diversity.ms_ssim(a, b)[0, 0] == pytest.approx(expected, rel=1e-9)


class TestWithin:
    def test_copies_are_not_diverse(self) -> None:
        rng = np.random.default_rng(3)
        one = np.repeat(make_patches(1, rng), 5, axis=0)
        assert diversity.within(one, rng).mean == pytest.approx(1)
        spread = diversity.within(make_patches(5, rng), rng)
        assert spread.mean is not None
        assert spread.mean < 0.5
        assert (spread.n_pairs, len(spread.per_frame)) == (10, 7)

    def test_pairs_join_different_patients(self) -> None:
        rng = np.random.default_rng(4)
        a = make_patches(2, rng)
        patches = np.concatenate([a[:1], a[:1], a[1:]])  # the first two are copies of one patient
        found = diversity.within(patches, rng, ["p", "p", "q"])
        assert found.n_pairs == 2
        assert found.mean is not None
        assert found.mean < 0.9

    def test_no_pair_says_so(self) -> None:
        rng = np.random.default_rng(5)
        found = diversity.within(make_patches(3, rng), rng, ["p"] * 3)
        assert (found.mean, found.note) == (None, "No two patches come from different patients.")
        assert diversity.within(make_patches(1, rng), rng).note == "One patch makes no pair."

    def test_many_patches_draw_so_many_pairs(self) -> None:
        rng = np.random.default_rng(6)
        pairs = diversity._pairs(900, rng, None)
        assert len(pairs) == diversity.N_PAIRS
        assert (pairs[:, 0] < pairs[:, 1]).all()
        assert len({tuple(pair) for pair in pairs.tolist()}) == diversity.N_PAIRS
