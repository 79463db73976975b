"""Reference scans that lie beside the project on some machines: real DICOM, a real slice, a semi-real exam."""

import json
import shutil

import numpy as np
import pytest

from generation.core import cohort_extraction, layouts, lesion_sources, patient_folder, preparation, volumes
from generation.core.extraction_options import ExtractionOptions
from generation.core.frames import DYNAMIC, FRAMES, SCANNED_FRAMES, SUB
from generation.core.import_options import ImportOptions
from generation.core.labels import LesionClass
from generation.core.lesion_table import LesionRow
from generation.core.phantom.kinetics import CurveType, curve_type

KEY = b"a secret of this test"


def imported(folder, tmp_path):
    """Import one patient and extract its lesion patches."""
    options = ImportOptions(key=KEY)
    (source,) = layouts.find(folder, options).patients
    scan = source.read(options)
    patient_folder.write_patient(scan, tmp_path / "in" / scan.pseudonym)
    chosen = ExtractionOptions(seed=1, healthy_per_breast_slice=0)
    return scan, cohort_extraction.extract_patient(tmp_path / "in" / scan.pseudonym, chosen)


@pytest.fixture(scope="module")
def prostate(shared_folder):
    options = ImportOptions(key=KEY)
    (source,) = layouts.find(shared_folder / "data" / "prostate-mpmri-dicom", options).patients
    return source.read(options)


@pytest.fixture(scope="module")
def exam(shared_folder, tmp_path_factory):
    folder = shared_folder / "data" / "breast-semireal-exam41"
    return (
        *imported(folder, tmp_path_factory.mktemp("exam")),
        json.loads((folder / "truth.json").read_text()),
    )


class TestProstateDicom:
    """ProstateX-0218: five series that only AcquisitionTime tells apart, T2 on another grid, an ADC map."""

    def test_five_phases_in_the_order_of_acquisition(self, prostate):
        """The folder names state TT8.0s, 75.4, 142.9, 210.4 and 277.8; steps of AcquisitionTime 125705.315 .. 130140.890."""
        assert (
            "The series descriptions state 8, 75.4, 142.9, 210.4, 277.8 s, in the same order."
            in prostate.facts.found
        )
        assert prostate.facts.phase_rule == "acquisition-time"
        assert prostate.facts.phase_seconds == pytest.approx(
            (0.0, 72.39, 140.12, 207.8475, 275.575), abs=1e-6
        )

    def test_adc_is_not_taken_and_t2_is(self, prostate):
        assert "Series 9 is not taken: diffusion (ImageType ADC, DIFFUSION)." in prostate.facts.found
        assert any(sentence.startswith("T2 is series 5 ") for sentence in prostate.facts.found)
        assert prostate.geometry()["T2"] == {"size": [320, 320, 20], "spacing_mm": [0.625, 0.625, 3.6]}
        assert prostate.geometry()["T1"] == {"size": [160, 160, 20], "spacing_mm": [1.625, 1.625, 3.6]}

    def test_t2_lies_on_the_grid_of_the_dynamic_after_preparation(self, prostate):
        prepared = preparation.prepare(prostate.images, prostate.lesion_mask, n_pixels=160, n_slices=20)
        assert prepared.frames.shape == (len(SCANNED_FRAMES), 20, 160, 160)
        # Independent check at one place: prepared voxel -> millimetres -> nearest voxel of the T2 prostate.
        grid = volumes.prepared_grid(prostate.images["T1_pre"], n_pixels=160, n_slices=20)
        point = grid.TransformIndexToPhysicalPoint((80, 85, 10))
        t2 = prostate.images["T2"]
        index = [int(value + 0.5) for value in t2.TransformPhysicalPointToContinuousIndex(point)]
        around = volumes.voxels(t2)[index[2] - 1 : index[2] + 2, index[1] - 1 : index[1] + 2, index[0] - 1 : index[0] + 2]  # fmt: skip
        low, high = prepared.t2_limits
        found = float(prepared.frames[0, 10, 85, 80]) / 1023 * (high - low) + low
        assert around.min() - 1 <= found <= around.max() + 1

    def test_contrast_arrives(self, prostate):
        """Prostate in the middle of the volume: signal rises from phase to phase."""
        means = [float(volumes.voxels(prostate.images[name])[8:12, 60:100, 60:100].mean()) for name in SCANNED_FRAMES[DYNAMIC]]  # fmt: skip
        assert means == sorted(means)
        assert means[-1] > 1.5 * means[0]


