"""Whole patients, on coarse pixels so that a test takes a moment only."""

import hashlib
import json

import numpy as np
import pytest
import SimpleITK as sitk

from generation.core.frames import SCANNED_FRAMES
from generation.core.phantom.patient import PhantomPatient, make_patient
from generation.core.phantom.writing import patient_name, write_patient

COARSE = 4


def digest(patient: PhantomPatient) -> str:
    parts = [volume.tobytes() for _, volume in patient.scans.values()]
    return hashlib.sha256(
        b"".join([*parts, patient.mask.tobytes(), json.dumps(patient.truth).encode()])
    ).hexdigest()


@pytest.fixture(scope="module")
def patient() -> PhantomPatient:
    return make_patient(11, 1, coarseness=COARSE)


class TestMakePatient:
    def test_same_seed_same_voxels(self, patient):
        assert digest(make_patient(11, 1, coarseness=COARSE)) == digest(patient)

    def test_another_number_or_seed_is_another_patient(self):
        others = {digest(make_patient(*key, coarseness=8)) for key in ((11, 1), (11, 2), (12, 1))}
        assert len(others) == 3

    def test_all_scanned_frames_in_order(self, patient):
        assert tuple(patient.scans) == SCANNED_FRAMES
        for grid, volume in patient.scans.values():
            assert volume.shape == grid.shape
            assert volume.dtype == np.int16

    def test_the_dynamic_series_shares_the_grid_of_the_mask(self, patient):
        for name in SCANNED_FRAMES[1:]:
            assert patient.scans[name][0] == patient.mask_grid

    @pytest.mark.parametrize("number", range(1, 4))
    def test_lesions_of_both_classes_apart_and_numbered(self, number):
        made = make_patient(21, number, coarseness=COARSE)
        truths = made.truth["lesions"]
        assert {int(n) for n in np.unique(made.mask)} == set(range(len(truths) + 1))
        assert 1 <= len(truths) <= 4
        assert [lesion["lesion"] for lesion in truths] == list(range(1, len(truths) + 1))

    def test_lesions_enhance_where_the_mask_says(self, patient):
        pre, post = (patient.scans[name][1].astype(float) for name in ("T1_pre", "T1_post1"))
        for lesion in patient.truth["lesions"]:
            inside = patient.mask == lesion["lesion"]
            assert (post - pre)[inside].mean() > 3.0 * np.abs((post - pre)[patient.mask == 0].mean())

    def test_lesions_lie_inside_the_breast(self, patient):
        """No voxel of a lesion is air: the mean over a lesion is far above the noise of the corners."""
        post = patient.scans["T1_post1"][1]
        air = post[:, :4, :4].mean()
        for lesion in patient.truth["lesions"]:
            assert post[patient.mask == lesion["lesion"]].mean() > 4.0 * air


class TestWritePatient:
    def test_volumes_come_back_with_their_geometry(self, patient, tmp_path):
        write_patient(patient, tmp_path / "P0001")
        for name, (grid, volume) in patient.scans.items():
            image = sitk.ReadImage(tmp_path / "P0001" / f"{name}.nii.gz")
            np.testing.assert_array_equal(sitk.GetArrayFromImage(image), volume)
            np.testing.assert_allclose(image.GetSpacing(), grid.spacing[::-1], rtol=1e-5)
            np.testing.assert_allclose(image.GetOrigin(), grid.origin[::-1], atol=1e-3)
            np.testing.assert_allclose(image.GetDirection(), np.eye(3).ravel(), atol=1e-6)

    def test_mask_and_truth(self, patient, tmp_path):
        write_patient(patient, tmp_path)
        mask = sitk.ReadImage(tmp_path / "lesions.nii.gz")
        assert mask.GetPixelID() == sitk.sitkUInt8
        np.testing.assert_array_equal(sitk.GetArrayFromImage(mask), patient.mask)
        assert json.loads((tmp_path / "truth.json").read_text()) == patient.truth

    def test_names_have_four_digits(self):
        assert patient_name(7) == "P0007"
