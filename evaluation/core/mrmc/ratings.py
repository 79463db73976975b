"""Scores of every reader for every case, once per arm: the common input of the multi-reader analyses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generation.core.errors import InputError
from generation.core.labels import REAL

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Ratings:
    """Scores of J readers for C cases in I arms.

    An arm is what is compared: a generator with the reals (fakes differ between arms, reals are shared), or a
    display on which all cases are read again.

    Parameters
    ----------
    scores : (I, J, C), higher means more surely fake; NaN where the reader did not read the case in the arm
    is_fake : (C,) truth of the cases
    arms : I names
    readers : J names
    origins : C names by which a bootstrap is stratified; without them the truth is

    Raises
    ------
    InputError
        If the shapes contradict each other.
    """

    scores: Floats
    is_fake: Bools
    arms: tuple[str, ...]
    readers: tuple[str, ...]
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        expected = (len(self.arms), len(self.readers), self.is_fake.size)
        if self.scores.shape != expected:
            raise InputError(
                f"Scores have shape {self.scores.shape}, but {expected[0]} arms, {expected[1]} readers and "
                f"{expected[2]} cases are named; give one score per arm, reader and case."
            )
        if self.origins and len(self.origins) != self.is_fake.size:
            raise InputError(
                f"{len(self.origins)} origins are named for {self.is_fake.size} cases; name one each."
            )

    @classmethod
    def of_one_arm(
        cls,
        scores: npt.ArrayLike,
        is_fake: npt.ArrayLike,
        readers: Sequence[str],
        origins: Sequence[str] = (),
    ) -> "Ratings":
        """Take readers x cases scores, NaN where unread, as a single arm."""
        return cls(
            np.asarray(scores, dtype=np.float64)[None],
            np.asarray(is_fake, dtype=np.bool_),
            ("all",),
            tuple(readers),
            tuple(origins),
        )

    @classmethod
    def by_generator(
        cls, scores: npt.ArrayLike, origins: Sequence[str], readers: Sequence[str], generators: Sequence[str]
    ) -> "Ratings":
        """Make one arm per generator: its own fakes and all the reals.

        Parameters
        ----------
        scores : (J, C), NaN where unread
        origins : C names, `real` or a generator; cases of generators that are not asked for are left out
        """
        table, names = np.asarray(scores, dtype=np.float64), np.asarray(origins)
        kept = np.isin(names, [REAL, *generators])
        table, names = table[:, kept], names[kept]
        in_arm = [(names == REAL) | (names == generator) for generator in generators]
        return cls(
            np.stack([np.where(belongs, table, np.nan) for belongs in in_arm]),
            names != REAL,
            tuple(generators),
            tuple(readers),
            tuple(str(name) for name in names),
        )

    @property
    def n_arms(self) -> int:
        """I."""
        return len(self.arms)

    @property
    def n_readers(self) -> int:
        """J."""
        return len(self.readers)

    @property
    def is_read(self) -> Bools:
        """(I, J, C) whether a score is there."""
        read: Bools = ~np.isnan(self.scores)
        return read

    @property
    def strata(self) -> npt.NDArray[np.intp]:
        """(C,) number of the stratum of each case: its origin where named, otherwise its truth."""
        labels = np.asarray(self.origins) if self.origins else self.is_fake
        return np.unique(labels, return_inverse=True)[1]

    def arm(self, index: int) -> "Ratings":
        """Keep one arm and the cases that someone read in it."""
        return self._keep(arms=[index])

    def pair(self, first: int, second: int) -> "Ratings":
        """Keep two arms and the cases that someone read in either."""
        return self._keep(arms=[first, second])

    def fakes_only(self) -> "Ratings":
        """Keep the fakes, as for detection rates."""
        return self._keep(cases=self.is_fake)

    def reals_only(self) -> "Ratings":
        """Keep the reals."""
        return self._keep(cases=~self.is_fake)

    def with_enough(self, n_cases: int, n_fakes: int = 0, n_reals: int = 0) -> "Ratings":
        """Keep readers with at least so many cases, fakes and reals read in every arm."""
        read = self.is_read
        enough = (
            (read.sum(axis=-1) >= n_cases)
            & (read[..., self.is_fake].sum(axis=-1) >= n_fakes)
            & (read[..., ~self.is_fake].sum(axis=-1) >= n_reals)
        )
        return self._keep(readers=np.flatnonzero(enough.all(axis=0)).tolist())

    def _keep(
        self, arms: list[int] | None = None, readers: list[int] | None = None, cases: Bools | None = None
    ) -> "Ratings":
        i = list(range(self.n_arms)) if arms is None else arms
        j = list(range(self.n_readers)) if readers is None else readers
        scores = self.scores[i][:, j]
        c = ~np.isnan(scores).all(axis=(0, 1)) & (True if cases is None else cases)
        return Ratings(
            scores[:, :, c],
            self.is_fake[c],
            tuple(self.arms[k] for k in i),
            tuple(self.readers[k] for k in j),
            tuple(np.asarray(self.origins)[c].tolist()) if self.origins else (),
        )
