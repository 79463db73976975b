"""The class of every lesion of one patient, from truth.json or lesions.csv beside the mask."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from generation.core import lesion_table
from generation.core.errors import InputError
from generation.core.labels import LesionClass, parse_lesion_class
from generation.core.patient_scan import MAX_LESION

TRUTH_JSON: Final = "truth.json"
LESIONS_CSV: Final = "lesions.csv"
_SHOWN: Final = 40  # characters of a value in a sentence


def is_phantom(folder: Path) -> bool:
    """Say whether a patient's truth.json names a phantom as its source."""
    truth = _json(folder)
    return "phantom" in str(truth.get("source", "")).lower()


def lesions_known(folder: Path) -> bool:
    """Say whether it is known where the lesions of a stored patient are; what was stored before that question is known."""
    return _json(folder).get("lesions_known") is not False


def _json(folder: Path) -> dict[str, Any]:
    try:
        truth = json.loads((folder / TRUTH_JSON).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    return truth if isinstance(truth, dict) else {}


def read_truth(folder: Path, pseudonym: str) -> dict[int, LesionClass]:
    """Read the class of every lesion from truth.json or lesions.csv.

    Raises
    ------
    InputError
        If neither or both are there, or an entry cannot be read.
    """
    paths = [folder / name for name in (TRUTH_JSON, LESIONS_CSV) if (folder / name).is_file()]
    if len(paths) != 1:
        found = "both" if paths else "neither"
        raise InputError(
            f"Patient {pseudonym} has {found} of {TRUTH_JSON} and {LESIONS_CSV}; give one of them with the class of every lesion."
        )
    path = paths[0]
    try:
        if path.name == LESIONS_CSV:
            numbers_and_classes = _rows_of(path)
        else:
            entries = json.loads(path.read_text(encoding="utf-8-sig"))["lesions"]
            numbers_and_classes = [(_number_of(entry), _class_of(entry)) for entry in entries]
    except InputError as error:
        raise InputError(
            f"Patient {pseudonym}, {path.name}: {str(error).removeprefix(f'{path.name}, ')}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        shape = '{"lesions": [{"lesion": 1, "lesion_class": "benign"}]}'
        raise InputError(
            f"Patient {pseudonym}: {path.name} cannot be read ({type(error).__name__}); expected {shape}."
        ) from error
    classes: dict[int, LesionClass] = {}
    for number, lesion_class in numbers_and_classes:
        if number in classes or not 0 < number <= MAX_LESION:
            reason = "appears twice" if number in classes else f"is not in 1..{MAX_LESION}"
            raise InputError(
                f"Patient {pseudonym}, {path.name}: lesion {number} {reason}; give every lesion of the mask once."
            )
        classes[number] = lesion_class
    return classes


def _rows_of(path: Path) -> list[tuple[int, LesionClass]]:
    """Lesions of a table; a row of no_findings without a number says that the patient has none."""
    found = []
    for row in lesion_table.read(path):
        if row.number is not None and not row.is_lesion:
            raise InputError(f"lesion {row.number} is called no_findings; a lesion is benign or malignant.")
        if row.is_lesion and row.number is None:
            raise InputError("a row of a lesion has no number; write the columns lesion,lesion_class.")
        if row.number is not None:
            found.append((row.number, row.lesion_class))
    return found


def _number_of(entry: Mapping[str, Any]) -> int:
    """The value of a lesion in the mask: neither true nor "1" nor 1.7 is one."""
    value = entry["lesion"]
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if not is_whole or isinstance(value, bool):
        raise InputError(
            f"lesion is {json.dumps(value)[:_SHOWN]}; write the whole number that the lesion has in the mask, such as 1."
        )
    return int(value)


def _class_of(entry: Mapping[str, Any]) -> LesionClass:
    if entry.get("lesion_class") is not None:
        lesion_class = parse_lesion_class(str(entry["lesion_class"]))
    else:
        malignant = entry["malignant"]
        if not isinstance(malignant, bool):
            raise InputError(f'malignant is "{malignant}"; write true or false.')
        lesion_class = LesionClass.MALIGNANT if malignant else LesionClass.BENIGN
    if lesion_class is LesionClass.NO_FINDINGS:
        raise InputError(f"lesion {entry['lesion']} is called no_findings; a lesion is benign or malignant.")
    return lesion_class
