"""Preparation: places in millimetres survive resampling, intensities become 0..1023."""

import numpy as np
import pytest
import SimpleITK as sitk

from generation.core import intensity, volumes
from generation.core.errors import InputError
from generation.core.frames import SCANNED_FRAMES
from generation.core.intensity import IntensityRange
from generation.core.preparation import prepare
from tests.scans import make_anatomy, make_frames, to_image


def make_images(**geometry):
    return {name: to_image(array, **geometry) for name, array in make_frames().items()}


def lesion_image(**geometry):
    return to_image(make_anatomy()[1], **geometry)


class TestPreparedGrid:
    def test_field_of_view_becomes_a_square_around_the_same_centre(self):
        image = to_image(np.zeros((10, 80, 96), np.int16), origin_mm=(5.0, -7.0, 11.0))
        grid = volumes.prepared_grid(image, n_pixels=64, n_slices=20)
        assert grid.GetSize() == (64, 64, 20)
        # x: 96 * 3.5 = 336 mm is the longer side; z: 10 * 9 / 20.
        assert grid.GetSpacing() == pytest.approx((336 / 64, 336 / 64, 4.5))
        middle = [(n - 1) / 2 for n in (96, 80, 10)]
        new_middle = [(n - 1) / 2 for n in (64, 64, 20)]
        assert grid.TransformContinuousIndexToPhysicalPoint(new_middle) == pytest.approx(
            image.TransformContinuousIndexToPhysicalPoint(middle)
        )

    def test_one_slice(self):
        grid = volumes.prepared_grid(to_image(np.zeros((1, 8, 8), np.int16)), n_pixels=8, n_slices=1)
        assert grid.GetSize() == (8, 8, 1)


class TestPrepare:
    def test_shapes_types_and_range(self):
        prepared = prepare(make_images(), lesion_image(), n_pixels=96, n_slices=10)
        assert prepared.frames.shape == (6, 10, 96, 96)
        assert prepared.frames.dtype == np.int16
        assert prepared.frames[1:].min() == 0
        assert prepared.frames[1:].max() == 1023
        assert (prepared.frames[0].min(), prepared.frames[0].max()) == (0, 1023)
        assert prepared.spacing_mm == pytest.approx((9.0, 3.5, 3.5))

    def test_same_pixels_stay_where_they_are_and_padding_is_air(self):
        images = make_images()
        prepared = prepare(images, lesion_image(), n_pixels=96, n_slices=10)
        # 96 columns and 80 rows of 3.5 mm: eight rows of air are added on either side.
        assert prepared.first_row == 8
        np.testing.assert_array_equal(prepared.lesions[:, 8:88], make_anatomy()[1])
        low, high = prepared.t1_limits
        expected = np.rint((sitk.GetArrayFromImage(images["T1_post2"]) - low) * 1023 / (high - low))
        np.testing.assert_array_equal(prepared.frames[3, :, 8:88], expected)
        assert not prepared.frames[:, :, :8].any()
        assert not prepared.frames[:, :, 88:].any()

    def test_t1_series_shares_its_limits(self):
        frames = make_frames()
        prepared = prepare(make_images(), lesion_image(), n_pixels=96, n_slices=10)
        t1 = [frames[name] for name in SCANNED_FRAMES[1:]]
        assert prepared.t1_limits == (min(a.min() for a in t1), max(a.max() for a in t1))
        assert prepared.t2_limits == (frames["T2"].min(), frames["T2"].max())

    @pytest.mark.parametrize("orientation", ["LPS", "RAS", "PSR", "AIL"])
    def test_storage_order_does_not_matter(self, orientation):
        expected = prepare(make_images(), lesion_image(), n_pixels=96, n_slices=10)
        turned = {name: sitk.DICOMOrient(image, orientation) for name, image in make_images().items()}
        found = prepare(turned, sitk.DICOMOrient(lesion_image(), orientation), n_pixels=96, n_slices=10)
        np.testing.assert_array_equal(found.lesions, expected.lesions)
        np.testing.assert_allclose(found.frames, expected.frames, atol=1)

    def test_t2_on_its_own_grid_comes_to_the_same_place(self):
        images = make_images()
        fine = sitk.Image(192, 160, 20, sitk.sitkInt16)
        fine.SetSpacing((1.75, 1.75, 4.5))
        fine.SetOrigin((-0.875, -0.875, -2.25))  # twice the voxels in the same field of view
        images["T2"] = sitk.Resample(images["T2"], fine, sitk.Transform(), sitk.sitkLinear, 0.0)
        coarse = prepare(make_images(), lesion_image(), n_pixels=96, n_slices=10).frames[0].astype(float)
        found = prepare(images, lesion_image(), n_pixels=96, n_slices=10).frames[0].astype(float)
        assert np.corrcoef(coarse.ravel(), found.ravel())[0, 1] > 0.98
        shifted = np.roll(found, 3, axis=2)
        assert np.corrcoef(coarse.ravel(), shifted.ravel())[0, 1] < 0.97


class TestIntensity:
    def test_min_max(self):
        assert intensity.limits_of([np.array([5, 9]), np.array([-2, 7])], IntensityRange.MIN_MAX) == (
            -2.0,
            9.0,
        )

    def test_percentile_leaves_out_the_brightest_thousandth(self):
        values = np.arange(10_001)
        assert intensity.limits_of(
            [values[:5000], values[5000:]], IntensityRange.PERCENTILE
        ) == pytest.approx((0.0, 9990.0))

    def test_percentile_of_an_almost_empty_volume_falls_back(self):
        values = np.zeros(10_000)
        values[0] = 7
        assert intensity.limits_of([values], IntensityRange.PERCENTILE) == (0.0, 7.0)

    def test_integers(self):
        values = np.array([-10, 0, 40, 100, 200], dtype=np.float32)
        assert intensity.to_integers(values, (0.0, 100.0)).tolist() == [0, 0, 409, 1023, 1023]

    def test_unknown_name(self):
        with pytest.raises(
            InputError, match='Intensity range "z-score" is unknown; write one of min-max, percentile'
        ):
            intensity.parse_intensity_range("z-score")
