"""Seeds: which numbers a row can store and every random stream takes."""

from typing import Final

from generation.core.errors import InputError

MAX_SEED: Final = 2**63 - 1  # what the database stores


def check_seed(seed: int) -> None:
    """Refuse a seed that cannot be stored or from which no random numbers can be drawn.

    Raises
    ------
    InputError
        Naming the seed and its limits.
    """
    if not 0 <= seed <= MAX_SEED:
        raise InputError(f"Seed {seed} cannot be used; write a whole number from 0 to {MAX_SEED}.")
