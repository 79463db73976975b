"""Pseudonyms instead of names: what may be kept of who was scanned, which is nothing that leads back."""

import base64
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from generation.core.dicom.headers import ImageHeader, identity_of
from generation.core.errors import InputError
from generation.core.patient_scan import parse_pseudonym

PSEUDONYMS_CSV: Final = "pseudonyms.csv"
_N_BYTES: Final = (
    5  # forty bits: two of ten thousand patients share a pseudonym with a chance of 5 in 100,000
)


def pseudonym_of(identity: str) -> str:
    """Short pseudonym of a keyed hash; the same patient gets the same one in every import of this instance."""
    return "P-" + base64.b32encode(bytes.fromhex(identity)[:_N_BYTES]).decode()


def read_pseudonyms(folder: Path, *, key: bytes) -> dict[str, str]:
    """Read pseudonyms that the user gives, by hash of the patient's id or folder name.

    Parameters
    ----------
    folder : may hold pseudonyms.csv with the columns patient and pseudonym

    Raises
    ------
    InputError
        If the table cannot be read or gives a pseudonym twice.
    """
    path = folder / PSEUDONYMS_CSV
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [(row["patient"].strip(), row["pseudonym"].strip()) for row in csv.DictReader(file)]
    except (OSError, KeyError, AttributeError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{PSEUDONYMS_CSV} cannot be read ({type(error).__name__}); it has the columns patient and pseudonym."
        ) from None
    given = {identity_of(patient, key=key): parse_pseudonym(pseudonym) for patient, pseudonym in rows}
    if len({pseudonym.casefold() for pseudonym in given.values()}) < len(given):
        raise InputError(f"{PSEUDONYMS_CSV} gives one pseudonym to several patients; give each its own.")
    return given


def kept_id(images: Sequence[ImageHeader], patient_id: str) -> str:
    """PatientID as pseudonym, where every file says that identity was removed (0012,0062).

    Raises
    ------
    InputError
        If a file does not say so, or the id cannot be a pseudonym.
    """
    if not all(image.is_deidentified for image in images):
        raise InputError(
            "the files do not say that identity was removed (0012,0062), so PatientID is not kept; import without keeping ids."
        )
    return parse_pseudonym(patient_id)
