"""Features kept on disk under the SHA-256 of the pictures they come from."""

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import numpy as np

from evaluation.core.extractors import Extractor, Features, Pictures


def features(
    extractor: Extractor, pictures: Pictures, *, folder: Path | None, report: Callable[[int], None]
) -> Features:
    """Read features of these very pictures if they were extracted before, else extract and keep them.

    Parameters
    ----------
    pictures : (n, 3, 64, 64) uint8
    folder : where features are kept, one folder per extractor below it; None keeps nothing
    report : called with the number of pictures done so far

    Returns
    -------
    (n, d) float32
    """
    if folder is None:
        return extractor.features(pictures, report)
    digest = hashlib.sha256(repr(pictures.shape).encode() + np.ascontiguousarray(pictures).data)
    path = folder / extractor.key / f"{digest.hexdigest()}.npy"
    shape = (len(pictures), extractor.about.n_features)
    kept = _read(path, shape)
    if kept is None:
        kept = extractor.features(pictures, report)
        _write(path, kept)
    report(len(pictures))
    return kept


def _read(path: Path, shape: tuple[int, int]) -> Features | None:
    """Read an array; a file that is missing or damaged counts as absent."""
    try:
        kept = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return kept if kept.shape == shape and kept.dtype == np.float32 else None


def _write(path: Path, found: Features) -> None:
    """Write beside and rename, so that nobody reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with partial.open("wb") as file:
            np.save(file, found)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
