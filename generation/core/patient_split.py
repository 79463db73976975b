"""Split of a patch set into training, validation and test patients, stored in its manifest.

Patches of one patient look alike, so whole patients are split: a generator that is scored on patients it was
trained on would be rewarded for remembering them.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES, LesionClass
from generation.core.patch_set import PatchSetFolder


class Part(StrEnum):
    """What patients of a patch set are used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


SHARES: Final[Mapping[Part, float]] = {
    Part.TRAIN: 0.7,
    Part.VALIDATION: 0.15,
    Part.TEST: 0.15,
}  # ours; the paper has none
MANIFEST_KEY: Final = "split"


@dataclass(frozen=True)
class PatientSplit:
    """Which patient is in which part."""

    seed: int
    parts: Mapping[str, Part]

    def patients(self, part: Part) -> tuple[str, ...]:
        """Pseudonyms of one part, sorted."""
        return tuple(sorted(patient for patient, mine in self.parts.items() if mine is part))

    def as_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        listed = {part.value: list(self.patients(part)) for part in Part}
        return {"seed": self.seed, "shares": {part.value: share for part, share in SHARES.items()}, **listed}


def assign(classes: Mapping[str, Iterable[LesionClass]], *, seed: int) -> PatientSplit:
    """Deal patients to training, validation and test, evenly over what they have.

    Patients are ordered by their gravest class (malignant, benign, none), then by a hash of seed and pseudonym,
    and dealt one by one to the part that lacks most. Neither the order of patients nor the number of processes
    plays a part. With fewer than five patients the test part is empty.

    Parameters
    ----------
    classes : lesion classes of every patient's patches
    seed : another seed, another split
    """

    def rank(patient: str) -> tuple[int, str]:
        held = set(classes[patient])
        gravest = next((i for i, one in enumerate(_GRAVITY) if one in held), len(_GRAVITY))
        return gravest, hashlib.sha256(f"{seed}:{patient}".encode()).hexdigest()

    counts = dict.fromkeys(Part, 0)
    parts: dict[str, Part] = {}
    for n_dealt, patient in enumerate(sorted(classes, key=rank), start=1):
        part = max(Part, key=lambda one: round(SHARES[one] * n_dealt - counts[one], 9))
        counts[part] += 1
        parts[patient] = part
    return PatientSplit(seed, parts)


def of(folder: PatchSetFolder) -> PatientSplit | None:
    """Split of a patch set, or None if it was made without one.

    Raises
    ------
    InputError
        If the manifest's split does not name every patient of the index once.
    """
    stored = folder.manifest.get("provenance", {}).get(MANIFEST_KEY)
    if not stored:
        return None
    named = [(patient, part) for part in Part for patient in stored[part.value]]
    parts = dict(named)
    missing = set(folder.patients()) - set(parts)
    if missing or len(parts) != len(named):
        raise InputError(
            f'The split of patch set "{folder.folder.name}" does not name every patient once; extract the patches again.'
        )
    return PatientSplit(int(stored["seed"]), parts)


def indices(folder: PatchSetFolder, part: Part) -> NDArray[np.intp]:
    """Positions of the patches of one part, ascending; all of them where the patch set has no split and `part` is train.

    Parameters
    ----------
    folder : opened patch set
    part : train, validation or test
    """
    split = of(folder)
    if split is None:
        return np.arange(len(folder) if part is Part.TRAIN else 0)
    mine = [split.parts.get(row.patient) is part for row in folder.rows]
    return np.flatnonzero(np.asarray(mine, dtype=np.bool_))


_GRAVITY: Final = tuple(c for c in reversed(LESION_CLASSES) if c is not LesionClass.NO_FINDINGS)
