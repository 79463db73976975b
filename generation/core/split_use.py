"""Which patches of a patch set a training may see, and which are left to judge it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from generation.core import patient_split
from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES, LesionClass
from generation.core.patch_set import PatchSetFolder
from generation.core.patient_split import Part


@dataclass(frozen=True)
class PatchSetPart(PatchSetFolder):
    """The patches of some of the patients; positions stay those of the whole patch set.

    Attributes
    ----------
    positions : of these patients' patches, ascending
    """

    positions: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))

    def __len__(self) -> int:
        return len(self.positions)

    def indices_of(self, lesion_class: LesionClass) -> NDArray[np.intp]:
        """Positions of the patches of one class among these patients, ascending."""
        mine = self.labels()[self.positions] == lesion_class.code
        return np.asarray(self.positions[mine], dtype=np.intp)

    def counts(self) -> dict[LesionClass, int]:
        """Number of patches per class among these patients; every class is a key."""
        return {lesion_class: len(self.indices_of(lesion_class)) for lesion_class in LESION_CLASSES}

    def patients(self) -> tuple[str, ...]:
        """Pseudonyms of these patients that have patches, sorted."""
        return tuple(sorted({self.rows[position].patient for position in self.positions}))


def part_of(whole: PatchSetFolder, part: Part) -> PatchSetPart:
    """Look at one part of the patients of a patch set only.

    Raises
    ------
    InputError
        If the patch set has no split, or no patient in this part.
    """
    if patient_split.of(whole) is None:
        raise InputError(
            f'Patch set "{whole.folder.name}" has no split into training, validation and test patients; score against all reals.'
        )
    found = PatchSetPart(
        folder=whole.folder,
        patches=whole.patches,
        rows=whole.rows,
        manifest=whole.manifest,
        frame_set=whole.frame_set,
        positions=patient_split.indices(whole, part),
    )
    if not len(found):
        raise InputError(
            f'No patch of patch set "{whole.folder.name}" is of a {part} patient; score against all reals, or extract patches of more patients.'
        )
    return found


def training_rows(whole: PatchSetFolder, *, use_split: bool) -> NDArray[np.intp] | None:
    """Positions of the patches that a training may see; None: all of them.

    Parameters
    ----------
    whole : opened patch set
    use_split : what the recipe asks for; a patch set without a split is trained on whole

    Raises
    ------
    InputError
        If a class of the patch set has no patch among the training patients.
    """
    if not use_split or patient_split.of(whole) is None:
        return None
    rows = patient_split.indices(whole, Part.TRAIN)
    lost = set(np.unique(whole.labels()).tolist()) - set(np.unique(whole.labels()[rows]).tolist())
    if lost:
        names = ", ".join(LESION_CLASSES[code].words for code in sorted(lost))
        raise InputError(
            f'Patch set "{whole.folder.name}" has patches of class {names} of no training patient; '
            "train on all patients (use_split off), or extract the patches with another seed of the split."
        )
    return rows


def in_words(counts: Mapping[Part, int] | None, *, use_split: bool) -> str:
    """Say which patients a training saw.

    Parameters
    ----------
    counts : patients of each part; None: the patch set has no split
    use_split : what the recipe asks for
    """
    if counts is None:
        return "patches of all patients, as the paper: the patch set has no split"
    if not use_split:
        return "patches of all patients, as the paper: the split of the patch set is not used"
    train, validation, test = (counts[part] for part in (Part.TRAIN, Part.VALIDATION, Part.TEST))
    return f"patches of {train} training patients; {validation} validation and {test} test patients were left out"
