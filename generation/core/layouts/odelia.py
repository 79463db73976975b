"""ODELIA: <SITE>/data/<ID>/Pre.nii.gz, Post_1.nii.gz .., T2.nii.gz, and metadata/annotation.csv with a label per breast.

The collection has no masks: lesions are placed automatically, as the largest enhancing part of the labelled breast.

Source: EuSoMII/ODELIA Breast MRI Challenge 2025, data description.
"""

from pathlib import Path
from typing import Final

from generation.core import lesion_table, volumes
from generation.core.layouts.nifti_series import NiftiPatient, positions
from generation.core.lesion_table import LesionRow

LAYOUT: Final = "ODELIA"
_TABLES: Final = ("annotation.csv", "metadata/annotation.csv")


def find(folder: Path) -> tuple[NiftiPatient, ...]:
    """Patients of a folder in this layout; empty if it is another one.

    Raises
    ------
    InputError
        If the table of labels cannot be read.
    """
    homes = [path for path in (folder, folder / "data") if path.is_dir()]
    homes += [path / "data" for path in sorted(folder.iterdir()) if (path / "data").is_dir()]
    # A site may be given itself, or its data folder.
    found = {
        path: _labels(home)
        for home in homes
        for path in sorted(home.iterdir())
        if path.is_dir() and volumes.find_volume(path, "Pre") and volumes.find_volume(path, "Post_1")
    }
    places = positions([path.name for path in found])
    return tuple(_patient(path, labels, places[path.name]) for path, labels in found.items())


def _patient(path: Path, labels: dict[str, tuple[LesionRow, ...]], position: str) -> NiftiPatient:
    phases = [volumes.find_volume(path, "Pre")]
    while (phase := volumes.find_volume(path, f"Post_{len(phases)}")) is not None:
        phases.append(phase)
    return NiftiPatient(
        LAYOUT,
        path.name,
        position,
        tuple(phase for phase in phases if phase is not None),
        t2=volumes.find_volume(path, "T2"),
        rows=labels.get(path.name),
    )


def _labels(home: Path) -> dict[str, tuple[LesionRow, ...]]:
    """Rows by patient, of the table beside the data folder or inside it."""
    for parent in (home, home.parent):
        for name in _TABLES:
            if (parent / name).is_file():
                rows = lesion_table.read(parent / name)
                return {row.patient: tuple(one for one in rows if one.patient == row.patient) for row in rows}
    return {}
