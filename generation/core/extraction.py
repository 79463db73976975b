"""Extraction of patches: centres -> crops -> patch set rows.

A patch of 64 x 64 around the centre (r, c) covers rows r-32 .. r+31 and columns c-32 .. c+31. A centre whose
patch would leave the volume is not used: a padded edge would be a cue that readers learn, and shifting the crop
would move the lesion away from the stated centre. How many lesion centres were left out is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError
from generation.core.frames import PATCH_SIZE, assemble
from generation.core.labels import LesionClass
from generation.core.patch_index import PatchRow

NEIGHBOURHOOD: Final = 32  # pixels without lesion around a healthy centre; Haarburger 2019, section 3
_HALF: Final = PATCH_SIZE // 2


@dataclass(frozen=True)
class Centre:
    """A place in a volume (slice, row, col) and what is there."""

    slice: int
    row: int
    col: int
    lesion_class: LesionClass
    lesion_id: int | None = None


@dataclass(frozen=True)
class Extraction:
    """Patches of one patient.

    Attributes
    ----------
    patches : (n, 7, 64, 64) int16
    rows : n rows
    n_at_border : lesion centres left out because their patch would leave the volume
    vanished_lesions : numbers of lesions that no voxel of the prepared grid holds
    """

    patches: NDArray[np.int16]
    rows: tuple[PatchRow, ...]
    n_at_border: int
    vanished_lesions: tuple[int, ...]


def patient_rng(seed: int, pseudonym: str) -> np.random.Generator:
    """Random numbers of one patient, the same whatever patients are extracted before or beside."""
    return np.random.default_rng(np.random.SeedSequence([seed, *pseudonym.encode()]))


def lesion_centres(lesions: NDArray[np.integer], classes: Mapping[int, LesionClass]) -> list[Centre]:
    """Find the centre of mass of every lesion in every axial slice, rounded to a pixel (halves up).

    Parameters
    ----------
    lesions : (S, H, W) lesion numbers, 0 elsewhere
    classes : class of each lesion number

    Raises
    ------
    InputError
        If the mask holds a number that has no class.

    Source: Haarburger 2019, section 3, item 1; per slice, as 3,355 patches of 1,142 lesions tell.
    """
    centres = []
    for position in np.flatnonzero(lesions.any(axis=(1, 2))):
        for number in np.unique(lesions[position]):
            if number == 0:
                continue
            if int(number) not in classes:
                raise InputError(
                    f"The mask holds lesion {number}, which has no lesion class; name it in truth.json or lesions.csv."
                )
            rows, cols = np.nonzero(lesions[position] == number)
            row, col = (int(np.floor(axis.mean() + 0.5)) for axis in (rows, cols))
            centres.append(Centre(int(position), row, col, classes[int(number)], int(number)))
    return centres


def free_of_lesions(lesions: NDArray[np.integer], *, neighbourhood: int = NEIGHBOURHOOD) -> NDArray[np.bool_]:
    """Mark the pixels of one slice whose neighbourhood holds no lesion.

    Parameters
    ----------
    lesions : (H, W)
    neighbourhood : side of the square rows r-n/2 .. r+n/2-1, columns alike; cut at the border of the slice

    Returns
    -------
    (H, W) bool
    """
    height, width = lesions.shape
    half = neighbourhood // 2
    sums = np.zeros((height + 1, width + 1), dtype=np.int64)
    sums[1:, 1:] = (lesions > 0).cumsum(axis=0).cumsum(axis=1)
    top, bottom = (np.clip(np.arange(height) + step, 0, height) for step in (-half, half))
    left, right = (np.clip(np.arange(width) + step, 0, width) for step in (-half, half))
    inside = sums[bottom][:, right] - sums[bottom][:, left] - sums[top][:, right] + sums[top][:, left]
    return np.asarray(inside == 0)


def healthy_centres(
    breasts: NDArray[np.uint8],
    lesions: NDArray[np.integer],
    *,
    n_per_breast_slice: int,
    rng: np.random.Generator,
) -> list[Centre]:
    """Draw centres of healthy tissue at random, without repetition, in each breast of each slice.

    Parameters
    ----------
    breasts : (S, H, W), 0 outside and one number per breast inside
    lesions : (S, H, W)
    n_per_breast_slice : how many; fewer where fewer pixels qualify
    rng : source of the draw

    Source: Haarburger 2019, section 3, item 2: inside the breast, no findings in a 32x32 neighbourhood.
    """
    height, width = breasts.shape[1:]
    inner = (slice(_HALF, height - _HALF + 1), slice(_HALF, width - _HALF + 1))
    centres = []
    for position in np.flatnonzero(breasts.any(axis=(1, 2))):
        free = (
            free_of_lesions(lesions[position])
            if lesions[position].any()
            else np.ones((height, width), dtype=np.bool_)
        )
        for breast in np.unique(breasts[position]):
            if breast == 0:
                continue
            allowed = np.flatnonzero((free & (breasts[position] == breast))[inner])
            drawn = rng.choice(allowed, size=min(n_per_breast_slice, len(allowed)), replace=False)
            rows, cols = np.divmod(drawn, width - 2 * _HALF + 1)
            centres += [
                Centre(int(position), int(row) + _HALF, int(col) + _HALF, LesionClass.NO_FINDINGS)
                for row, col in zip(rows, cols, strict=True)
            ]
    return centres


def fits(centre: Centre, shape: tuple[int, ...]) -> bool:
    """Say whether the patch around a centre lies inside a volume of shape (..., H, W)."""
    height, width = shape[-2:]
    return _HALF <= centre.row <= height - _HALF and _HALF <= centre.col <= width - _HALF


def crop(frames: NDArray[np.int16], centres: list[Centre]) -> NDArray[np.int16]:
    """Cut the 64 x 64 pixels around each centre out of all frames.

    Parameters
    ----------
    frames : (F, S, H, W)
    centres : n centres that fit

    Returns
    -------
    (n, F, 64, 64)

    Raises
    ------
    InputError
        If a patch would leave the volume.
    """
    crops = np.empty((len(centres), frames.shape[0], PATCH_SIZE, PATCH_SIZE), dtype=frames.dtype)
    for position, centre in enumerate(centres):
        if not fits(centre, frames.shape):
            raise InputError(
                f"The patch around row {centre.row}, column {centre.col} leaves the volume of {frames.shape[-2]} x {frames.shape[-1]} pixels; "
                f"centres lie at least {_HALF} pixels inside."
            )
        top, left = centre.row - _HALF, centre.col - _HALF
        crops[position] = frames[:, centre.slice, top : top + PATCH_SIZE, left : left + PATCH_SIZE]
    return crops


def extract(
    frames: NDArray[np.int16],
    lesions: NDArray[np.integer],
    breasts: NDArray[np.uint8],
    *,
    patient: str,
    classes: Mapping[int, LesionClass],
    n_healthy_per_breast_slice: int,
    rng: np.random.Generator,
) -> Extraction:
    """Extract all patches of one patient: lesions first, slice by slice, then healthy tissue.

    Parameters
    ----------
    frames : (6, S, H, W) int16 in 0..1023, in the order of SCANNED_FRAMES
    lesions : (S, H, W) lesion numbers
    breasts : (S, H, W), 0 outside and one number per breast inside
    """
    found = lesion_centres(lesions, classes)
    kept = [centre for centre in found if fits(centre, frames.shape)]
    centres = kept + healthy_centres(breasts, lesions, n_per_breast_slice=n_healthy_per_breast_slice, rng=rng)
    return Extraction(
        patches=assemble(crop(frames, centres)),
        rows=tuple(
            PatchRow(patient, centre.lesion_class, centre.lesion_id, centre.slice, centre.row, centre.col)
            for centre in centres
        ),
        n_at_border=len(found) - len(kept),
        vanished_lesions=tuple(
            sorted(set(classes) - {centre.lesion_id for centre in found if centre.lesion_id is not None})
        ),
    )
