"""Extraction of whole patients, from folder to patch set."""

import numpy as np
import pytest

from generation.core import patch_part, patient_folder
from generation.core.cohort_extraction import PartWish, extract_patient, join_parts, make_parts
from generation.core.errors import InputError
from generation.core.extraction_options import ExtractionOptions
from generation.core.frames import SUB, T1_POST1, T1_PRE
from generation.core.labels import LesionClass
from generation.core.patch_index import PatchRow
from generation.core.patch_set import PatchSetWriter, sha256_of_file
from generation.core.seeds import MAX_SEED
from tests.scans import make_patient_folder


class TestExtractionOptions:
    def test_defaults_are_the_papers(self):
        assert ExtractionOptions().as_dict() == {
            "seed": 1,
            "healthy_per_breast_slice": 15,
            "intensity_range": "min-max",
        }

    def test_a_row_is_read_back(self):
        options = ExtractionOptions.parse({"seed": "7", "intensity_range": "percentile"})
        assert ExtractionOptions.parse(options.as_dict()) == options

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"seed": -1}, "Seed -1 cannot be used"),
            ({"seed": MAX_SEED + 1}, "cannot be used; write a whole number from 0"),
            ({"healthy_per_breast_slice": 1001}, "1001 healthy patches per breast and slice cannot be drawn"),
            ({"intensity_range": "z"}, 'Intensity range "z" is unknown'),
        ],
    )
    def test_values_outside_their_limits(self, values, message):
        with pytest.raises(InputError, match=message):
            ExtractionOptions.parse(values)


FEW = ExtractionOptions(seed=5, healthy_per_breast_slice=1)


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """Three patients as an import stores them."""
    root = tmp_path_factory.mktemp("patients")
    for number in (1, 2, 3):
        brought = make_patient_folder(root / "brought" / f"P0{number}", seed=number)
        patient_folder.write_patient(patient_folder.read_patient(brought), root / brought.name)
    return [root / name for name in ("P01", "P02", "P03")]


@pytest.fixture(scope="module")
def one_after_another(patients, tmp_path_factory):
    """The patch set as one process writes it, patient by patient, without parts."""
    target = tmp_path_factory.mktemp("plain") / "set"
    with PatchSetWriter(target, source="real") as writer:
        for patient in patients:
            extracted = extract_patient(patient, FEW)
            writer.add(extracted.extraction.patches, extracted.extraction.rows)
        writer.finish({})
    return target


class TestParts:
    def test_no_patient(self, tmp_path):
        with pytest.raises(InputError, match="There is no patient to extract"):
            join_parts(tmp_path, [], tmp_path / "s", options=FEW, provenance={})

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_any_order_and_any_number_of_processes_give_the_same_bytes(
        self, patients, one_after_another, tmp_path, n_jobs
    ):
        wishes = [PartWish(patient) for patient in reversed(patients)]
        made = dict(make_parts(wishes, FEW, tmp_path / "parts", n_jobs=n_jobs))
        joined = join_parts(tmp_path / "parts", list(made), tmp_path / "set", options=FEW, provenance={})
        for name in ("patches.npy", "index.csv"):
            assert sha256_of_file(joined.folder / name) == sha256_of_file(one_after_another / name)
        assert sorted(path.stem for path in (joined.folder / "qc").iterdir()) == ["P01", "P02", "P03"]

    def test_only_lesions_are_cut_where_the_region_was_refused(self, patients):
        extracted = extract_patient(patients[0], FEW, has_region=False)
        assert {row.lesion_class for row in extracted.extraction.rows} == {
            LesionClass.BENIGN,
            LesionClass.MALIGNANT,
        }
        assert extracted.facts["breast_region"] == "refused"

    def test_patient_without_a_patch_has_a_part_all_the_same(self, tmp_path):
        nothing = np.zeros((0, 7, 64, 64), np.int16)
        sha256 = patch_part.write(tmp_path / "P", patches=nothing, rows=(), facts={"n": 0}, sheet=b"j")
        assert patch_part.sha256(tmp_path / "P") == sha256
        part = patch_part.read(tmp_path / "P")
        assert (len(part.patches), part.rows, part.facts, part.sheet) == (0, (), {"n": 0}, b"j")

    @pytest.mark.parametrize("name", ["patches.npy", "index.csv", "sheet.jpg", "facts.json"])
    def test_a_changed_or_missing_file_changes_the_hash(self, tmp_path, name):
        patches = np.zeros((1, 7, 64, 64), np.int16)
        rows = (PatchRow("P", LesionClass.BENIGN, 1, 3, 99, 99),)
        sha256 = patch_part.write(tmp_path / "P", patches=patches, rows=rows, facts={}, sheet=b"j")
        with (tmp_path / "P" / name).open("r+b") as file:
            first = file.read(1)
            file.seek(0)
            file.write(bytes([first[0] ^ 1]))
        assert patch_part.sha256(tmp_path / "P") not in {"", sha256}
        (tmp_path / "P" / name).unlink()
        assert patch_part.sha256(tmp_path / "P") == ""


@pytest.fixture(scope="module")
def extracted(shared_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort") / "exam41"
    scan = patient_folder.read_patient(shared_folder / "data" / "breast-semireal-exam41")
    patient_folder.write_patient(scan, folder)
    return extract_patient(folder, ExtractionOptions(seed=41))


class TestSemiRealPatient:
    """Real anatomy with simulated signal (label map of Sensors 2021 21:8265)."""

    def test_classes_are_those_of_its_truth(self, extracted):
        classes = {row.lesion_id: row.lesion_class for row in extracted.extraction.rows if row.lesion_id}
        assert classes == {
            n: LesionClass.MALIGNANT if n == 4 else LesionClass.BENIGN for n in (1, 2, 3, 4, 5)
        }
        assert extracted.extraction.vanished_lesions == ()

    def test_lesions_take_up_contrast(self, extracted):
        """At the middle of the patch, where the centre of mass lies; the malignant lesion most (Ktrans 0.386)."""
        uptake = {}
        for patch, row in zip(extracted.extraction.patches, extracted.extraction.rows, strict=True):
            uptake.setdefault(row.lesion_class, []).append(patch[SUB, 29:36, 29:36].mean())
            np.testing.assert_array_equal(patch[SUB], patch[T1_POST1] - patch[T1_PRE])
        mean = {lesion_class: np.mean(values) for lesion_class, values in uptake.items()}
        assert mean[LesionClass.MALIGNANT] > mean[LesionClass.BENIGN] > 2 * mean[LesionClass.NO_FINDINGS]

    def test_no_healthy_centre_lies_in_air(self, extracted):
        # Noise in air has a mean of about 8 of 1023; the darkest tissue, skin, lies above 60.
        healthy = [row.lesion_id is None for row in extracted.extraction.rows]
        centres = extracted.extraction.patches[healthy][:, T1_PRE, 30:35, 30:35].mean(axis=(1, 2))
        assert len(centres) > 400
        assert centres.min() > 30
