"""One number that stands for everything a reader meets."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.core.frame_set import PAPER, FrameSet


@dataclass(frozen=True, slots=True)
class CaseTruth:
    """A case as the fingerprint sees it."""

    public_id: str
    phase: str
    source: str
    lesion_class: str


def study_fingerprint(
    protocol: Mapping[str, Any],
    cases: Iterable[CaseTruth],
    pixels: NDArray[np.int16],
    *,
    frame_set: FrameSet = PAPER,
) -> str:
    """SHA-256 over the protocol, what the frames are, and every case with its truth and its pixels.

    Parameters
    ----------
    protocol : as stored; keys are sorted, so that their order does not matter
    cases : N cases, in the order of their public ids
    pixels : (N, frames, height, width) int16, in the same order
    frame_set : what the frames are; the paper's add nothing to the sum, so that it stays what it was before there
        were others

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    ValueError
        If there is not one patch per case, or the cases are not in the order of their ids.
    """
    listed = list(cases)
    if len(listed) != len(pixels):
        raise ValueError(f"{len(listed)} cases came with {len(pixels)} patches")
    if [case.public_id for case in listed] != sorted(case.public_id for case in listed):
        raise ValueError("cases must come in the order of their ids")
    digest = sha256(_canonical(dict(protocol)))
    if not frame_set.is_paper:
        digest.update(_canonical({"frame_set": frame_set.to_json()}))
    for case, patch in zip(listed, pixels, strict=True):
        digest.update(_canonical([case.public_id, case.phase, case.source, case.lesion_class]))
        digest.update(np.ascontiguousarray(patch, dtype="<i2").data)
    return digest.hexdigest()


def patch_sha256(patch: NDArray[np.int16]) -> str:
    """SHA-256 of the pixels of one case, stored at freezing so that a changed case can be named later.

    Parameters
    ----------
    patch : (frames, height, width) int16
    """
    return sha256(np.ascontiguousarray(patch, dtype="<i2").data).hexdigest()


def _canonical(value: object) -> bytes:
    return (
        json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()
        + b"\n"
    )
