"""Broken scans and a disk that takes no more: one clear sentence each, and nothing half-written."""

import gzip
import resource
from contextlib import contextmanager

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from generation.core.patch_set import open_patch_set
from generation.jobs import extracting, importing
from generation.models import Cohort, Lesion, PatchSet, Patient
from generation.services import cohorts, extractions, patch_sets
from tests import dicom_scans
from tests.scans import make_anatomy, make_frames, make_patient_folder, to_image
from tests.service.generation.conftest import FEW, NOW

pytestmark = pytest.mark.django_db


def dicom(spoil):
    """Two DICOM patients, the second spoilt."""

    def make(folder, monkeypatch):
        dicom_scans.make_study(folder / "A", patient="KH-1")
        spoil(dicom_scans.make_study(folder / "B", patient="KH-2"))

    return make


def own(spoil):
    """Two patients in our own layout, the second spoilt."""

    def make(folder, monkeypatch):
        make_patient_folder(folder / "P01", seed=1)
        spoil(make_patient_folder(folder / "P02", seed=2))

    return make


def one_of(study, series="s2"):
    return sorted((study / series).iterdir())[2]


def truncated(study):
    path = one_of(study)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])


def mixed(study):
    dicom_scans.edit_file(one_of(study), PatientID="KH-3")


def missing_phase(study):
    for path in (study / "s4").iterdir():
        path.unlink()


def screenshot(study):
    for path in (study / "s2").iterdir():
        image = pydicom.dcmread(path)
        image.PixelData = (image.pixel_array // 4).astype(np.uint8).tobytes()
        image.BitsAllocated = image.BitsStored = 8
        image.HighBit = 7
        image.save_as(path)


def nan(patient):
    array = make_frames()["T1_post1"].astype(np.float32)
    array[3, 30, 30] = np.nan
    sitk.WriteImage(to_image(array), patient / "T1_post1.nii.gz")


def other_grid(patient):
    sitk.WriteImage(to_image(make_anatomy()[1][:, 1:]), patient / "lesions.nii.gz")


def eight_bits(patient):
    array = np.clip(make_frames()["T2"], 0, 255).astype(np.uint8)
    sitk.WriteImage(to_image(array), patient / "T2.nii.gz")


def zip_bomb(patient):
    content = gzip.decompress((patient / "T2.nii.gz").read_bytes())
    (patient / "T2.nii.gz").write_bytes(gzip.compress(content + bytes(65 << 20), 1))


def unreadable(folder, monkeypatch):
    """Permission is denied for one folder; taken away by hand, because an administrator may read everything."""
    own(lambda patient: None)(folder, monkeypatch)
    real = type(folder).is_file

    def denied(self, **kwargs):
        if self.parent.name == "P02":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, **kwargs)

    monkeypatch.setattr(type(folder), "is_file", denied)


BROKEN = {
    "truncated DICOM": (dicom(truncated), "an image of series 12 is truncated or damaged"),
    "mixed patients": (dicom(mixed), "the images of 2 patients are mixed in one folder"),
    "missing phase": (dicom(missing_phase), "only 3 post-contrast phases were found and 4 are needed"),
    "8-bit screenshot, DICOM": (dicom(screenshot), "left out as it has 8 bits per pixel, as screenshots have"),
    "NaN volume": (own(nan), "T1_post1.nii.gz holds 1 voxels that are NaN or infinite"),
    "mask on another grid": (own(other_grid), "draw or resample the mask on the T1 grid"),
    "8-bit screenshot, NIfTI": (own(eight_bits), "T2.nii.gz has 8 bits per voxel, as screenshots have"),
    "zip bomb": (own(zip_bomb), "goes on for more than 67108864 bytes after its voxels"),
    "unreadable folder": (unreadable, "cannot be listed (Permission denied); give the importing account the right"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_one_sentence_and_nothing_left(tmp_path, data_folder, monkeypatch, name):
    make, message = BROKEN[name]
    make(tmp_path / "brought", monkeypatch)
    row = cohorts.request_import(folder=tmp_path / "brought", name="Broken", now=NOW)
    importing.run(row.pk)
    row.refresh_from_db()
    assert row.status == "failed"
    assert message in row.error
    assert row.error.count("\n") == 0
    assert row.error.endswith((".", ".)"))
    assert not Patient.objects.exists()
    assert not Lesion.objects.exists()
    assert not list((data_folder / "cohorts").rglob("*"))
    assert (row.origin_folder, Cohort.objects.count()) == ("", 1)


@contextmanager
def files_of_at_most(n_bytes):
    """The kernel lets no file grow beyond this, as a full disk would not."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def on_full_disk(monkeypatch, module, name, n_bytes):
    """Let one function alone meet the limit; the test's database and its report go on being written."""
    real = getattr(module, name)

    def limited(*args, **kwargs):
        with files_of_at_most(n_bytes):
            return real(*args, **kwargs)

    monkeypatch.setattr(module, name, limited)


class TestFullDisk:
    def test_import(self, scans, data_folder, monkeypatch):
        on_full_disk(monkeypatch, importing.patient_folder, "write_patient", 50_000)
        row = cohorts.request_import(folder=scans, name="Full", now=NOW)
        importing.run(row.pk)
        row.refresh_from_db()
        assert row.status == "failed"
        assert row.error.startswith("Patient P01 cannot be written (")
        assert row.error.endswith("MB are free in the data folder: make room and import again.")
        assert not list((data_folder / "cohorts").rglob("*"))

    def test_region(self, scans, data_folder, monkeypatch):
        on_full_disk(monkeypatch, importing.breast_mask, "find_and_write", 1_000)
        row = cohorts.request_import(folder=scans, name="Full", now=NOW)
        importing.run(row.pk)
        row.refresh_from_db()
        assert row.error.startswith("Patient P01 cannot be written (")
        assert not list((data_folder / "cohorts").rglob("*"))

    @pytest.mark.parametrize(
        ("name", "told", "left"),
        [
            ("make_part", "The patches of P01 cannot be written (", []),
            ("join_parts", "The patches of the cohort cannot", ["P01", "P02"]),
        ],
    )
    def test_extraction_can_be_resumed_when_there_is_room(self, cohort, monkeypatch, name, told, left):
        row = patch_sets.request_extraction(cohort=cohort, options=FEW, now=NOW)
        with monkeypatch.context() as full:
            on_full_disk(full, extracting.cohort_extraction, name, 1_000_000)
            extracting.run(row.pk)
        row.refresh_from_db()
        assert row.status == "failed"
        assert row.error.startswith(told)
        assert row.error.endswith("make room in the data folder, then resume the extraction.")
        assert [path.name for path in row.folder.parent.iterdir()] == [row.parts_folder.name]
        assert sorted(path.name for path in row.parts_folder.iterdir()) == left
        extractions.resume(patch_set=row, now=NOW)
        extracting.run(row.pk)
        assert PatchSet.objects.get().status == "finished"
        assert open_patch_set(row.folder, verify=True).patients() == ("P01", "P02")
