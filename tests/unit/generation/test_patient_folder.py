"""Patient folders: complete ones are read, every defect is one clear sentence."""

import gzip
import json

import numpy as np
import pytest
import SimpleITK as sitk

from generation.core import patient_folder
from generation.core.errors import InputError
from generation.core.labels import LesionClass
from tests.scans import SPACING_MM, make_anatomy, make_frames, make_patient_folder, to_image

TRUTH = '{"lesions": [{"lesion": %s, "malignant": false}, {"lesion": 2, "malignant": true}]}'


@pytest.fixture
def patient(tmp_path):
    return make_patient_folder(tmp_path / "in" / "P01")


class TestReadPatient:
    @pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
    def test_every_format_gives_the_same_voxels(self, tmp_path, patient, suffix):
        other = make_patient_folder(tmp_path / "other" / "P01", suffix=suffix)
        assert patient_folder.read_patient(other).sha256 == patient_folder.read_patient(patient).sha256

    def test_lesions_are_measured(self, patient):
        scan = patient_folder.read_patient(patient)
        mask = make_anatomy()[1]
        first, second = scan.lesions
        assert (first.number, first.lesion_class) == (1, LesionClass.BENIGN)
        assert (second.number, second.lesion_class) == (2, LesionClass.MALIGNANT)
        assert first.volume_mm3 == pytest.approx(np.count_nonzero(mask == 1) * 3.5 * 3.5 * 9)
        assert first.n_slices == np.count_nonzero((mask == 1).any(axis=(1, 2)))

    def test_geometry_is_along_x_y_z(self, patient):
        assert patient_folder.read_patient(patient).geometry()["T1"] == {
            "size": [96, 80, 10],
            "spacing_mm": [3.5, 3.5, 9.0],
        }

    def test_lesions_csv_and_malignant_flag_say_the_same(self, patient):
        expected = patient_folder.read_patient(patient).lesions
        (patient / "truth.json").write_text(
            '{"lesions": [{"lesion": 1, "malignant": false}, {"lesion": 2, "malignant": true}]}'
        )
        assert patient_folder.read_patient(patient).lesions == expected
        (patient / "truth.json").unlink()
        (patient / "lesions.csv").write_text("lesion,lesion_class\n2,Malignant\n1,benign\n")
        assert patient_folder.read_patient(patient).lesions == expected

    @pytest.mark.parametrize(
        "table",
        [
            pytest.param("lesion;lesion_class\n1;benign\n2;malignant\n", id="semicolons"),
            pytest.param("Lesion,Lesion class\n1.0,Benign\n2.0,Malignant\n", id="a spreadsheet's words"),
        ],
    )
    def test_lesions_csv_is_read_as_other_tables_are(self, patient, table):
        expected = patient_folder.read_patient(patient).lesions
        (patient / "truth.json").unlink()
        (patient / "lesions.csv").write_text(table)
        assert patient_folder.read_patient(patient).lesions == expected

    def test_patient_whose_table_says_no_findings(self, patient):
        sitk.WriteImage(to_image(np.zeros_like(make_anatomy()[1])), patient / "lesions.nii.gz")
        (patient / "truth.json").unlink()
        (patient / "lesions.csv").write_text("lesion,lesion_class\n,no_findings\n")
        assert patient_folder.read_patient(patient).lesions == ()

    def test_a_lesion_number_with_a_point_and_nothing_behind_it_is_whole(self, patient):
        expected = patient_folder.read_patient(patient).lesions
        (patient / "truth.json").write_text(TRUTH % "1.0")
        assert patient_folder.read_patient(patient).lesions == expected

    @pytest.mark.parametrize(
        "value", ["1.7", "true", "false", '"1"', '"1.7"', "null", "NaN", "Infinity", "[1]", '{"value": 1}']
    )
    def test_a_lesion_number_that_is_not_whole_is_refused(self, patient, value):
        (patient / "truth.json").write_text(TRUTH % value)
        with pytest.raises(InputError) as refused:
            patient_folder.read_patient(patient)
        assert str(refused.value) == (
            f"Patient P01, truth.json: lesion is {value}; write the whole number that the lesion has in the mask, such as 1."
        )

    def test_patient_without_lesions(self, patient):
        sitk.WriteImage(to_image(np.zeros_like(make_anatomy()[1])), patient / "lesions.nii.gz")
        (patient / "truth.json").write_text('{"lesions": []}')
        assert patient_folder.read_patient(patient).lesions == ()

    def test_sagittal_storage_counts_axial_slices(self, patient):
        expected = patient_folder.read_patient(patient).lesions
        for path in patient.glob("*.nii.gz"):
            sitk.WriteImage(sitk.DICOMOrient(sitk.ReadImage(path), "PSR"), path)
        found = patient_folder.read_patient(patient).lesions
        assert [lesion.n_slices for lesion in found] == [lesion.n_slices for lesion in expected]
        assert [lesion.volume_mm3 for lesion in found] == pytest.approx(
            [lesion.volume_mm3 for lesion in expected]
        )


