"""Laws of extraction and patch sets that hold whatever the scan."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.core import extraction
from generation.core.frames import SUB, T1_POST1, T1_PRE
from generation.core.labels import LesionClass
from generation.core.patch_set import PatchSetWriter, open_patch_set, sha256_of_file

SHAPE = (3, 110, 120)
CLASSES = {1: LesionClass.BENIGN, 2: LesionClass.MALIGNANT}


@st.composite
def scans(draw):
    """Random frames, up to six rectangular lesions and two rectangular breasts."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frames = rng.integers(0, 1024, (6, *SHAPE), dtype=np.int16)
    lesions, breasts = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    for number in draw(st.lists(st.sampled_from([1, 2]), max_size=6)):
        z, row, col = (draw(st.integers(0, n - 1)) for n in SHAPE)
        height, width = draw(st.integers(1, 30)), draw(st.integers(1, 30))
        lesions[z, row : row + height, col : col + width] = number
    for number in (1, 2):
        row, col = draw(st.integers(0, 80)), draw(st.integers(0, 80))
        breasts[:, row : row + draw(st.integers(0, 60)), col : col + draw(st.integers(0, 60))] = number
    return frames, lesions, breasts


def extracted(scan, seed, n=4):
    frames, lesions, breasts = scan
    return extraction.extract(
        frames,
        lesions,
        breasts,
        patient="P01",
        classes=CLASSES,
        n_healthy_per_breast_slice=n,
        rng=extraction.patient_rng(seed, "P01"),
    )


@given(scans(), st.integers(0, 2**63 - 1))
@settings(max_examples=60, deadline=None)
def test_every_patch_is_the_volume_at_its_stated_centre(scan, seed):
    frames = scan[0]
    found = extracted(scan, seed)
    for patch, row in zip(found.patches, found.rows, strict=True):
        rows, cols = slice(row.row - 32, row.row + 32), slice(row.col - 32, row.col + 32)
        np.testing.assert_array_equal(patch[:6], frames[:, row.slice, rows, cols])
        np.testing.assert_array_equal(patch[SUB], patch[T1_POST1] - patch[T1_PRE])


@given(scans(), st.integers(0, 2**63 - 1))
@settings(max_examples=60, deadline=None)
def test_no_healthy_neighbourhood_holds_a_lesion_and_every_healthy_centre_is_in_a_breast(scan, seed):
    _, lesions, breasts = scan
    for row in extracted(scan, seed).rows:
        if row.lesion_class is LesionClass.NO_FINDINGS:
            assert not lesions[row.slice, row.row - 16 : row.row + 16, row.col - 16 : row.col + 16].any()
            assert breasts[row.slice, row.row, row.col]
        else:
            assert CLASSES[row.lesion_id] is row.lesion_class


@given(scans())
@settings(max_examples=40, deadline=None)
def test_every_lesion_slice_gives_one_patch_or_is_counted(scan):
    lesions = scan[1]
    found = extracted(scan, 1)
    n_lesion_slices = sum(len(np.unique(plane[plane > 0])) for plane in lesions)
    n_lesion_patches = sum(row.lesion_id is not None for row in found.rows)
    assert n_lesion_patches + found.n_at_border == n_lesion_slices


@given(scans(), st.integers(0, 2**63 - 1))
@settings(max_examples=15, deadline=None)
def test_same_seed_same_bytes(scan, seed):
    found = extracted(scan, seed)
    if not found.rows:
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a", "b"):
            again = extracted(scan, seed)
            with PatchSetWriter(Path(folder, name), source="real") as writer:
                writer.add(again.patches, again.rows)
                writer.finish({"seed": seed})
        for file in ("patches.npy", "index.csv", "manifest.json"):
            assert sha256_of_file(Path(folder, "a", file)) == sha256_of_file(Path(folder, "b", file))


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.002, 0.02, 0.3]), st.sampled_from([2, 8, 32]))
@settings(max_examples=40, deadline=None)
def test_free_pixels_are_those_whose_window_is_empty(seed, share, neighbourhood):
    lesions = np.random.default_rng(seed).random((24, 30)) < share
    free, half = extraction.free_of_lesions(lesions, neighbourhood=neighbourhood), neighbourhood // 2
    for row, col in np.ndindex(lesions.shape):
        window = lesions[max(row - half, 0) : row + half, max(col - half, 0) : col + half]
        assert free[row, col] == (not window.any())


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_patch_set_is_the_concatenation_of_what_was_added(sizes, seed):
    rng = np.random.default_rng(seed)
    parts = [rng.integers(0, 1024, (n, 7, 64, 64), dtype=np.int16) for n in sizes]
    classes = [rng.choice(list(LesionClass), n) for n in sizes]
    with tempfile.TemporaryDirectory() as folder:
        with PatchSetWriter(Path(folder, "s"), source="real") as writer:
            for part, names in zip(parts, classes, strict=True):
                writer.add(part, [extraction.PatchRow("P", LesionClass(name)) for name in names])
            writer.finish({})
        found = open_patch_set(Path(folder, "s"), verify=True)
        np.testing.assert_array_equal(found.patches, np.concatenate(parts))
        assert [row.lesion_class for row in found.rows] == [
            LesionClass(name) for names in classes for name in names
        ]
        assert sum(found.counts().values()) == sum(sizes)
