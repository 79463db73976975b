"""One patient that passed every check, whatever it came from, and the checks that every source shares."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generation.core import volumes
from generation.core.errors import InputError
from generation.core.frames import DYNAMIC, SCANNED_FRAMES
from generation.core.labels import LesionClass

MAX_LESION: Final = 65_535  # a lesion number is stored in 16 bits
_PSEUDONYM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class ScannedLesion:
    """One lesion of the mask."""

    number: int
    lesion_class: LesionClass
    volume_mm3: float
    n_slices: int  # axial slices of the scan that it touches
    origin: str = "mask"  # what said where it is: mask, segmentation, box, point or automatic


@dataclass(frozen=True)
class ImportFacts:
    """What an import found out about one patient beside its voxels.

    Attributes
    ----------
    layout : name of the folder layout
    found : sentences for people: which series or file became what, by which rule, what is missing or doubtful
    phase_seconds : begin of T1_pre to T1_post4 after T1_pre; None if unknown
    stated_seconds : times of the same phases as the vendor's description states them; None if it does not
    phase_rule : what told the phases apart
    lesions_known : False if nothing said where lesions are; then no patch may be cut from the patient
    has_t2 : False if the T2 frame is black because the cohort has no T2
    is_phantom : whether the source says so
    has_breast_mask : whether a mask of the breasts was given; else the region is found automatically
    """

    layout: str = "own"
    found: tuple[str, ...] = ()
    phase_seconds: tuple[float, ...] | None = None
    stated_seconds: tuple[float, ...] | None = None
    phase_rule: str = ""
    lesions_known: bool = True
    has_t2: bool = True
    is_phantom: bool = False
    has_breast_mask: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        seconds = None if self.phase_seconds is None else [round(second, 2) for second in self.phase_seconds]
        return {
            "layout": self.layout,
            "found": list(self.found),
            "phase_seconds": seconds,
            "stated_seconds": None if self.stated_seconds is None else list(self.stated_seconds),
            "phase_rule": self.phase_rule,
            "lesions_known": self.lesions_known,
            "has_t2": self.has_t2,
            "has_breast_mask": self.has_breast_mask,
        }


@dataclass(frozen=True)
class PatientScan:
    """One patient that passed every check.

    Attributes
    ----------
    images : SimpleITK images of SCANNED_FRAMES
    lesion_mask : SimpleITK image, uint16 lesion numbers on the T1 grid
    sha256 : over the voxels of all frames and the lesion mask, in that order
    breast_mask : SimpleITK image on the T1 grid, 1 in the right breast, 2 in the left; None if none was given
    """

    pseudonym: str
    images: Mapping[str, Any]
    lesion_mask: Any
    lesions: tuple[ScannedLesion, ...]
    sha256: str
    facts: ImportFacts = field(default_factory=ImportFacts)
    breast_mask: Any = None

    def geometry(self) -> dict[str, dict[str, list[float]]]:
        """Size and spacing of T1 and T2 along x, y, z as stored in the scan."""
        grids = {
            name: volumes.grid_of(self.images[frame]) for name, frame in (("T1", "T1_pre"), ("T2", "T2"))
        }
        return {
            name: {"size": list(grid.size), "spacing_mm": [round(mm, 5) for mm in grid.spacing_mm]}
            for name, grid in grids.items()
        }


def assembled(
    pseudonym: str,
    images: Mapping[str, Any],
    lesion_mask: Any,
    classes: Mapping[int, LesionClass],
    facts: ImportFacts,
    origins: Mapping[int, str] | None = None,
    breast_mask: Any = None,
) -> PatientScan:
    """Put the parts of one patient together.

    Raises
    ------
    InputError
        If a frame is constant, or the T1 frames lie on different grids.
    """
    for name in SCANNED_FRAMES if facts.has_t2 else SCANNED_FRAMES[DYNAMIC]:
        check_frame(images[name], name, pseudonym)
    check_same_grid(images, pseudonym)
    ordered = {name: images[name] for name in SCANNED_FRAMES}
    return PatientScan(
        pseudonym=pseudonym,
        images=ordered,
        lesion_mask=lesion_mask,
        lesions=measured(lesion_mask, classes, origins or {}),
        sha256=voxel_sum([*ordered.values(), lesion_mask]),
        facts=facts,
        breast_mask=breast_mask,
    )


def parse_pseudonym(text: str) -> str:
    """Accept a folder's name as a pseudonym.

    Raises
    ------
    InputError
        If it holds anything but letters, digits, hyphens and underscores, or more than 64 characters. The
        sentence does not repeat it: what is no pseudonym may be a name.
    """
    if not _PSEUDONYM.fullmatch(text):
        raise InputError(
            "The name of a patient folder cannot be a pseudonym; use at most 64 letters, digits, hyphens and underscores, and no real name."
        )
    return text


def check_frame(image: Any, name: str, pseudonym: str) -> None:
    """Refuse a frame without content.

    Raises
    ------
    InputError
        If all voxels are equal.
    """
    values = volumes.voxels(image)
    if values.size == 0 or values.min() == values.max():
        value = values.flat[0] if values.size else "none"
        raise InputError(
            f"Patient {pseudonym}: {name} is empty, all {values.size} voxels are {value}; export it again."
        )


def check_same_grid(images: Mapping[str, Any], pseudonym: str) -> None:
    """Refuse T1 frames on different grids.

    Raises
    ------
    InputError
        Naming both grids.
    """
    names = SCANNED_FRAMES[DYNAMIC]
    first = volumes.grid_of(images[names[0]])
    for name in names[1:]:
        grid = volumes.grid_of(images[name])
        if not grid.matches(first):
            raise InputError(
                f"Patient {pseudonym}: {name} has {grid}, but {names[0]} has {first}; all T1 frames need one grid."
            )


def checked_mask(image: Any, t1: Any, *, name: str, pseudonym: str) -> Any:
    """Check a mask of whole numbers on the T1 grid.

    Returns
    -------
    SimpleITK image, uint16

    Raises
    ------
    InputError
        If it lies on another grid or holds anything but whole numbers from 0.
    """
    grid, t1_grid = volumes.grid_of(image), volumes.grid_of(t1)
    if not grid.matches(t1_grid):
        raise InputError(
            f"Patient {pseudonym}: {name} has {grid}, but T1_pre has {t1_grid}; draw or resample the mask on the T1 grid."
        )
    values = volumes.voxels(image)
    numbers = np.unique(values)
    odd = numbers[
        (numbers < 0) | (numbers > MAX_LESION) | (numbers != np.floor(numbers)) | ~np.isfinite(numbers)
    ]
    if len(odd):
        raise InputError(
            f"Patient {pseudonym}: {name} holds the value {odd[0]:g}; write 0 for healthy tissue and a whole number per lesion."
        )
    return volumes.like(image, np.asarray(values, dtype=np.uint16))


def measured(
    mask: Any, classes: Mapping[int, LesionClass], origins: Mapping[int, str]
) -> tuple[ScannedLesion, ...]:
    """Volume and number of axial slices of every lesion of a mask."""
    image = volumes.axial(mask)
    numbers: NDArray[np.uint16] = volumes.voxels(image)
    voxel_mm3 = float(np.prod(image.GetSpacing()))
    lesions = []
    for number in sorted(classes):
        per_slice = np.count_nonzero(numbers == number, axis=(1, 2))
        volume_mm3 = float(per_slice.sum()) * voxel_mm3
        n_slices = int(np.count_nonzero(per_slice))
        lesions.append(
            ScannedLesion(number, classes[number], volume_mm3, n_slices, origins.get(number, "mask"))
        )
    return tuple(lesions)


def voxel_sum(images: list[Any]) -> str:
    """SHA-256 over the voxels of images, in their order."""
    digest = hashlib.sha256()
    for image in images:
        digest.update(np.ascontiguousarray(volumes.voxels(image)).data)
    return digest.hexdigest()
