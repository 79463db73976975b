"""The order in which a reader meets the cases: reproducible by anyone from a seed, the case ids and their strata.

A cryptographic hash serves as the random number of each case, so that no order needs a random number generator whose
stream might change between versions, machines or languages. docs/order.md tells both algorithms in words.
"""

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from generation.core.errors import InputError

RANK_V1: Final = "sha256-rank-v1"
STRATA_V1: Final = "sha256-strata-v1"
ALGORITHM: Final = STRATA_V1  # of new sessions; each session stores the name of its own

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
    {RANK_V1: rank_order, STRATA_V1: strata_order}
)


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
