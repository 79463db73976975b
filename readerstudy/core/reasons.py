"""Why a study was changed or unblinded, in its owner's words: kept for good and printed beside every result."""

from typing import Final

from generation.core.errors import InputError

MIN_LENGTH: Final = 20  # "see e-mail" would tell a reviewer nothing
MAX_LENGTH: Final = 1000


def parse_reason(text: str, *, of: str) -> str:
    """Read a written reason as one paragraph.

    Parameters
    ----------
    of : what is to be justified, for the sentence that refuses

    Raises
    ------
    InputError
        If it is too short to tell anything, or too long to be printed.
    """
    reason = " ".join(text.split())
    if not MIN_LENGTH <= len(reason) <= MAX_LENGTH:
        raise InputError(
            f"The reason for {of} has {len(reason)} characters; write {MIN_LENGTH} to {MAX_LENGTH}, it is printed "
            "with every result.",
            field="reason",
        )
    return reason
