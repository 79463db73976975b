"""The breast region as a file: a mask that was given, or what `breast_region` found, kept beside the scans.

The file of an automatic region lies on the prepared grid and opens in any viewer of NIfTI files over the scan, so it can be
corrected by hand and given with the next import.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np

from generation.core import breast_region, preparation, region_sheet, volumes
from generation.core.errors import InputError
from generation.core.frames import DYNAMIC, SCANNED_FRAMES
from generation.core.patient_scan import checked_mask

BREASTS: Final = "breasts"
GIVEN: Final = "The breast region is the mask that was given."
REGION_SHEET: Final = "region.jpg"
_FILE: Final = f"{BREASTS}.nii.gz"


def read_given(folder: Path, t1: Any, pseudonym: str) -> Any:
    """Read the mask of the breasts that came with a patient.

    Returns
    -------
    SimpleITK image, uint16, 1 in the right breast and 2 in the left; None if there is none

    Raises
    ------
    InputError
        If it lies on another grid than T1, holds other numbers or is empty.
    """
    path = volumes.find_volume(folder, BREASTS)
    if path is None:
        return None
    try:
        image = volumes.read_volume(path)
    except InputError as error:
        raise InputError(f"Patient {pseudonym}: {error}") from error
    mask = checked_mask(image, t1, name=path.name, pseudonym=pseudonym)
    numbers = {int(number) for number in np.unique(volumes.voxels(mask))} - {0}
    if not numbers or not numbers <= {breast_region.RIGHT, breast_region.LEFT}:
        found = f"the number {max(numbers)}" if numbers else "nothing but 0"
        raise InputError(
            f"Patient {pseudonym}: {path.name} holds {found}; write 1 in the right breast, 2 in the left and 0 elsewhere."
        )
    return mask


def load(folder: Path) -> Any:
    """Read the stored region of an imported patient; None for one that was imported before regions were stored."""
    path = folder / _FILE
    return volumes.read_volume(path) if path.is_file() else None


def write(mask: Any, folder: Path) -> None:
    """Store a region."""
    volumes.write_volume(mask, folder / _FILE)


def find_and_write(folder: Path) -> None:
    """Find the region of an imported patient, store it, and draw it on slices for somebody to approve.

    Parameters
    ----------
    folder : as `patient_folder.write_patient` left it, without a mask of the breasts
    """
    images = {name: volumes.read_volume(folder / f"{name}.nii.gz") for name in SCANNED_FRAMES[DYNAMIC]}
    shown = preparation.prepare_t1_pre(images)
    region = breast_region.find(shown.frame, shown.spacing_mm, first_row=shown.first_row)
    write(volumes.like(shown.grid, region.breasts), folder)
    (folder / REGION_SHEET).write_bytes(region_sheet.draw(shown.frame, region.breasts, title=folder.name))
