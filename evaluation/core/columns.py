"""Columns of words and numbers in a few bytes a row, where objects would take hundreds."""

from array import array
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError

_ABSENT: Final = -(2**63)
_ABSENT_SHORT: Final = -(2**31)

Codes = NDArray[np.unsignedinteger]
Places = slice | NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Words:
    """A column of words, each stored as its number among the different ones.

    Attributes
    ----------
    different : the words, by the order of their first appearance; None for a row without one
    codes : (N,) the number of each row's word
    """

    different: tuple[str | None, ...]
    codes: Codes

    def part(self, places: Places) -> list[str | None]:
        """List the words of some rows; equal ones are the same object."""
        return [self.different[code] for code in self.codes[places].tolist()]


class GrowingWords:
    """A column of words that is being read."""

    def __init__(self) -> None:
        self._number_of: dict[str | None, int] = {}
        self._codes = array("i")

    def append(self, word: str | None) -> None:
        """Add a row."""
        self._codes.append(self._number_of.setdefault(word, len(self._number_of)))

    def packed(self) -> Words:
        """Store every row in as few bytes as the number of different words needs."""
        codes = np.frombuffer(self._codes, dtype=np.int32) if self._codes else np.empty(0, dtype=np.int32)
        return Words(tuple(self._number_of), codes.astype(np.min_scalar_type(len(self._number_of))))


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of whole numbers, some of them absent."""

    values: NDArray[np.signedinteger]
    absent: int

    def part(self, places: Places) -> list[int | None]:
        """List the numbers of some rows."""
        return [None if one == self.absent else one for one in self.values[places].tolist()]


class GrowingNumbers:
    """A column of whole numbers that is being read.

    Parameters
    ----------
    name : of the column, for the sentence about a number that is too large
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._values = array("q")

    def append(self, number: int | None) -> None:
        """Add a row.

        Raises
        ------
        InputError
            If the number is beyond 2^63.
        """
        try:
            self._values.append(_ABSENT if number is None else number)
        except OverflowError:
            raise InputError(
                f"{self._name} is {number:.3g}; numbers beyond {2**63:.3g} cannot be analysed."
            ) from None

    def packed(self) -> Numbers:
        """Store every row in four bytes where the numbers allow it."""
        values = np.frombuffer(self._values, dtype=np.int64) if self._values else np.empty(0, dtype=np.int64)
        is_there = values != _ABSENT
        if np.abs(values[is_there]).max(initial=0) < -_ABSENT_SHORT:
            return Numbers(np.where(is_there, values, _ABSENT_SHORT).astype(np.int32), _ABSENT_SHORT)
        return Numbers(values, _ABSENT)