class TestBreastSlice:
    """A real dynamic of one slice with a derived mask; its stand-in for T2 only exercises the plumbing."""

    def test_centre_and_uptake(self, shared_folder, tmp_path):
        data = shared_folder / "data" / "breast-dce-slice"
        patient = tmp_path / "slice-1"
        patient.mkdir()
        for name in SCANNED_FRAMES[DYNAMIC]:
            shutil.copy(data / f"{name}.nii.gz", patient)
        shutil.copy(data / "VFA_fa02_PDw_standin_not_T2.nii.gz", patient / "T2.nii.gz")
        shutil.copy(data / "lesion_mask_derived.nii.gz", patient / "lesions.nii.gz")
        (patient / "lesions.csv").write_text("lesion,lesion_class\n1,malignant\n")
        scan, extracted = imported(patient, tmp_path)
        row = extracted.extraction.rows[0]
        # 192 pixels became 512: prepared pixel i has its centre at (i + 0.5) * 192 / 512 - 0.5 of the mask.
        assert [round((place + 0.5) * 192 / 512 - 0.5) for place in (row.row, row.col)] == [110, 98]
        mask = volumes.voxels(scan.lesion_mask)[0] > 0
        rows, cols = np.nonzero(mask)
        assert (round(rows.mean()), round(cols.mean())) == (110, 98)
        middle = extracted.extraction.patches[0, :, 28:36, 28:36].astype(float).mean(axis=(1, 2))
        assert middle[SUB] > 100
        assert middle[FRAMES.index("T1_post1")] > middle[FRAMES.index("T1_pre")]


class TestSemirealExam:
    """Simulated contrast on a real patient's label map; truth.json knows kep of each lesion."""

    def test_labels(self, exam):
        scan, _, truth = exam
        found = {lesion.number: lesion.lesion_class is LesionClass.MALIGNANT for lesion in scan.lesions}
        assert found == {lesion["lesion"]: lesion["malignant"] for lesion in truth["lesions"]}
        # The truth counts voxels of a finer label map; the order of sizes is the same.
        by_volume = sorted(scan.lesions, key=lambda lesion: lesion.volume_mm3)
        by_voxels = sorted(truth["lesions"], key=lambda lesion: lesion["voxels"])
        assert [lesion.number for lesion in by_volume] == [lesion["lesion"] for lesion in by_voxels]

    def test_label_of_a_breast_finds_its_largest_lesion(self, exam):
        """From the label alone, the largest enhancing part; the mask was not shown to it."""
        scan, _, _ = exam
        mask = volumes.voxels(scan.lesion_mask)
        columns = {lesion.number: np.nonzero(mask == lesion.number)[2].mean() for lesion in scan.lesions}
        middle = mask.shape[2] / 2
        for side in ("right", "left"):  # the patient's right lies at lower columns
            mine = [n for n, column in columns.items() if (column < middle) == (side == "right")]
            if not mine:
                continue
            row = LesionRow(patient="", lesion_class=LesionClass.MALIGNANT, breast=side)
            placed = lesion_sources.from_rows([row], scan.images, slice_of=lambda number: number - 1)
            found = volumes.voxels(placed.mask) == 1
            inside = np.bincount(mask[found], minlength=6)
            assert inside[mine].max() > 0.5 * np.count_nonzero(found), (side, inside)

    def test_kinetic_type_of_every_lesion_measured_on_patches(self, exam):
        """Kuhl's types with post1 as reference: kep 0.08 to 0.25 per minute persists, at least 0.7 washes out."""
        _, extracted, truth = exam
        patches, rows = extracted.extraction.patches, extracted.extraction.rows
        for told in truth["lesions"]:
            # The lesion's own pixels: centres of its slices, weighed alike; a disc of five pixels lies inside each.
            mine = [patches[i] for i, row in enumerate(rows) if row.lesion_id == told["lesion"]]
            curve = np.mean([patch[:, 30:35, 30:35].mean(axis=(1, 2)) for patch in mine], axis=0)
            first, last = curve[FRAMES.index("T1_post1")], curve[FRAMES.index("T1_post4")]
            expected = CurveType.WASHOUT if told["kep"] >= 0.7 else CurveType.PERSISTENT
            assert curve_type(first, last) is expected, (told["lesion"], last / first - 1)
