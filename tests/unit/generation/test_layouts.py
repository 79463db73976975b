"""Layouts of public collections and our own, made of tiny volumes."""

import gzip
import struct

import numpy as np
import pytest
import SimpleITK as sitk

from generation.core import layouts, volumes
from generation.core.errors import InputError
from generation.core.frames import DYNAMIC, SCANNED_FRAMES
from generation.core.import_options import ImportOptions, parse_phases
from generation.core.labels import LesionClass
from generation.core.phase_choice import five_of
from tests.scans import make_anatomy, make_frames, make_patient_folder, to_image

OPTIONS = ImportOptions(key=b"k")
WITHOUT_T2 = ImportOptions(key=b"k", without_t2=True)
PHASES = [make_frames()[name] for name in SCANNED_FRAMES[DYNAMIC]]


def write(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(to_image(array), path)


def mama_mia(folder, n_phases=5):
    for number in range(n_phases):
        write(
            folder / "images" / "DUKE_001" / f"DUKE_001_{number:04d}.nii.gz", PHASES[min(number, 4)] + number
        )
    write(folder / "segmentations" / "expert" / "DUKE_001.nii.gz", (make_anatomy()[1] > 0).astype(np.uint8))
    return folder


def breastdcedl(folder, names):
    for number, name in enumerate(names):
        write(folder / name, PHASES[number])
    return folder


def odelia(folder, n_posts=4):
    home = folder / "UKA" / "data" / "UKA_12"
    write(home / "Pre.nii.gz", PHASES[0])
    for number in range(1, n_posts + 1):
        write(home / f"Post_{number}.nii.gz", PHASES[number])
    write(home / "T2.nii.gz", make_frames()["T2"])
    write(home / "Sub_1.nii.gz", PHASES[1] - PHASES[0])
    (folder / "UKA" / "metadata").mkdir()
    (folder / "UKA" / "metadata" / "annotation.csv").write_text(
        "ID,Lesion_Left,Lesion_Right\nUKA_12,Malignant,No\n"
    )
    return folder


def read(folder, options=OPTIONS):
    cohort = layouts.find(folder, options)
    (patient,) = cohort.patients
    return cohort.layout, patient.read(options)


class TestOwn:
    def test_is_recognised_first(self, tmp_path):
        make_patient_folder(tmp_path / "P01")
        layout, scan = read(tmp_path)
        assert (layout, scan.pseudonym) == ("own", "P01")

    def test_folder_name_that_is_no_pseudonym_is_not_repeated(self, tmp_path):
        make_patient_folder(tmp_path / "Zweigelt, Hildegard")
        with pytest.raises(
            InputError,
            match=r"^Patient 1 of 1 in the order of folders: The name of a patient folder cannot be a pseudonym",
        ) as caught:
            read(tmp_path)
        assert "Zweigelt" not in str(caught.value)

    def test_lesions_by_place_instead_of_a_mask(self, tmp_path):
        folder = make_patient_folder(tmp_path / "P01")
        (folder / "lesions.nii.gz").unlink()
        (folder / "truth.json").unlink()
        # Lesion 1 of the anatomy: around x 84, y 110, z 45 mm.
        (folder / "lesions.csv").write_text("lesion_class,x_mm,y_mm,z_mm\nbenign,84,110,45\n")
        scan = read(tmp_path)[1]
        mask = make_anatomy()[1] == 1
        found = volumes.voxels(scan.lesion_mask) == 1
        dice = 2 * np.count_nonzero(found & mask) / (np.count_nonzero(found) + np.count_nonzero(mask))
        assert dice > 0.9
        assert scan.lesions[0].origin == "point"

    def test_mask_of_classes_becomes_one_of_lesions(self, tmp_path):
        folder = make_patient_folder(tmp_path / "P01")
        write(folder / "lesions.nii.gz", (make_anatomy()[1] > 0).astype(np.uint8) * 7)
        (folder / "truth.json").unlink()
        (folder / "lesions.csv").write_text("label,lesion_class\n7,malignant\n")
        scan = read(tmp_path)[1]
        assert [lesion.lesion_class for lesion in scan.lesions] == [LesionClass.MALIGNANT] * 2
        np.testing.assert_array_equal(volumes.voxels(scan.lesion_mask) > 0, make_anatomy()[1] > 0)

    def test_eight_bit_frame_is_refused(self, tmp_path):
        folder = make_patient_folder(tmp_path / "P01")
        write(folder / "T1_post1.nii.gz", (PHASES[1] % 256).astype(np.uint8))
        with pytest.raises(
            InputError, match=r"P01: T1_post1\.nii\.gz has 8 bits per voxel, as screenshots have"
        ):
            read(tmp_path)


class TestMamaMia:
    def test_tumours_are_malignant_and_numbered(self, tmp_path):
        layout, scan = read(mama_mia(tmp_path), WITHOUT_T2)
        assert (layout, scan.pseudonym) == ("MAMA-MIA", "DUKE_001")
        assert [lesion.lesion_class for lesion in scan.lesions] == [LesionClass.MALIGNANT] * 2
        assert "The mask is the expert segmentation." in scan.facts.found

    def test_missing_t2_is_refused_with_the_mend(self, tmp_path):
        with pytest.raises(
            InputError,
            match=r"MAMA-MIA has no T2 .* put T2\.nii\.gz beside the phases, or import the whole cohort without T2",
        ):
            read(mama_mia(tmp_path))

    def test_t2_of_the_user_is_taken(self, tmp_path):
        write(mama_mia(tmp_path) / "images" / "DUKE_001" / "T2.nii.gz", make_frames()["T2"])
        assert read(tmp_path)[1].facts.has_t2

    def test_three_posts_are_refused(self, tmp_path):
        with pytest.raises(
            InputError, match="Patient DUKE_001: only 3 post-contrast phases were found and 4 are needed"
        ):
            read(mama_mia(tmp_path, 4), WITHOUT_T2)

    def test_more_posts_are_chosen_by_the_times_of_the_table(self, tmp_path):
        mama_mia(tmp_path, 7)
        table = tmp_path / "clinical_and_imaging_info.csv"
        table.write_text('patient_id,acquisition_times\nDUKE_001,"[0, 35, 70, 105, 140, 210, 280]"\n')
        scan = read(tmp_path, WITHOUT_T2)[1]
        assert scan.facts.phase_seconds == (0, 70, 140, 210, 280)
        assert "DUKE_001_0002.nii.gz is T1_post1." in scan.facts.found

    def test_offset_of_the_posts_is_told(self, tmp_path):
        """The times of DUKE cases look like [0, 584, 714, 846, 977]: the steps are 130 s, the first is no step."""
        mama_mia(tmp_path)
        table = tmp_path / "clinical_and_imaging_info.csv"
        table.write_text('patient_id,acquisition_times\nDUKE_001,"[0, 584, 714, 846, 977]"\n')
        scan = read(tmp_path, WITHOUT_T2)[1]
        assert scan.facts.phase_seconds == (0, 130, 260, 392, 523)
        assert any("carry an offset" in sentence for sentence in scan.facts.found)


class TestBreastDcedl:
    NAMES = (
        [f"ISPY2-1_spy2_vis1_dce_aqc_{n}.nii.gz" for n in range(5)],
        [f"ISPY1_1001_spy1_vis1_acq{n}.nii.gz" for n in range(5)],
        [f"Breast_MRI_001_duke_aqc_{n}.nii.gz" for n in range(5)],
    )

    @pytest.mark.parametrize("names", NAMES)
    def test_every_trial(self, tmp_path, names):
        breastdcedl(tmp_path / "dce", names)
        patient = names[0].split("_spy")[0].split("_duke")[0]
        trial = names[0].removeprefix(f"{patient}_").split("_dce")[0].split("_a")[0]
        write(tmp_path / "mask" / f"{patient}_{trial}_mask.nii.gz", (make_anatomy()[1] == 1).astype(np.uint8))
        layout, scan = read(tmp_path, WITHOUT_T2)
        assert (layout, scan.pseudonym, len(scan.lesions)) == ("BreastDCEDL", patient, 1)

    def test_gap_is_not_filled(self, tmp_path):
        breastdcedl(tmp_path, self.NAMES[0])
        (tmp_path / self.NAMES[0][2]).unlink()
        with pytest.raises(InputError, match="phase 2 is missing between others; add its file"):
            read(tmp_path, WITHOUT_T2)


class TestOdelia:
    def test_lesion_is_placed_in_the_labelled_breast_and_marked(self, tmp_path):
        layout, scan = read(odelia(tmp_path))
        assert (layout, scan.pseudonym) == ("ODELIA", "UKA_12")
        (lesion,) = scan.lesions
        assert (lesion.lesion_class, lesion.origin) == (LesionClass.MALIGNANT, "automatic")
        # Lesion 2 of the anatomy lies in the left breast (higher columns).
        found, mask = volumes.voxels(scan.lesion_mask) == 1, make_anatomy()[1] == 2
        assert np.count_nonzero(found & mask) > 0.8 * np.count_nonzero(found)
        assert any(
            "automatically, as the largest part that enhances" in sentence for sentence in scan.facts.found
        )

    def test_exam_without_label_is_unknown(self, tmp_path):
        odelia(tmp_path)
        (tmp_path / "UKA" / "metadata" / "annotation.csv").write_text(
            "ID,Lesion_Left,Lesion_Right\nother,No,No\n"
        )
        assert not read(tmp_path)[1].facts.lesions_known

    def test_breast_in_which_nothing_enhances_is_refused(self, tmp_path):
        odelia(tmp_path)
        for number in range(1, 5):
            write(tmp_path / "UKA" / "data" / "UKA_12" / f"Post_{number}.nii.gz", PHASES[0] + number)
        with pytest.raises(
            InputError, match="enhances by 50% in the left breast; give the lesion a mask, a box or a point"
        ):
            read(tmp_path)

    def test_two_posts_are_refused(self, tmp_path):
        with pytest.raises(InputError, match="only 2 post-contrast phases"):
            read(odelia(tmp_path, 2))


class TestFiveOf:
    def test_five_are_taken_as_they_are(self):
        assert five_of(5, None) == (0, 1, 2, 3, 4)

    @pytest.mark.parametrize(
        ("seconds", "expected"),
        [
            (
                (0, 60, 120, 180, 240, 300),
                (0, 1, 2, 3, 5),
            ),  # 10+20+30+20 = 80 s off; with 240 last 10+20+30+40
            ((0, 10, 20, 30, 40, 50), (0, 2, 3, 4, 5)),  # too short: the last four
            ((0, 70, 71, 140, 210, 280), (0, 1, 3, 4, 5)),
            ((100, 170, 240, 310, 345, 380), (0, 1, 2, 3, 5)),  # times count from the first
        ],
    )
    def test_nearest_in_time(self, seconds, expected):
        assert five_of(len(seconds), seconds) == expected

    @pytest.mark.parametrize("text", ["", "0,1,2,3", "0,1,2,3,3", "4,3,2,1,0", "-1,0,1,2,3", "a,b,c,d,e"])
    def test_wanted_phases_are_five_ascending_numbers(self, text):
        with pytest.raises(InputError, match="five different whole numbers in ascending order"):
            parse_phases(text)

    def test_wanted_phase_that_is_not_there(self):
        with pytest.raises(InputError, match="from 0 to 4"):
            five_of(5, None, wanted=(0, 1, 2, 3, 9))


def header(dims, *, offset=352.0):
    """NIfTI-1 header of 16-bit voxels."""
    content = bytearray(352)
    struct.pack_into("<i", content, 0, 348)
    struct.pack_into("<8h", content, 40, 3, *dims, 1, 1, 1, 1)
    struct.pack_into("<2h", content, 70, 4, 16)
    struct.pack_into("<f", content, 108, offset)
    content[344:348] = b"n+1\0"
    return bytes(content)


class TestBombs:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (lambda: header((32767, 32767, 32767)), r"promises \d+ bytes of voxels; the limit is 4294967296"),
            (
                lambda: header((2, 2, 2)) + bytes(16 + (65 << 20)),
                "goes on for more than 67108864 bytes after its voxels",
            ),
            (
                lambda: header((2, 2, 2), offset=1e11),
                r"its voxels begin at byte 99999997952; the limit is 67108864",
            ),
        ],
        ids=["huge promise", "zeros without end", "far offset"],
    )
    def test_gzip_bomb_is_refused(self, tmp_path, content, message):
        folder = make_patient_folder(tmp_path / "P01")
        (folder / "T2.nii.gz").write_bytes(gzip.compress(content(), 1))
        with pytest.raises(InputError, match=message):
            read(tmp_path)

    def test_huge_promise_of_another_format(self, tmp_path):
        folder = make_patient_folder(tmp_path / "P01", suffix=".mha")
        lines = "ObjectType = Image\nNDims = 3\nBinaryData = True\nDimSize = 30000 30000 30000\nElementSpacing = 1 1 1\nElementType = MET_SHORT\nElementDataFile = LOCAL\n"
        (folder / "T2.mha").write_text(lines)
        with pytest.raises(
            InputError, match=r"T2\.mha promises 27000000000000 voxels; the limit is 1073741824"
        ):
            read(tmp_path)


def test_folder_without_anything_known(tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(
        InputError, match="expected one sub-folder per patient with DICOM files, or with T2, T1_pre"
    ):
        layouts.find(tmp_path, OPTIONS)
