"""Tiny scans for tests: two breasts in front of a chest, one lesion in each, in a few kilobytes."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk

from generation.core.frames import SCANNED_FRAMES

SHAPE = (10, 80, 96)  # slice, row, col
SPACING_MM = (3.5, 3.5, 9.0)  # x, y, z
LESIONS = {1: "benign", 2: "malignant"}


def make_anatomy() -> tuple[np.ndarray, np.ndarray]:
    """Tissue signal, 0 in air, and lesion numbers; axial convention (superior, posterior, left)."""
    z, y, x = (index * mm for index, mm in zip(np.indices(SHAPE), SPACING_MM[::-1], strict=True))
    right, left = (
        ((x - cx) / 60) ** 2 + ((y - 150) / 90) ** 2 + ((z - 45) / 42) ** 2 < 1 for cx in (84, 252)
    )
    chest = (y > 150) & (np.abs(x - 168) < 150)
    tissue = np.where(right | left, 300.0, 0.0)
    tissue[chest] = 180.0
    lesions = np.zeros(SHAPE, dtype=np.uint8)
    lesions[(x - 84) ** 2 + (y - 110) ** 2 + (z - 45) ** 2 < 12**2] = 1
    lesions[(x - 256) ** 2 + (y - 105) ** 2 + (z - 36) ** 2 < 15**2] = 2
    return tissue, lesions


def make_frames(seed: int = 0) -> dict[str, np.ndarray]:
    """Six frames with noise; lesions take up contrast in T1_post1 and keep or lose it."""
    rng = np.random.default_rng(seed)
    tissue, lesions = make_anatomy()
    gain = dict(zip(SCANNED_FRAMES, (0.5, 0.0, 0.8, 0.9, 0.8, 0.7), strict=True))
    frames = {}
    for name in SCANNED_FRAMES:
        noise = np.abs(rng.normal(0, 5, SHAPE))
        frames[name] = (tissue + gain[name] * 200 * (lesions > 0) + noise).astype(np.int16)
    return frames


def to_image(array: np.ndarray, spacing_mm=SPACING_MM, origin_mm=(0.0, 0.0, 0.0)) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing_mm)
    image.SetOrigin(origin_mm)
    return image


def make_patient_folder(folder: Path, *, seed: int = 0, suffix: str = ".nii.gz") -> Path:
    """A complete patient, as a user would bring it."""
    folder.mkdir(parents=True)
    for name, content in _files(seed, suffix).items():
        (folder / name).write_bytes(content)
    return folder


@cache
def _files(seed: int, suffix: str) -> dict[str, bytes]:
    truth = {
        "lesions": [
            {"lesion": number, "lesion_class": lesion_class} for number, lesion_class in LESIONS.items()
        ]
    }
    arrays = {**make_frames(seed), "lesions": make_anatomy()[1]}
    with TemporaryDirectory() as written:
        for name, array in arrays.items():
            sitk.WriteImage(to_image(array), Path(written) / f"{name}{suffix}")
        images = {path.name: path.read_bytes() for path in sorted(Path(written).iterdir())}
    return {**images, "truth.json": json.dumps(truth).encode()}
