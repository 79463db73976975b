"""Lesion classes and sources: the two labels every patch carries."""

import re
from enum import StrEnum
from typing import Final

from generation.core.errors import InputError


class LesionClass(StrEnum):
    """What a patch shows; the order of the members is the order of the one-hot condition."""

    BENIGN = "benign"
    MALIGNANT = "malignant"
    NO_FINDINGS = "no_findings"

    @property
    def code(self) -> int:
        """Position in the one-hot condition."""
        return LESION_CLASSES.index(self)

    @property
    def words(self) -> str:
        """How a page writes it."""
        return self.value.replace("_", " ")


LESION_CLASSES: Final = tuple(LesionClass)
N_CLASSES: Final = len(LESION_CLASSES)

REAL: Final = "real"
DCGAN: Final = "dcgan"
WGAN: Final = "wgan"
_SLUG: Final = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
MAX_SOURCE_LENGTH: Final = 40
SUMS: Final = frozenset({"all", "balanced"})  # what results call several sources together


def parse_lesion_class(text: str) -> LesionClass:
    """Read a lesion class; "no findings" and "No_Findings" are the same class.

    Raises
    ------
    InputError
        If the text is none of the three classes.
    """
    word = text.strip().lower().replace(" ", "_").replace("-", "_")
    try:
        return LesionClass(word)
    except ValueError:
        known = ", ".join(LESION_CLASSES)
        raise InputError(f'Lesion class "{text}" is unknown; write one of {known}.') from None


def parse_source(text: str) -> str:
    """Read the name of a source: real, dcgan, wgan or any other generator's slug.

    Raises
    ------
    InputError
        If the text is not a slug of at most 40 characters.
    """
    word = text.strip().lower()
    if not _SLUG.fullmatch(word) or len(word) > MAX_SOURCE_LENGTH:
        raise InputError(
            f'Source "{text}" is not a usable name; write at most {MAX_SOURCE_LENGTH} lower-case letters and digits, '
            "with single hyphens or underscores between them, such as stylegan-2."
        )
    return word


def parse_new_source(text: str) -> str:
    """Read the name of a source that patches or readings come in with; what results call several sources is no such name.

    Raises
    ------
    InputError
        If it is the name of results over several sources, or no slug.
    """
    word = parse_source(text)
    if word in SUMS:
        raise InputError(
            f'Source "{word}" is the name of results over several sources; give the generator another name, such as '
            f"{word}-gan.",
            field="source",
        )
    return word
