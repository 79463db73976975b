"""The order in which a reader meets the cases: reproducible by anyone from a seed, the case ids and their strata.

A cryptographic hash serves as the random number of each case, so that no order needs a random number generator whose
stream might change between versions, machines or languages. docs/order.md tells all algorithms in words.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from generation.core.errors import InputError
from readerstudy.core.session_state import Role

RANK_V1: Final = "sha256-rank-v1"
STRATA_V1: Final = "sha256-strata-v1"
STRATA_V2: Final = "sha256-strata-v2"  # the same order, with repeats and attention checks put in
ALGORITHM: Final = STRATA_V2  # of new sessions; each session stores the name of its own

N_QUARTERS: Final = 4

Stratum = tuple[str, str]  # source, lesion class


def rank(seed: int, text: str) -> str:
    """Compute a sort key: the SHA-256 of "seed:text" in hexadecimal digits.

    Parameters
    ----------
    seed : stored with the reading session
    text : for example the public id of a case
    """
    return sha256(f"{seed}:{text}".encode()).hexdigest()


def rank_order(seed: int, case_ids: Iterable[str]) -> list[str]:
    """Put cases into a random order without regard to their strata (`sha256-rank-v1`).

    Parameters
    ----------
    seed : of one reader's session; another seed gives an unrelated order
    case_ids : in any order; duplicates are refused

    Returns
    -------
    list of str
        Every id once, by ascending rank.

    Raises
    ------
    ValueError
        If an id occurs twice.
    """
    ids = list(case_ids)
    if len(set(ids)) != len(ids):
        raise ValueError("a case id occurs twice")
    return sorted(ids, key=lambda case_id: rank(seed, case_id))


def strata_order(seed: int, strata: Mapping[str, Stratum]) -> list[str]:
    """Put cases into a random order whose every quarter holds the planned mix (`sha256-strata-v1`).

    The cases, sorted by stratum and at random within each, are dealt like cards to four piles; each pile is shuffled,
    and the piles, in random order, are the quarters. Runs of equal sources are not limited: a limit would make the
    trial after the longest run predictable.

    Parameters
    ----------
    seed : of one reader's session; another seed gives an unrelated order
    strata : case id -> (source, lesion class); how it is sorted does not matter

    Returns
    -------
    list of str
        Every id once. The numbers of cases of any one stratum in the four quarters differ by at most 1, and so do
        those of any one source, and the lengths of the quarters.
    """
    # Two ranks per case: cases dealt and placed by the same one would lie more evenly than chance has it.
    deck = sorted(strata, key=lambda case_id: (strata[case_id], rank(seed, f"deal:{case_id}")))
    piles = [deck[number::N_QUARTERS] for number in range(N_QUARTERS)]
    quarters = sorted(range(N_QUARTERS), key=lambda number: rank(seed, f"quarter:{number}"))
    return [
        case_id
        for number in quarters
        for case_id in sorted(piles[number], key=lambda case_id: rank(seed, f"place:{case_id}"))
    ]


ALGORITHMS: Final[Mapping[str, Callable[[int, Mapping[str, Stratum]], list[str]]]] = MappingProxyType(
    {RANK_V1: rank_order, STRATA_V1: strata_order, STRATA_V2: strata_order}
)


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a session: which case is shown there, and why."""

    case_id: str
    role: Role


@dataclass(frozen=True, slots=True)
class Extras:
    """What is shown besides every case of the test once.

    Attributes
    ----------
    n_repeats : cases that come a second time
    repeat_distance : at least so many cases lie between the two
    checks : ids of the attention checks, not among the cases
    """

    n_repeats: int = 0
    repeat_distance: int = 50
    checks: tuple[str, ...] = ()


def with_extras(seed: int, base: Sequence[str], extras: Extras) -> list[Place]:
    """Put repeats and attention checks into an order (`sha256-strata-v2`).

    Parameters
    ----------
    seed : of the session
    base : N case ids in the order of strata_order
    extras : what comes on top

    Returns
    -------
    list of Place
        The base order with role `first`, and the extras at places that the seed alone decides.

    Raises
    ------
    InputError
        If there are too few cases for the extras.
    """
    n, distance = len(base), extras.repeat_distance
    if extras.n_repeats > max(0, n - distance) or len(extras.checks) > n:
        raise InputError(
            f"{extras.n_repeats} repeats after {distance} panels and {len(extras.checks)} attention checks do not fit "
            f"into {n} panels; ask for fewer."
        )
    after: dict[int, list[Place]] = {}
    position = {case_id: i for i, case_id in enumerate(base)}
    candidates = sorted(base[: max(0, n - distance)], key=lambda case_id: rank(seed, f"repeat:{case_id}"))
    for case_id in candidates[: extras.n_repeats]:
        first = position[case_id] + distance
        after.setdefault(first + _slot(seed, case_id, n - first), []).append(Place(case_id, Role.REPEAT))
    k = len(extras.checks)
    for i, case_id in enumerate(sorted(extras.checks, key=lambda case_id: rank(seed, f"check:{case_id}"))):
        start, end = i * n // k, (i + 1) * n // k
        after.setdefault(start + _slot(seed, case_id, end - start), []).append(Place(case_id, Role.CHECK))
    places: list[Place] = []
    for i, case_id in enumerate(base):
        places.append(Place(case_id, Role.FIRST))
        places += sorted(
            after.get(i, ()), key=lambda place: rank(seed, f"extra:{place.role}:{place.case_id}")
        )
    return places


def _slot(seed: int, case_id: str, n: int) -> int:
    """One of n slots, by the rank of the case as a number."""
    return int(rank(seed, f"slot:{case_id}"), 16) % n


def order(seed: int, strata: Mapping[str, Stratum], *, algorithm: str = ALGORITHM) -> list[str]:
    """Put the cases of one phase of a session into the order that its algorithm gives.

    Parameters
    ----------
    seed : stored with the reading session
    strata : case id -> (source, lesion class)
    algorithm : stored with the reading session

    Raises
    ------
    InputError
        If no algorithm of that name is known.
    """
    if algorithm not in ALGORITHMS:
        raise InputError(
            f'The order algorithm "{algorithm}" is unknown; this software knows {" and ".join(ALGORITHMS)}.'
        )
    return ALGORITHMS[algorithm](seed, strata)


def sequence(
    seed: int, strata: Mapping[str, Stratum], extras: Extras, *, algorithm: str = ALGORITHM
) -> list[Place]:
    """Give the whole sequence of one phase of a session.

    Parameters
    ----------
    seed, strata, algorithm : see `order`
    extras : repeats and attention checks of this phase

    Raises
    ------
    InputError
        If no algorithm of that name is known, or it knows no extras.
    """
    base = order(seed, strata, algorithm=algorithm)
    if algorithm != STRATA_V2 and (extras.n_repeats or extras.checks):
        raise InputError(
            f'The order algorithm "{algorithm}" knows neither repeats nor attention checks; use {STRATA_V2}.'
        )
    return with_extras(seed, base, extras)
