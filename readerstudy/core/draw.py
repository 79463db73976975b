"""Which patches become the cases of a study."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from typing import Protocol as Protocol_

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES, LesionClass
from readerstudy.core.protocol import Protocol
from readerstudy.core.session_state import Phase

_NO_PATIENT: Final = ""


@dataclass(frozen=True, slots=True)
class Supply:
    """What a pool offers.

    Attributes
    ----------
    name : of the pool, for sentences
    labels : (N,) class index of each patch
    patients : (N,) patient of each patch; "" where there is none
    avoided : (N,) patches of patients that a generator of the study was trained on, taken only where the others of
        their class are too few; None where nothing is known of that
    excluded : (N,) patches that somebody took out of the pool; never drawn. None where there are none
    """

    name: str
    labels: NDArray[np.int64]
    patients: NDArray[np.str_]
    avoided: NDArray[np.bool_] | None = None
    excluded: NDArray[np.bool_] | None = None

    def usable(self, needs: Mapping[LesionClass, int]) -> NDArray[np.bool_]:
        """Patches to draw from: none that is excluded, and no avoided ones in each class that has enough others."""
        usable = self._offered()
        if self.avoided is None:
            return usable
        for lesion_class, n in needs.items():
            others = usable & (self.labels == lesion_class.code) & ~self.avoided
            if np.count_nonzero(others) >= n:
                usable &= (self.labels != lesion_class.code) | others
        return usable

    def n_of(self, lesion_class: LesionClass) -> int:
        """Number of patches of a class."""
        return int(np.count_nonzero(self._offered() & (self.labels == lesion_class.code)))

    def _offered(self) -> NDArray[np.bool_]:
        """Every patch that nobody took out, a new array."""
        return np.ones(len(self.labels), dtype=bool) if self.excluded is None else ~self.excluded


@dataclass(frozen=True, slots=True)
class Pick:
    """One patch drawn into a study."""

    phase: Phase
    source: str
    lesion_class: LesionClass
    patch_index: int


@dataclass(frozen=True, slots=True)
class Draw:
    """The cases of a study.

    Attributes
    ----------
    picks : every patch at most once
    shared_patients : patients that occur in the warm-up and in the test; empty where the data allowed it
    n_avoided : picks of the test from patients that a generator was trained on; 0 where the data allowed it
    """

    picks: tuple[Pick, ...]
    shared_patients: tuple[str, ...]
    n_avoided: int = 0


class Holding(Protocol_):
    """Anything that knows how many patches of a class it holds."""

    @property
    def name(self) -> str: ...

    def n_of(self, lesion_class: LesionClass, /) -> int: ...


def check_supply(protocol: Protocol, holdings: Mapping[str, Holding]) -> None:
    """Refuse a protocol that needs more than its pools hold.

    Parameters
    ----------
    protocol : quotas per phase, source and lesion class
    holdings : one per source

    Raises
    ------
    InputError
        One sentence naming the quota, what the pool holds, and the mend.
    """
    for source in protocol.sources:
        if source not in holdings:
            raise InputError(
                f'The protocol asks for "{source}" but no pool of that source was chosen; choose one or set its numbers to 0.',
                field=f"pool.{source}",
            )
        for lesion_class in LESION_CLASSES:
            n_test = protocol.test.get(source, {}).get(lesion_class, 0)
            n_warm_up = protocol.warm_up.get(source, {}).get(lesion_class, 0)
            n_there = holdings[source].n_of(lesion_class)
            if n_test + n_warm_up > n_there:
                raise InputError(
                    f"The study needs {n_test + n_warm_up} {lesion_class.words} patches of {source} "
                    f'({n_test} test + {n_warm_up} warm-up) but the pool "{holdings[source].name}" holds {n_there}; '
                    "lower the quota or choose a larger pool.",
                    field=f"test.{source}.{lesion_class}",
                )


def draw_cases(protocol: Protocol, supplies: Mapping[str, Supply], *, rng: np.random.Generator) -> Draw:
    """Draw the cases of a study without replacement.

    No patch is both a warm-up and a test case. Where a pool names patients, the warm-up comes from
    other patients than the test as long as both quotas can be met that way; otherwise the whole pool
    is shared and the patients concerned are named in the result. Patches that a supply avoids are drawn only in classes
    where the others do not suffice.

    Parameters
    ----------
    protocol : quotas per phase, source and lesion class
    supplies : one per source of the protocol
    rng : seeded by protocol.seed

    Raises
    ------
    InputError
        If a quota is larger than its pool.
    """
    check_supply(protocol, supplies)
    picks: list[Pick] = []
    shared: set[str] = set()
    n_avoided = 0
    for source in protocol.sources:
        supply = supplies[source]
        needs = {
            phase: [protocol.quotas(phase).get(source, {}).get(c, 0) for c in LESION_CLASSES]
            for phase in Phase
        }
        usable = supply.usable(
            {c: sum(needs[phase][i] for phase in Phase) for i, c in enumerate(LESION_CLASSES)}
        )
        sides = _sides(supply, needs, rng, usable)
        taken = np.zeros(len(supply.labels), dtype=bool)
        patients: dict[Phase, set[str]] = {}
        for phase in (Phase.WARM_UP, Phase.TEST):
            chosen = []
            for lesion_class, n in zip(LESION_CLASSES, needs[phase], strict=True):
                free = np.flatnonzero(sides[phase] & ~taken & (supply.labels == lesion_class.code))
                for index in sorted(rng.choice(free, size=n, replace=False).tolist()):
                    picks.append(Pick(phase, source, lesion_class, index))
                    chosen.append(index)
            taken[chosen] = True
            if phase is Phase.TEST and supply.avoided is not None:
                n_avoided += int(np.count_nonzero(supply.avoided[chosen]))
            patients[phase] = set(supply.patients[chosen].tolist()) - {_NO_PATIENT}
        shared |= patients[Phase.WARM_UP] & patients[Phase.TEST]
    return Draw(picks=tuple(picks), shared_patients=tuple(sorted(shared)), n_avoided=n_avoided)


def _sides(
    supply: Supply,
    needs: Mapping[Phase, list[int]],
    rng: np.random.Generator,
    usable: NDArray[np.bool_],
) -> dict[Phase, NDArray[np.bool_]]:
    """Which patches may serve each phase: split by patients if possible, else all usable ones for both."""
    whole = {Phase.WARM_UP: usable, Phase.TEST: usable}
    names, codes = np.unique(supply.patients, return_inverse=True)
    if not sum(needs[Phase.WARM_UP]) or names.tolist() == [_NO_PATIENT]:
        return whole
    counts = np.zeros((len(names), len(LESION_CLASSES)), dtype=np.int64)  # patches per patient and class
    np.add.at(counts, (codes[usable], supply.labels[usable]), 1)
    missing = np.array(needs[Phase.WARM_UP])
    spare = counts.sum(axis=0) - np.array(needs[Phase.TEST])
    warm_up_patients = np.zeros(len(names), dtype=bool)
    # The rarest class first: a patient taken for it usually brings healthy tissue along.
    for column in np.argsort(spare - missing, kind="stable"):
        for patient in rng.permutation(len(names)):
            if missing[column] <= 0:
                break
            helps = counts[patient, column] > 0 and not warm_up_patients[patient]
            if helps and np.all(counts[patient] <= spare):
                warm_up_patients[patient] = True
                missing = missing - counts[patient]
                spare = spare - counts[patient]
    if np.any(missing > 0):
        return whole
    in_warm_up = warm_up_patients[codes]
    return {Phase.WARM_UP: in_warm_up & usable, Phase.TEST: ~in_warm_up & usable}
