"""DICOM folders: which patients they hold, pseudonyms, lesions, and broken input in one clear sentence."""

import re

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from generation.core import layouts, volumes
from generation.core.dicom import headers
from generation.core.dicom.headers import identity_of
from generation.core.errors import InputError
from generation.core.import_options import ImportOptions
from generation.core.labels import LesionClass
from tests import dicom_scans as scans

KEY = b"a secret of this test"
OPTIONS = ImportOptions(key=KEY)
LESION = np.zeros((scans.N_SLICES, scans.ROWS, scans.COLUMNS), bool)
LESION[2:4, 18:24, 12:18] = True


def read(folder, options=OPTIONS):
    (patient,) = layouts.find(folder, options).patients
    return patient.read(options)


@pytest.fixture
def study(tmp_path):
    return scans.make_study(tmp_path / "p")


def mask_of(scan):
    return volumes.voxels(scan.lesion_mask).copy()  # the view would outlive the scan


class TestPatients:
    def test_one_folder_per_patient(self, tmp_path):
        for name in ("a", "b"):
            scans.make_study(tmp_path / "in" / name / "study", patient=f"id {name}")
        (tmp_path / "in" / "notes").mkdir()
        cohort = layouts.find(tmp_path / "in", OPTIONS)
        assert (cohort.layout, len(cohort.patients), cohort.n_ignored) == ("DICOM", 2, 1)
        assert len({patient.read(OPTIONS).pseudonym for patient in cohort.patients}) == 2

    def test_files_of_one_patient_in_one_folder(self, study, tmp_path):
        (tmp_path / "flat").mkdir()
        for number, path in enumerate(sorted(study.rglob("*.dcm"))):
            path.rename(tmp_path / "flat" / f"IM{number}")
        assert read(tmp_path / "flat").facts.phase_rule == "acquisition-time"

    def test_same_patient_gets_the_same_pseudonym_in_every_import_of_one_instance(self, tmp_path):
        first = read(scans.make_study(tmp_path / "a")).pseudonym
        assert re.fullmatch("P-[A-Z2-7]{8}", first)
        assert read(scans.make_study(tmp_path / "b")).pseudonym == first
        assert read(tmp_path / "b", ImportOptions(key=b"another")).pseudonym != first

    def test_pseudonym_table(self, study):
        (study / "pseudonyms.csv").write_text("patient,pseudonym\nKH-4711-99,AC-7\n")
        assert read(study).pseudonym == "AC-7"

    def test_id_is_kept_only_where_identity_was_removed(self, tmp_path):
        study = scans.make_study(tmp_path / "p", patient="Breast_MRI_001")
        options = ImportOptions(key=KEY, keep_ids=True)
        with pytest.raises(InputError, match=r"do not say that identity was removed \(0012,0062\)"):
            read(study, options)
        for path in study.rglob("*.dcm"):
            scans.edit_file(path, PatientIdentityRemoved="YES")
        assert read(study, options).pseudonym == "Breast_MRI_001"
        assert read(study).pseudonym.startswith("P-")

    def test_identity_is_a_keyed_hash(self):
        assert identity_of("a", key=b"1") != identity_of("a", key=b"2")