def replace_frame(folder, name, array, **geometry):
    sitk.WriteImage(to_image(array, **geometry), folder / f"{name}.nii.gz")


def with_value(name, value):
    array = make_frames()[name].astype(np.float32)
    array[0, 0, 0] = value
    return array


def write_truth(folder, *lesions):
    (folder / "truth.json").write_text(
        json.dumps({"lesions": [{"lesion": n, "lesion_class": c} for n, c in lesions]})
    )


def write_table(folder, text):
    (folder / "truth.json").unlink()
    (folder / "lesions.csv").write_text(text)


DEFECTS = {
    "missing frame": (
        lambda p: (p / "T1_post3.nii.gz").unlink(),
        r"Patient P01 has no T1_post3; add T1_post3\.nii\.gz",
    ),
    "missing mask": (lambda p: (p / "lesions.nii.gz").unlink(), "Patient P01 has no lesions; add"),
    "frame twice": (
        lambda p: sitk.WriteImage(to_image(make_frames()["T2"]), p / "T2.mha"),
        r"P01 has T2\.nii\.gz and T2\.mha; keep one",
    ),
    "no image": (
        lambda p: (p / "T2.nii.gz").write_bytes(gzip.compress(b"hello")),
        r"T2\.nii\.gz is no NIfTI file",
    ),
    "NaN": (
        lambda p: replace_frame(p, "T1_pre", with_value("T1_pre", np.nan)),
        r"T1_pre\.nii\.gz holds 1 voxels that are NaN or infinite",
    ),
    "infinity": (
        lambda p: replace_frame(p, "T2", with_value("T2", np.inf)),
        r"T2\.nii\.gz holds 1 voxels that are NaN or infinite",
    ),
    "empty": (
        lambda p: replace_frame(p, "T2", np.zeros((10, 80, 96), np.int16)),
        r"T2\.nii\.gz is empty, all 76800 voxels are 0",
    ),
    "2-D": (
        lambda p: sitk.WriteImage(to_image(make_frames()["T2"])[:, :, 5], p / "T2.nii.gz"),
        "has 2 dimensions; give one three-dimensional",
    ),
    "4-D": (
        lambda p: sitk.WriteImage(sitk.JoinSeries([to_image(make_frames()["T2"])] * 2), p / "T2.nii.gz"),
        "has 4 dimensions; give one three-dimensional",
    ),
    "colour": (
        lambda p: sitk.WriteImage(
            sitk.Compose([sitk.Cast(to_image(make_frames()["T2"]), sitk.sitkUInt8)] * 3), p / "T2.nii.gz"
        ),
        "has 3 values per voxel",
    ),
    "T1 grids differ": (
        lambda p: replace_frame(p, "T1_post2", make_frames()["T1_post2"], spacing_mm=(3.5, 3.5, 8.0)),
        r"T1_post2 has 96 x 80 x 10 voxels of 3\.5 x 3\.5 x 8 mm at \(0, 0, 0\), but T1_pre has",
    ),
    "T1 shifted": (
        lambda p: replace_frame(p, "T1_post4", make_frames()["T1_post4"], origin_mm=(0, 0.2, 0)),
        r"T1_post4 has .* at \(0, 0\.2, 0\)",
    ),
    "mask on another grid": (
        lambda p: replace_frame(p, "lesions", make_anatomy()[1][:, :, 1:]),
        r"lesions\.nii\.gz has 95 x 80 x 10 voxels .* draw or resample the mask on the T1 grid",
    ),
    "mask with fractions": (
        lambda p: replace_frame(p, "lesions", make_anatomy()[1].astype(np.float32) / 2),
        r"lesions\.nii\.gz holds the value 0\.5; write 0 for healthy tissue",
    ),
    "mask with negatives": (
        lambda p: replace_frame(p, "lesions", -make_anatomy()[1].astype(np.int16)),
        "holds the value -2",
    ),
    "lesion only in mask": (
        lambda p: write_truth(p, (1, "benign")),
        "lesion 2 is in the mask but not in the truth",
    ),
    "lesion only in truth": (
        lambda p: write_truth(p, (1, "benign"), (2, "malignant"), (3, "benign")),
        "lesion 3 is in the truth but not in the mask",
    ),
    "lesion twice": (lambda p: write_truth(p, (1, "benign"), (1, "benign")), "lesion 1 appears twice"),
    "lesion zero": (lambda p: write_truth(p, (0, "benign")), r"lesion 0 is not in 1\.\.65535"),
    "unknown class": (lambda p: write_truth(p, (1, "odd")), r'truth\.json: Lesion class "odd" is unknown'),
    "healthy lesion": (lambda p: write_truth(p, (1, "no_findings")), "lesion 1 is called no_findings"),
    "text for malignant": (
        lambda p: (p / "truth.json").write_text('{"lesions": [{"lesion": 1, "malignant": "no"}]}'),
        'malignant is "no"; write true',
    ),
    "no truth": (lambda p: (p / "truth.json").unlink(), r"has neither of truth\.json and lesions\.csv"),
    "two truths": (
        lambda p: (p / "lesions.csv").write_text("lesion,lesion_class\n"),
        r"has both of truth\.json and lesions\.csv",
    ),
    "table without numbers": (
        lambda p: write_table(p, "lesion_class\nbenign\n"),
        r"P01, lesions\.csv: a row of a lesion has no number; write the columns lesion,lesion_class",
    ),
    "table with a healthy lesion": (
        lambda p: write_table(p, "lesion,lesion_class\n1,no_findings\n"),
        r"lesions\.csv: lesion 1 is called no_findings",
    ),
    "table with an odd class": (
        lambda p: write_table(p, "lesion,lesion_class\n1,odd\n"),
        r"P01: lesions\.csv, line 2: lesion_class is none of benign",
    ),
    "broken truth": (
        lambda p: (p / "truth.json").write_text("{"),
        r"truth\.json cannot be read \(JSONDecodeError",
    ),
    "truth of another shape": (
        lambda p: (p / "truth.json").write_text("[]"),
        r"truth\.json cannot be read \(TypeError",
    ),
}


