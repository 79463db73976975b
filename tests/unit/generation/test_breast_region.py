"""The breast region: inside tissue, in front of the chest, right and left told apart."""

import numpy as np
import pytest

from generation.core import breast_region, volumes
from generation.core.breast_region import LEFT, RIGHT
from generation.core.frames import T1_PRE
from generation.core.preparation import prepare
from tests.scans import make_anatomy, make_frames, to_image


@pytest.fixture(scope="module")
def prepared():
    images = {name: to_image(array) for name, array in make_frames().items()}
    return prepare(images, to_image(make_anatomy()[1]), n_pixels=192, n_slices=10)


@pytest.fixture(scope="module")
def region(prepared):
    return breast_region.find(prepared.frames[T1_PRE], prepared.spacing_mm, first_row=prepared.first_row)


@pytest.fixture(scope="module")
def tissue(prepared):
    image = to_image((make_anatomy()[0] > 0).astype(np.uint8))
    grid = volumes.prepared_grid(image, n_pixels=192, n_slices=10)
    return volumes.resample_labels(image, grid) > 0


class TestFind:
    def test_no_pixel_lies_in_air(self, region, tissue):
        assert tissue[region.breasts > 0].all()

    def test_both_breasts_are_found_on_their_sides(self, region):
        cols = np.broadcast_to(np.arange(192), region.breasts.shape)
        assert cols[region.breasts == RIGHT].max() < region.midline <= cols[region.breasts == LEFT].min()
        assert abs(region.midline - 96) <= 4
        sizes = [np.count_nonzero(region.breasts == side) for side in (RIGHT, LEFT)]
        assert min(sizes) > 0.9 * max(sizes)

    def test_most_of_each_breast_is_there_and_the_chest_is_not(self, region, tissue, prepared):
        row_mm = (np.arange(192) - prepared.first_row + 0.5) * prepared.spacing_mm[1]
        chest = np.broadcast_to(row_mm[:, None] > 165, tissue.shape)
        assert not (region.breasts > 0)[chest].any()
        in_front = tissue & (row_mm[:, None] < 150)
        assert np.count_nonzero((region.breasts > 0) & in_front) > 0.7 * np.count_nonzero(in_front)

    def test_body_is_the_tissue(self, region, tissue):
        overlap = np.count_nonzero(region.body & tissue) / np.count_nonzero(region.body | tissue)
        assert overlap > 0.93

    @pytest.mark.parametrize("noise", [0.0, 5.0, 15.0])
    def test_body_is_found_at_any_noise(self, prepared, tissue, noise):
        rng = np.random.default_rng(3)
        volume = 400.0 * tissue + np.abs(rng.normal(0, 1, tissue.shape)) * noise
        found = breast_region.find(volume.astype(np.int16), prepared.spacing_mm, first_row=prepared.first_row)
        assert found.breasts.any()
        assert tissue[found.breasts > 0].all()

    def test_empty_volume_has_none(self):
        region = breast_region.find(np.zeros((4, 64, 64), np.int16), (3.0, 2.0, 2.0))
        assert not region.breasts.any()

    def test_one_breast_alone_is_its_anterior_half(self):
        _, y, x = np.indices((8, 64, 64))
        tissue = ((x - 32) / 22) ** 2 + ((y - 60) / 50) ** 2 < 1
        region = breast_region.find((tissue * 400).astype(np.int16), (5.0, 2.0, 2.0))
        rows = np.flatnonzero((region.breasts > 0).any(axis=(0, 2)))
        assert rows.min() < 20
        assert rows.max() < 45
        assert tissue[region.breasts > 0].all()


class TestOtsu:
    def test_splits_two_groups_between_them(self):
        rng = np.random.default_rng(0)
        values = np.concatenate([rng.normal(0, 1, 5000), rng.normal(10, 1, 1000)])
        assert 3 < breast_region.otsu_threshold(values) < 7

    def test_minimises_the_variance_within(self):
        values = np.random.default_rng(1).integers(0, 256, 4000).astype(float)
        threshold = breast_region.otsu_threshold(values, n_bins=256)

        def within(cut):
            parts = values[values < cut], values[values >= cut]
            return sum(len(part) * part.var() for part in parts if len(part))

        best = min(within(cut) for cut in range(1, 256))
        assert within(threshold) <= best * 1.001
