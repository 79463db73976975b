"""Files that survive a power cut: on the disk before they get their name, and the name on the disk too."""

import errno
import os
from pathlib import Path
from typing import Final

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NUMPY_WORDS: Final = "requested and"  # NumPy says how much it wrote of what, and gives no number


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(draft: Path, path: Path) -> None:
    """Give a written file its name; whoever meets the name meets the whole file, after a power cut too."""
    sync(draft)
    draft.replace(path)
    sync(path.parent)


def rename_folder(draft: Path, folder: Path) -> None:
    """Give a folder of written files its name, in the same way.

    Raises
    ------
    OSError
        If there is a folder of that name with something in it.
    """
    for path in draft.rglob("*"):
        sync(path)
    sync(draft)
    draft.rename(folder)
    sync(folder.parent)


def is_no_room(error: BaseException) -> bool:
    """Whether a disk, or somebody's share of it, is full."""
    if not isinstance(error, OSError):
        return False
    return error.errno in _NO_ROOM or (error.errno is None and _NUMPY_WORDS in str(error))