class TestLesions:
    def test_nothing_known_is_said_and_not_taken_for_healthy(self, study):
        scan = read(study)
        assert not scan.facts.lesions_known
        assert any("no patch will be cut from this patient" in sentence for sentence in scan.facts.found)

    def test_table_may_say_that_there_is_none(self, study):
        (study / "lesions.csv").write_text("patient,lesion_class\nKH-4711-99,no_findings\n")
        scan = read(study)
        assert scan.facts.lesions_known
        assert scan.lesions == ()

    def test_dicom_segmentation(self, study):
        scans.write_segmentation(study / "seg" / "1.dcm")
        scan = read(study)
        np.testing.assert_array_equal(mask_of(scan) == 1, LESION)
        assert (scan.lesions[0].lesion_class, scan.lesions[0].origin) == (
            LesionClass.MALIGNANT,
            "segmentation",
        )

    @pytest.mark.parametrize("label", ["lesion", "non malignant mass", "benign or malignant"])
    def test_segmentation_without_class_needs_a_table(self, study, label):
        scans.write_segmentation(study / "seg" / "1.dcm", label=label)
        with pytest.raises(
            InputError, match=r"lesion 1 of the segmentation has no class; add a row to lesions\.csv"
        ):
            read(study)
        (study / "lesions.csv").write_text("lesion,lesion_class\n1,benign\n")
        assert read(study).lesions[0].lesion_class is LesionClass.BENIGN

    def test_segmentation_on_another_grid(self, study):
        scans.write_segmentation(study / "seg" / "1.dcm", shift_mm=2.0)
        with pytest.raises(InputError, match="segmentation lies on another grid than the dynamic series"):
            read(study)

    @pytest.mark.parametrize("runs_backwards", [False, True])
    def test_box_of_duke_counts_from_one_by_instance_number(self, tmp_path, runs_backwards):
        scans.make_study(tmp_path / "p")
        if runs_backwards:
            for path in (tmp_path / "p" / "s0").iterdir():
                scans.edit_file(
                    path, InstanceNumber=scans.N_SLICES + 1 - pydicom.dcmread(path).InstanceNumber
                )
        (tmp_path / "p" / "Annotation_Boxes.csv").write_text(
            "Patient ID,Start Row,End Row,Start Column,End Column,Start Slice,End Slice\n"
            "KH-4711-99,17,26,11,20,3,3\n"
        )
        scan = read(tmp_path / "p")
        expected = np.zeros_like(LESION)
        expected[3 if runs_backwards else 2] = LESION[2]  # the third image of six, from either end
        np.testing.assert_array_equal(mask_of(scan) == 1, expected)
        assert (scan.lesions[0].lesion_class, scan.lesions[0].origin) == (LesionClass.MALIGNANT, "box")

    def test_point_in_patient_coordinates(self, study):
        centre = (
            -110 + 4 * 14.5,
            -95 + 4 * 20.5,
            -15 + 6 * 2.5,
        )  # mm; origin + spacing * index of the lesion's centre
        (study / "lesions.csv").write_text("lesion_class,x_mm,y_mm,z_mm\nbenign,{},{},{}\n".format(*centre))
        np.testing.assert_array_equal(mask_of(read(study)) == 1, LESION)

    def test_mask_with_classes_by_table(self, study):
        image = read(study).images["T1_pre"]
        sitk.WriteImage(volumes.like(image, LESION.astype(np.uint8) * 3), study / "lesions.nii.gz")
        (study / "lesions.csv").write_text("patient,lesion,lesion_class\nKH-4711-99,3,benign\n")
        assert [(lesion.number, lesion.origin) for lesion in read(study).lesions] == [(3, "mask")]

    def test_mask_on_another_grid(self, study):
        image = read(study).images["T1_pre"]
        sitk.WriteImage(volumes.like(image, LESION.astype(np.uint8))[1:], study / "lesions.nii.gz")
        (study / "lesions.csv").write_text("lesion,lesion_class\n1,benign\n")
        with pytest.raises(
            InputError,
            match=r"the lesion mask has 55 x 48 x 6 voxels .* draw or resample the mask on the T1 grid",
        ):
            read(study)

    def test_two_sources_are_refused(self, study):
        scans.write_segmentation(study / "seg" / "1.dcm")
        (study / "lesions.csv").write_text("lesion_class,breast\nbenign,left\n")
        with pytest.raises(InputError, match="several things say where lesions are"):
            read(study)

    def test_lesion_without_place_is_refused(self, study):
        (study / "lesions.csv").write_text("lesion_class\nbenign\n")
        with pytest.raises(
            InputError, match="names a lesion but not its place; add a box, a point or a breast"
        ):
            read(study)


def one_file(study):
    return sorted((study / "s2").iterdir())[2]


def cut(study, share):
    path = one_file(study)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def deflate(study):
    ds = pydicom.dcmread(one_file(study))
    ds.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    ds.save_as(one_file(study))


def promise(study):
    scans.edit_file(one_file(study), Rows=65_000, Columns=65_000)


def mix(study):
    scans.edit_file(one_file(study), PatientID="KH-0815")


