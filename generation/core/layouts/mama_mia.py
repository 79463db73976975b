"""MAMA-MIA: images/DUKE_001/DUKE_001_0000.nii.gz, segmentations/expert/DUKE_001.nii.gz, times in a table.

Source: Garrucho et al. 2025, Sci. Data 12:453; its cases are all breast cancers, segmented on the first post-contrast phase.
"""

import ast
import csv
from pathlib import Path
from typing import Final

from generation.core import volumes
from generation.core.errors import InputError
from generation.core.layouts.nifti_series import NiftiPatient, positions

LAYOUT: Final = "MAMA-MIA"
TIMES_CSV: Final = "clinical_and_imaging_info.csv"
_MASKS: Final = (("expert", "expert"), ("automatic", "automatic"))
_ALL_MALIGNANT: Final = "Every tumour of MAMA-MIA is malignant, as its documentation says."


def find(folder: Path) -> tuple[NiftiPatient, ...]:
    """Patients of a folder in this layout; empty if it is another one.

    Raises
    ------
    InputError
        If the table of acquisition times cannot be read.
    """
    images = folder / "images" if (folder / "images").is_dir() else folder
    folders = [path for path in sorted(images.iterdir()) if path.is_dir() and _phase(path, 0) is not None]
    if not folders:
        return ()
    times = _times(folder)
    places = positions([path.name for path in folders])
    return tuple(_patient(folder, path, places[path.name], times) for path in folders)


def _patient(root: Path, path: Path, position: str, times: dict[str, tuple[float, ...]]) -> NiftiPatient:
    phases: list[Path] = []
    while (phase := _phase(path, len(phases))) is not None:
        phases.append(phase)
    mask, told = None, [_ALL_MALIGNANT]
    for name, word in _MASKS:
        found = volumes.find_volume(root / "segmentations" / name, path.name)
        if found is not None:
            mask = found
            told.append(f"The mask is the {word} segmentation.")
            break
    seconds = times.get(path.name)
    if seconds is not None and len(seconds) != len(phases):
        raise InputError(
            f"{position}: {TIMES_CSV} names {len(seconds)} times, but there are {len(phases)} phases; mend the table."
        )
    if seconds is not None and len(seconds) > 2 and seconds[1] > 2 * (seconds[2] - seconds[1]):
        # The posts carry an offset to the pre: what is known is their distance from each other.
        step = seconds[2] - seconds[1]
        seconds = (0.0, *(second - seconds[1] + step for second in seconds[1:]))
        told.append(
            "The table's times of the posts carry an offset; T1_post1 was taken to begin one step after T1_pre."
        )
    return NiftiPatient(
        LAYOUT,
        path.name,
        position,
        tuple(phases),
        volumes.find_volume(path, "T2"),
        seconds,
        mask,
        None,
        tuple(told),
    )


def _phase(folder: Path, number: int) -> Path | None:
    return volumes.find_volume(folder, f"{folder.name}_{number:04d}")


def _times(folder: Path) -> dict[str, tuple[float, ...]]:
    path = folder / TIMES_CSV
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [(row["patient_id"], row["acquisition_times"]) for row in csv.DictReader(file)]
        return {
            patient: tuple(float(second) for second in ast.literal_eval(text))
            for patient, text in rows
            if text
        }
    except (
        OSError,
        KeyError,
        ValueError,
        SyntaxError,
        TypeError,
        OverflowError,
        RecursionError,
        MemoryError,
        csv.Error,
    ) as error:
        raise InputError(
            f"{TIMES_CSV} cannot be read ({type(error).__name__}); save the sheet dataset_info as CSV with patient_id and acquisition_times."
        ) from None
