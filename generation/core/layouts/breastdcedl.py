"""BreastDCEDL: `{pid}_spy2_vis1_dce_aqc_0.nii.gz`, `{pid}_spy1_vis1_acq0.nii.gz`, `{pid}_duke_aqc_0.nii.gz`, masks beside them.

Source: Fridman et al. 2025, arXiv:2506.12190; "aqc" is the collection's spelling, its patients all have cancer.
"""

import re
from pathlib import Path
from typing import Final

from generation.core.errors import InputError
from generation.core.layouts.nifti_series import NiftiPatient, positions

LAYOUT: Final = "BreastDCEDL"
_PHASE: Final = re.compile(
    r"(?P<patient>.+?)_(?P<trial>spy2_vis1|spy1_vis1|duke)(?:_dce)?_(?:aqc|acq)_?(?P<number>\d{1,2})\.nii(?:\.gz)?"
)
_MASK: Final = re.compile(r"(?P<patient>.+?)_(?P<trial>spy2_vis1|spy1_vis1|duke)_mask\.nii(?:\.gz)?")
_ALL_MALIGNANT: Final = "Every tumour of BreastDCEDL is malignant, as its documentation says."


def find(folder: Path) -> tuple[NiftiPatient, ...]:
    """Patients of a folder in this layout; empty if it is another one.

    Raises
    ------
    InputError
        If a phase is there twice or one between two is missing.
    """
    phases: dict[str, dict[int, Path]] = {}
    masks: dict[str, Path] = {}
    inside = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    files = [path for path in inside if path.is_file()]
    files += [path for one in inside if one.is_dir() for path in sorted(one.glob("*.nii*"))]
    for path in files:
        if match := _PHASE.fullmatch(path.name):
            number = int(match["number"])
            if number in phases.setdefault(match["patient"], {}):
                raise InputError(f"Phase {number} of one patient is there twice; keep one file per phase.")
            phases[match["patient"]][number] = path
        elif match := _MASK.fullmatch(path.name):
            masks[match["patient"]] = path
    places = positions(sorted(phases))
    return tuple(_patient(name, phases[name], masks.get(name), places[name]) for name in sorted(phases))


def _patient(name: str, phases: dict[int, Path], mask: Path | None, position: str) -> NiftiPatient:
    first = min(phases)
    missing = sorted(set(range(first, max(phases) + 1)) - set(phases))
    if missing:
        raise InputError(f"{position}: phase {missing[0]} is missing between others; add its file.")
    ordered = tuple(phases[number] for number in sorted(phases))
    return NiftiPatient(LAYOUT, name, position, ordered, mask=mask, told=(_ALL_MALIGNANT,))