def remove_phase(study):
    for path in (study / "s4").iterdir():
        path.unlink()


def damage_compressed(study):
    for path in (study / "s2").iterdir():
        ds = pydicom.dcmread(path)
        ds.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
        ds.PixelData = ds.PixelData[: len(ds.PixelData) // 2]
        ds.save_as(path)


BROKEN = {
    "truncated in its pixels": (lambda study: cut(study, 0.7), "an image of series 12 is truncated or damaged"),
    "truncated in its header": (lambda study: cut(study, 0.1), r"DICOM file \d+ in the order of paths ends before its image begins"),
    "empty file": (lambda study: one_file(study).write_bytes(b""), r"DICOM file \d+ .* ends before its image begins"),
    "text with the name of an image": (lambda study: one_file(study).write_text("Zweigelt"), r"DICOM file \d+ .* ends before its image begins"),
    "damaged compression": (damage_compressed, "an image of series 12 is truncated or damaged"),
    "deflate bomb": (deflate, "is stored deflated, which could unpack to any size"),
    "promise of 4 gigapixels": (promise, "promises more pixels than an MR image has"),
    "mixed patients": (mix, "the images of 2 patients are mixed in one folder"),
    "missing phase": (remove_phase, "only 3 post-contrast phases were found and 4 are needed"),
}  # fmt: skip


class TestBroken:
    @pytest.mark.parametrize("name", BROKEN)
    def test_one_sentence_without_a_name(self, tmp_path, name):
        spoil, message = BROKEN[name]
        study = scans.make_study(tmp_path / "Zweigelt_Hildegard")
        spoil(study)
        with pytest.raises(InputError, match=message) as caught:
            read(study)
        text = str(caught.value)
        assert "\n" not in text
        assert not [planted for planted in scans.PLANTED if planted.lower() in text.lower()]
        assert caught.value.__suppress_context__

    def test_another_patient_among_the_series(self, study):
        for path in (study / "t2").iterdir():
            scans.edit_file(path, PatientID="KH-0815")
        with pytest.raises(InputError, match="the images of 2 patients are mixed in one folder"):
            read(study)

    def test_random_damage_is_a_sentence_or_does_no_harm(self, study):
        """A hundred bytes changed at random in a header, thirty times: never anything but InputError or a scan."""
        path = one_file(study)
        content, rng = path.read_bytes(), np.random.default_rng(7)
        for _ in range(30):
            damaged = bytearray(content)
            for place in rng.integers(132, 1500, size=rng.integers(1, 100)):
                damaged[place] = rng.integers(0, 256)
            path.write_bytes(damaged)
            found = headers.read_images(path, key=KEY)
            assert isinstance(found, headers.Defect | list)

    def test_missing_files_are_noticed_by_announced_numbers(self, tmp_path):
        tags = {"NumberOfTemporalPositions": 7, "ImagesInAcquisition": 99}
        scans.write_t2(
            scans.write_one_series(tmp_path / "p", lambda p: {"TemporalPositionIdentifier": p + 1, **tags})
            / "t2"
        )
        told = read(tmp_path / "p").facts.found
        assert "The headers announce 7 phases and 5 are there; check whether files are missing." in told
        assert "The headers announce 99 slices and 6 are there; check whether files are missing." in told

    def test_directory_of_a_cd_and_raw_data_do_no_harm(self, study):
        for name, sop_class in (
            ("DICOMDIR", "1.2.840.10008.1.3.10"),
            ("RAW0001", "1.2.840.10008.5.1.4.1.1.66"),
        ):
            scans.base(sop_class=sop_class).save_as(study / name, enforce_file_format=True)
        assert read(study).facts.layout == "DICOM"

    def test_reports_and_other_files_do_no_harm(self, study):
        report = scans.base(sop_class="1.2.840.10008.5.1.4.1.1.88.11")
        report.Modality = "SR"
        report.save_as(study / "report.dcm", enforce_file_format=True)
        (study / "s0" / "readme.txt").write_text("Zweigelt")
        (study / "s0" / ".DS_Store").write_bytes(b"x")
        assert read(study).facts.layout == "DICOM"
