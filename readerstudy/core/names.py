"""Names of readers and groups, as they appear in exports."""

import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final

from generation.core.errors import InputError
from generation.core.labels import DCGAN, REAL, WGAN
from readerstudy.core.wording import translatable

RADIOLOGIST: Final = translatable("radiologist")
LAYPERSON: Final = translatable("layperson")
GROUPS: Final = (RADIOLOGIST, LAYPERSON)
MAX_NAME_LENGTH: Final = 100
MAX_GROUP_LENGTH: Final = 40
MAX_SUBJECT_LENGTH: Final = 150  # of an e-mail
MAX_NOTE_LENGTH: Final = 4000
_GROUP: Final = re.compile(r"[a-z][a-z0-9]*(?:[-_ ][a-z0-9]+)*")
_PSEUDONYM: Final = re.compile(r"R(\d+)")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def parse_group(text: str) -> str:
    """Read a group of readers: radiologist, layperson or a study's own.

    Raises
    ------
    InputError
        If it is not made of small letters and digits.
    """
    word = " ".join(text.lower().split())
    if not _GROUP.fullmatch(word) or len(word) > MAX_GROUP_LENGTH:
        raise InputError(
            f'The group "{text}" cannot be used; write at most {MAX_GROUP_LENGTH} letters and digits, such as radiologist or resident-2.'
        )
    return word


def parse_reader_name(text: str) -> str:
    """Read a reader's name: one line that no spreadsheet takes for a formula.

    Raises
    ------
    InputError
        If it is empty, too long, or begins like a formula.
    """
    name = text.strip()
    if not name or len(name) > MAX_NAME_LENGTH:
        raise InputError(f"The name has {len(name)} characters; write 1 to {MAX_NAME_LENGTH}.")
    if _CONTROL.search(name) or not name[0].isalnum():
        raise InputError(
            f'The name "{name}" cannot be used; begin with a letter or a digit and stay on one line.'
        )
    return name


def pseudonym(number: int) -> str:
    """Name reader 1 of a study R01."""
    return f"R{number:02d}"


def next_pseudonym(taken: Iterable[str]) -> str:
    """Name the next reader: one more than the largest number ever given, so that no name is given twice."""
    return next(next_pseudonyms(taken))


def next_pseudonyms(taken: Iterable[str]) -> Iterator[str]:
    """Name the next readers, one after the other."""
    largest = max((int(found[1]) for one in taken if (found := _PSEUDONYM.fullmatch(one))), default=0)
    return map(pseudonym, count(largest + 1))


def pseudonym_order(name: str) -> tuple[int, str]:
    """Sort pseudonyms by their number: R99, R100, R101."""
    return len(name), name


def source_title(source: str) -> str:
    """Write a source as a page does: Real, DCGAN, WGAN, any other as it is named."""
    return {REAL: "Real", DCGAN: "DCGAN", WGAN: "WGAN"}.get(source, source)
