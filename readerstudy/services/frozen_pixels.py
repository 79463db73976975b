"""The file with the pixels of a study's cases: written once, when the study is frozen."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np

from generation.core import durable
from generation.core.errors import InputError


@contextmanager
def written(path: Path, shape: tuple[int, ...]) -> Iterator[tuple[Path, BinaryIO]]:
    """A file to write one case after the other to, under a draft's name; it gets its own when it is safely on disk.

    The caller has locked the study, so what else lies here under a draft's name was left by a freezing that was
    killed. A killed freezing may also leave a whole file under its own name: until the study's row says frozen nobody
    reads it, and the next freezing replaces it.

    Raises
    ------
    InputError
        If the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{path.name}.*"):
        left.unlink()
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    header = {"descr": "<i2", "fortran_order": False, "shape": shape}
    try:
        with draft.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            yield draft, file
            file.flush()
        durable.replace(draft, path)
    except OSError as error:
        if not durable.is_no_room(error):
            raise
        draft.unlink(missing_ok=True)
        free = shutil.disk_usage(path.parent).free / 1e6
        raise InputError(
            f"The pixels of the study need {prod(shape) * 2 / 1e6:.1f} MB and {free:.1f} MB are free where the data "
            "folder lies; make room there and freeze again."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
