"""Write a phantom patient as a folder of NIfTI volumes with its truth."""

import json
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from generation.core.phantom.grids import Grid
from generation.core.phantom.patient import PhantomPatient


def patient_name(number: int) -> str:
    """Name of a patient's folder: P0001, P0002, ..."""
    return f"P{number:04d}"


def write_patient(patient: PhantomPatient, folder: Path) -> None:
    """Write `T2`, `T1_pre`, `T1_post1` .. `T1_post4`, `lesions` as .nii.gz and `truth.json`.

    Parameters
    ----------
    patient : what `make_patient` made
    folder : created with its parents; files in it are replaced
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, (grid, volume) in patient.scans.items():
        _write_volume(volume, grid, folder / f"{name}.nii.gz")
    _write_volume(patient.mask, patient.mask_grid, folder / "lesions.nii.gz")
    (folder / "truth.json").write_text(json.dumps(patient.truth, indent=1) + "\n", encoding="utf-8")


def _write_volume(values: NDArray[np.int16] | NDArray[np.uint8], grid: Grid, path: Path) -> None:
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(grid.spacing[::-1])
    image.SetOrigin(grid.origin[::-1])
    sitk.WriteImage(image, path, useCompression=True, compressionLevel=1)
