"""Mapping a .npy from elsewhere: plain arrays only, and one kind of error for all that NumPy meets in a damaged one."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray


class DamagedError(ValueError):
    """The file is no plain .npy, or damaged."""


class PickledError(ValueError):
    """The file holds Python objects, which are never opened."""


def mapped(path: Path) -> NDArray[Any]:
    """Map an array read-only.

    Raises
    ------
    OSError
        If the file cannot be read.
    DamagedError, PickledError
        If it is no plain .npy.
    """
    with path.open("rb") as file:
        if (
            file.read(len(npy_format.MAGIC_PREFIX)) != npy_format.MAGIC_PREFIX
        ):  # np.load would open archives too
            raise DamagedError("it does not begin as a .npy")
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError:
        raise
    except Exception as error:  # what the parser of the header raises has no common class
        if "pickle" in str(error) or "object" in str(error).lower():
            raise PickledError("it holds Python objects") from None
        raise DamagedError("its header or its length is damaged") from None
    return np.asanyarray(found)
