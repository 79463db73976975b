"""Whole patients go to training, validation or test, evenly over what they have."""

import numpy as np
import pytest

from generation.core import patient_split
from generation.core.errors import InputError
from generation.core.labels import LesionClass
from generation.core.patch_set import PatchRow, PatchSetWriter
from generation.core.patient_split import Part

BENIGN, MALIGNANT, HEALTHY = LesionClass.BENIGN, LesionClass.MALIGNANT, LesionClass.NO_FINDINGS


def cohort(n):
    """n patients of each kind: malignant (and benign), benign, healthy."""
    kinds = {"M": {MALIGNANT, BENIGN, HEALTHY}, "B": {BENIGN, HEALTHY}, "H": {HEALTHY}}
    return {f"{kind}{i}": held for kind, held in kinds.items() for i in range(n)}


class TestAssign:
    def test_every_patient_is_in_one_part(self):
        split = patient_split.assign(cohort(20), seed=3)
        assert sorted(sum((split.patients(part) for part in Part), ())) == sorted(cohort(20))

    def test_shares_hold_within_every_kind(self):
        """20 patients of a kind: 14, 3 and 3 by 70, 15 and 15 %."""
        split = patient_split.assign(cohort(20), seed=3)
        for kind in "MBH":
            counts = [sum(name[0] == kind for name in split.patients(part)) for part in Part]
            assert np.abs(np.array(counts) - [14, 3, 3]).max() <= 1

    def test_depends_on_the_seed_and_not_on_the_order(self):
        turned = dict(reversed(cohort(20).items()))
        assert patient_split.assign(turned, seed=3).parts == patient_split.assign(cohort(20), seed=3).parts
        assert (
            patient_split.assign(cohort(20), seed=4).parts != patient_split.assign(cohort(20), seed=3).parts
        )

    def test_five_patients_fill_all_parts(self):
        split = patient_split.assign({f"P{i}": {HEALTHY} for i in range(5)}, seed=0)
        assert [len(split.patients(part)) for part in Part] == [3, 1, 1]


def written(folder, split):
    with PatchSetWriter(folder, source="real") as writer:
        for patient in ("P1", "P2", "P3", "P4"):
            writer.add(np.zeros((2, 7, 64, 64), np.int16), [PatchRow(patient, HEALTHY)] * 2)
        return writer.finish({"split": split} if split else {})


class TestStored:
    def test_indices_of_a_part(self, tmp_path):
        split = patient_split.assign({f"P{i}": {HEALTHY} for i in range(1, 5)}, seed=0)
        folder = written(tmp_path / "set", split.as_dict())
        assert patient_split.of(folder) == split
        found = {part: {folder.rows[i].patient for i in patient_split.indices(folder, part)} for part in Part}
        assert found == {part: set(split.patients(part)) for part in Part}
        assert sum(len(patient_split.indices(folder, part)) for part in Part) == 8

    def test_patch_set_without_split_is_for_training(self, tmp_path):
        folder = written(tmp_path / "set", None)
        assert patient_split.of(folder) is None
        assert len(patient_split.indices(folder, Part.TRAIN)) == 8
        assert len(patient_split.indices(folder, Part.TEST)) == 0

    def test_split_that_forgets_a_patient_is_refused(self, tmp_path):
        folder = written(
            tmp_path / "set", {"seed": 1, "train": ["P1", "P2"], "validation": ["P3"], "test": []}
        )
        with pytest.raises(InputError, match='split of patch set "set" does not name every patient once'):
            patient_split.of(folder)