class TestDefects:
    @pytest.mark.parametrize("name", DEFECTS)
    def test_is_refused_in_one_sentence(self, patient, name):
        spoil, message = DEFECTS[name]
        spoil(patient)
        with pytest.raises(InputError, match=message) as caught:
            patient_folder.read_patient(patient)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
    @pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
    def test_truncated_file_is_refused(self, tmp_path, suffix, share):
        folder = make_patient_folder(tmp_path / "P01", suffix=suffix)
        path = folder / f"T2{suffix}"
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(InputError, match=rf"T2\{suffix} cannot be read"):
            patient_folder.read_patient(folder)

    def test_flipped_bit_in_gzip_is_refused(self, patient):
        content = bytearray((patient / "T2.nii.gz").read_bytes())
        content[len(content) // 2] ^= 1
        (patient / "T2.nii.gz").write_bytes(content)
        with pytest.raises(InputError, match=r"T2\.nii\.gz cannot be read"):
            patient_folder.read_patient(patient)

    @pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_nan_is_found_in_every_format(self, tmp_path, suffix, dtype):
        folder = make_patient_folder(tmp_path / "P01", suffix=suffix)
        array = make_frames()["T2"].astype(dtype)
        array[5, 6, 7] = array[-1, -1, -1] = np.nan
        sitk.WriteImage(to_image(array), folder / f"T2{suffix}")
        with pytest.raises(InputError, match="holds 2 voxels that are NaN or infinite"):
            patient_folder.read_patient(folder)

    @pytest.mark.parametrize("name", ["Müller", "Anna Smith", "-x", "a" * 65, "p.1"])
    def test_folder_name_must_be_a_pseudonym(self, name):
        with pytest.raises(InputError, match="cannot be a pseudonym"):
            patient_folder.parse_pseudonym(name)


class TestFindPatients:
    def test_folder_of_folders(self, patient, tmp_path):
        make_patient_folder(tmp_path / "in" / "A7")
        (tmp_path / "in" / "notes").mkdir()
        (tmp_path / "in" / ".cache").mkdir()
        content = patient_folder.find_patients(tmp_path / "in")
        assert [path.name for path in content.patients] == ["A7", "P01"]
        assert content.ignored == ("notes",)

    def test_one_patient(self, patient):
        assert patient_folder.find_patients(patient).patients == (patient,)

    def test_no_patient(self, tmp_path):
        with pytest.raises(InputError, match="holds no patient; expected one sub-folder per patient"):
            patient_folder.find_patients(tmp_path)

    def test_no_folder(self, tmp_path):
        with pytest.raises(InputError, match="is not a folder on this machine"):
            patient_folder.find_patients(tmp_path / "none")

    def test_pseudonyms_that_differ_by_case_only(self, patient, tmp_path):
        make_patient_folder(tmp_path / "in" / "p01")
        with pytest.raises(InputError, match=r"P01 and p01 .* have the same pseudonym"):
            patient_folder.find_patients(tmp_path / "in")


class TestWritePatient:
    def test_voxels_geometry_and_classes_survive(self, patient, tmp_path):
        scan = patient_folder.read_patient(patient)
        patient_folder.write_patient(scan, tmp_path / "out" / "P01")
        again = patient_folder.read_patient(tmp_path / "out" / "P01")
        assert again.sha256 == scan.sha256
        assert again.geometry() == scan.geometry()
        assert again.lesions == scan.lesions
        assert patient_folder.load_patient(tmp_path / "out" / "P01").classes == {
            1: LesionClass.BENIGN,
            2: LesionClass.MALIGNANT,
        }

    def test_nothing_else_of_the_file_survives(self, patient, tmp_path):
        image = to_image(make_frames()["T2"])
        for key in ("descrip", "aux_file", "intent_name", "db_name"):
            image.SetMetaData(key, "DOE^JANE 1950")
        sitk.WriteImage(image, patient / "T2.nii.gz")
        assert b"DOE^JANE" in gzip.decompress((patient / "T2.nii.gz").read_bytes())
        patient_folder.write_patient(patient_folder.read_patient(patient), tmp_path / "out" / "P01")
        for path in (tmp_path / "out" / "P01").iterdir():
            content = path.read_bytes()
            assert b"DOE" not in (gzip.decompress(content) if path.suffix == ".gz" else content)

    def test_same_scan_gives_same_bytes(self, patient, tmp_path):
        scan = patient_folder.read_patient(patient)
        for name in ("a", "b"):
            patient_folder.write_patient(scan, tmp_path / name)
        assert (tmp_path / "a" / "T2.nii.gz").read_bytes() == (tmp_path / "b" / "T2.nii.gz").read_bytes()

    def test_spacing_is_that_of_the_scan(self, patient, tmp_path):
        patient_folder.write_patient(patient_folder.read_patient(patient), tmp_path / "P01")
        assert sitk.ReadImage(tmp_path / "P01" / "T1_pre.nii.gz").GetSpacing() == pytest.approx(SPACING_MM)
