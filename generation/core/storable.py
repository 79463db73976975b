"""Which texts a database takes."""

import re
from typing import Final

_UNSTORABLE: Final = re.compile(r"[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Say whether a text can be stored and looked for.

    PostgreSQL takes no zero character, and a lone surrogate, which JSON can write, has no UTF-8.

    Parameters
    ----------
    text : as a browser sent it
    """
    return not _UNSTORABLE.search(text)
