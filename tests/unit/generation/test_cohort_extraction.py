"""Extraction of whole patients, from folder to patch set."""

import numpy as np
import pytest

from generation.core import patient_folder
from generation.core.cohort_extraction import extract_cohort, extract_patient
from generation.core.errors import InputError
from generation.core.extraction_options import MAX_SEED, ExtractionOptions
from generation.core.frames import SUB, T1_POST1, T1_PRE
from generation.core.labels import LesionClass


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


class TestExtractCohort:
    def test_no_patient(self, tmp_path):
        with pytest.raises(InputError, match="There is no patient to extract"):
            extract_cohort([], tmp_path / "s", options=ExtractionOptions(), provenance={})


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
