"""Extraction: centres of mass, healthy centres, crops."""

import numpy as np
import pytest
import SimpleITK as sitk

from generation.core import extraction
from generation.core.errors import InputError
from generation.core.extraction import Centre
from generation.core.labels import LesionClass

BENIGN, MALIGNANT, HEALTHY = LesionClass.BENIGN, LesionClass.MALIGNANT, LesionClass.NO_FINDINGS


class TestLesionCentres:
    def test_one_per_lesion_and_slice(self):
        lesions = np.zeros((3, 100, 100), np.uint8)
        lesions[0, 40:43, 50:55] = 1
        lesions[1, 40:42, 50:52] = 1  # centre of mass 40.5, 50.5: halves are rounded up
        lesions[1, 70, 20] = 2
        assert extraction.lesion_centres(lesions, {1: BENIGN, 2: MALIGNANT}) == [
            Centre(0, 41, 52, BENIGN, 1),
            Centre(1, 41, 51, BENIGN, 1),
            Centre(1, 70, 20, MALIGNANT, 2),
        ]

    def test_crescent_is_cropped_at_its_centre_of_mass_outside_of_it(self):
        lesions = np.zeros((1, 100, 100), np.uint8)
        lesions[0, 40:61, 40] = lesions[0, 40, 40:61] = 1
        (centre,) = extraction.lesion_centres(lesions, {1: BENIGN})
        assert lesions[0, centre.row, centre.col] == 0

    def test_unknown_number(self):
        with pytest.raises(InputError, match="lesion 3, which has no lesion class"):
            extraction.lesion_centres(np.full((1, 4, 4), 3), {1: BENIGN})

    def test_real_slice(self, shared_folder):
        """A real DCE slice; the mean of the mask's indices is row 110, column 98 (computed with NumPy on the file)."""
        folder = shared_folder / "data" / "breast-dce-slice"
        lesions = sitk.GetArrayFromImage(sitk.ReadImage(folder / "lesion_mask_derived.nii.gz"))
        frames = np.stack(
            [
                sitk.GetArrayFromImage(sitk.ReadImage(folder / f"T1_{name}.nii.gz"))
                for name in ("pre", "post1")
            ]
        )
        (centre,) = extraction.lesion_centres(lesions, {1: MALIGNANT})
        assert (centre.row, centre.col) == (110, 98)
        pre, post1 = extraction.crop(frames, [centre])[0].astype(int)
        in_lesion = extraction.crop(lesions[None].astype(np.int16), [centre])[0, 0] == 1
        assert (post1 - pre)[in_lesion].mean() > 100
        assert (post1 - pre)[in_lesion].mean() > 2 * (post1 - pre)[~in_lesion].mean()


class TestHealthyCentres:
    def make_breasts(self):
        breasts = np.zeros((4, 200, 200), np.uint8)
        breasts[1:3, 60:140, 40:90] = 1
        breasts[1:3, 60:140, 110:160] = 2
        return breasts

    def test_wanted_number_in_each_breast_and_slice(self):
        found = extraction.healthy_centres(
            self.make_breasts(),
            np.zeros((4, 200, 200), np.uint8),
            n_per_breast_slice=15,
            rng=np.random.default_rng(1),
        )
        assert len(found) == 2 * 2 * 15
        assert len({(c.slice, c.row, c.col) for c in found}) == len(found)
        assert {c.slice for c in found} == {1, 2}

    def test_fewer_where_fewer_pixels_qualify(self):
        breasts = np.zeros((1, 128, 128), np.uint8)
        breasts[0, 60, 60:65] = 1
        found = extraction.healthy_centres(
            breasts, np.zeros_like(breasts), n_per_breast_slice=15, rng=np.random.default_rng(1)
        )
        assert sorted(c.col for c in found) == [60, 61, 62, 63, 64]

    def test_neighbourhood_ends_sixteen_pixels_away(self):
        lesions = np.zeros((100, 100), np.uint8)
        lesions[50, 50] = 1
        free = extraction.free_of_lesions(lesions)
        # Rows r-16 .. r+15 hold row 50 for r = 35 .. 66.
        assert np.flatnonzero(~free[:, 50]).tolist() == list(range(35, 67))
        assert np.count_nonzero(~free) == 32 * 32


class TestCrop:
    def test_centre_pixel_is_at_32_32(self):
        frames = np.arange(2 * 1 * 100 * 100, dtype=np.int16).reshape(2, 1, 100, 100)
        (patch,) = extraction.crop(frames, [Centre(0, 40, 50, HEALTHY)])
        assert patch[1, 32, 32] == frames[1, 0, 40, 50]
        assert patch[0, 0, 0] == frames[0, 0, 8, 18]

    @pytest.mark.parametrize(
        ("row", "col", "fits"), [(32, 32, True), (68, 68, True), (31, 50, False), (50, 69, False)]
    )
    def test_border(self, row, col, fits):
        centre = Centre(0, row, col, HEALTHY)
        assert extraction.fits(centre, (1, 1, 100, 100)) is fits
        if not fits:
            with pytest.raises(
                InputError, match=rf"around row {row}, column {col} leaves the volume of 100 x 100"
            ):
                extraction.crop(np.zeros((1, 1, 100, 100), np.int16), [centre])


class TestExtract:
    def test_border_and_vanished_lesions_are_counted(self):
        lesions = np.zeros((2, 128, 128), np.uint8)
        lesions[0, 64, 64], lesions[1, 5, 64] = 1, 2
        found = extraction.extract(
            np.ones((6, 2, 128, 128), np.int16),
            lesions,
            np.zeros((2, 128, 128), np.uint8),
            patient="P01",
            classes={1: BENIGN, 2: MALIGNANT, 3: BENIGN},
            n_healthy_per_breast_slice=15,
            rng=np.random.default_rng(0),
        )
        assert [(row.lesion_id, row.row, row.col) for row in found.rows] == [(1, 64, 64)]
        assert (found.n_at_border, found.vanished_lesions) == (1, (3,))

    def test_random_numbers_of_a_patient_do_not_depend_on_others(self):
        first = extraction.patient_rng(7, "P01").integers(1 << 30)
        assert first == extraction.patient_rng(7, "P01").integers(1 << 30)
        assert first != extraction.patient_rng(7, "P02").integers(1 << 30)
        assert first != extraction.patient_rng(8, "P01").integers(1 << 30)
