"""Words that stand for lesion classes: in names of folders and files, and in tables."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from generation.core.errors import InputError
from generation.core.labels import LesionClass

MAX_WORDS: Final = 12  # different ones; more are no classes
MAX_WORD_LENGTH: Final = 40
MAX_PATTERN_LENGTH: Final = 120
MAX_STARS: Final = 6
LEFT_OUT: Final = ""  # the class of a word whose patches are not imported
_KNOWN: Final[Mapping[str, LesionClass]] = {
    "benign": LesionClass.BENIGN,
    "malignant": LesionClass.MALIGNANT,
    "malign": LesionClass.MALIGNANT,
    "cancer": LesionClass.MALIGNANT,
    "nofindings": LesionClass.NO_FINDINGS,
    "nofinding": LesionClass.NO_FINDINGS,
    "healthy": LesionClass.NO_FINDINGS,
    "normal": LesionClass.NO_FINDINGS,
}


def guess_class(word: str) -> LesionClass | None:
    """The lesion class that a word plainly stands for; None where somebody has to say."""
    return _KNOWN.get(re.sub(r"[^a-z]", "", word.lower())) if word else None


def in_file_name(stem: str) -> str:
    """The one class word of a file's name, such as malignant in malignant_0007; "" where there is none or two."""
    pieces = [piece for piece in re.split(r"[^A-Za-z]+", stem) if piece]
    pairs = [f"{one}_{two}" for one, two in pairwise(pieces)]
    found = {word.lower() for word in (*pieces, *pairs) if guess_class(word)}
    return next(iter(found)) if len(found) == 1 else ""


def pattern_of(text: str) -> re.Pattern[str] | None:
    """Read a pattern of file names, such as `{patient}_{class}_*`.

    `{class}` and `{patient}` stand for a run of letters and digits, `*` for anything; the pattern is that of a path
    below the folder, without the suffix of its format, or of the name alone where it has no `/`.

    Raises
    ------
    InputError
        If `{class}` and `{patient}` are both missing, one occurs twice, or the pattern is too long.
    """
    text = text.strip()
    if not text:
        return None
    pieces = re.split(r"(\{class\}|\{patient\}|\*)", text)
    counts = [pieces.count(name) for name in ("{class}", "{patient}")]
    if len(text) > MAX_PATTERN_LENGTH or pieces.count("*") > MAX_STARS or max(counts) != 1:
        raise InputError(
            f'The pattern "{text[:MAX_PATTERN_LENGTH]}" cannot be used; write {{class}} and {{patient}} at most once, at least one of '
            f"them, and at most {MAX_STARS} stars, such as {{patient}}_{{class}}_*.",
            field="pattern",
        )
    meaning = {"{class}": "(?P<word>[A-Za-z0-9-]+)", "{patient}": "(?P<patient>[A-Za-z0-9-]+)", "*": "[^/]*"}
    return re.compile("".join(meaning.get(piece, re.escape(piece)) for piece in pieces))


def check_words(words: Sequence[str], *, origin: str) -> None:
    """Refuse so many words, or such long ones, that they can be no classes.

    Raises
    ------
    InputError
        Saying how many there are and what to do.
    """
    if len(set(words)) > MAX_WORDS:
        raise InputError(
            f"The {origin} give {len(set(words))} different words for classes; the most is {MAX_WORDS}: sort the patches into one "
            "sub-folder per class, give index.csv, or a pattern of file names."
        )
    if any(len(word) > MAX_WORD_LENGTH for word in words):
        raise InputError(
            f"The {origin} give a class word of more than {MAX_WORD_LENGTH} characters; write shorter ones."
        )
