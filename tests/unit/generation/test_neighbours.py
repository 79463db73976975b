"""Nearest real patches, against the plain way of finding them."""

import numpy as np
import pytest

from generation.core import neighbours
from generation.core.errors import InputError
from generation.core.frame_set import PAPER, FrameSet, Subtraction
from tests.unit.generation.test_patch_set import make_patches

SMALL = FrameSet(("A", "B", "C"), 16, 16, subtractions=(Subtraction("C", "B", "A"),))


def make(n, seed):
    return np.random.default_rng(seed).integers(0, 1024, size=(n, 3, 16, 16), dtype=np.int16)


def plainly(patches, references):
    """Every difference of the frames that are not computed."""
    gaps = patches[:, None, :2].astype(float) - references[None, :, :2]
    return np.sqrt((gaps**2).mean(axis=(2, 3, 4)))


@pytest.mark.parametrize("block_bytes", [1, 5 * 2 * 256 * 4, 1 << 20])
def test_as_found_plainly(monkeypatch, block_bytes):
    monkeypatch.setattr(neighbours, "BLOCK_BYTES", block_bytes)
    patches, references = make(13, 1), make(17, 2)
    references[4] = patches[7]
    steps = []
    found = neighbours.find(patches, references, frame_set=SMALL, on_block=lambda *step: steps.append(step))
    expected = plainly(patches, references)
    np.testing.assert_array_equal(found.found["nearest"], expected.argmin(axis=1))
    np.testing.assert_allclose(found.found["distance"], expected.min(axis=1), rtol=1e-6)
    assert (found.found["nearest"][7], found.found["distance"][7]) == (4, 0.0)
    own = plainly(references, references)
    np.fill_diagonal(own, np.inf)
    np.testing.assert_allclose(found.yardstick, np.sort(own.min(axis=1)), rtol=1e-6)
    assert steps[-1][0] == steps[-1][1] == len(steps)


def test_patches_of_one_patient_are_no_yardstick():
    references = make(6, 3)
    references[1] = references[0] + 1  # of the same patient, almost the same
    named = neighbours.find(
        make(2, 4), references, frame_set=SMALL, patients=["P1", "P1", "P2", "P2", "P3", "P3"]
    )
    unnamed = neighbours.find(make(2, 4), references, frame_set=SMALL)
    assert (named.of_patients, unnamed.of_patients) == (True, False)
    assert unnamed.yardstick[0] == 1.0
    assert named.yardstick[0] > 100


def test_only_among_training_patches():
    patches, references = make(2, 5), make(9, 6)
    references[0] = patches[0]
    rows = np.array([3, 5, 8])
    found = neighbours.find(patches, references, frame_set=SMALL, rows=rows)
    assert set(found.found["nearest"].tolist()) <= {3, 5, 8}
    assert found.found["distance"][0] > 0
    with pytest.raises(InputError, match="no patch to compare with"):
        neighbours.find(patches, references, frame_set=SMALL, rows=rows[:0])


def test_one_bright_pixel_of_the_paper():
    references = make_patches(3)
    patch = references[1:2].copy()
    patch[0, 2, 10, 10] = (patch[0, 2, 10, 10] + 100) % 1024
    patch[0, 6] = 0  # computed, and left out
    found = neighbours.find(patch, references, frame_set=PAPER)
    gap = abs(int(patch[0, 2, 10, 10]) - int(references[1, 2, 10, 10]))
    assert found.found["nearest"].tolist() == [1]
    assert found.found["distance"][0] == pytest.approx(gap / np.sqrt(6 * 64 * 64))
    assert found.found["n_nearer"][0] == 0


def test_written_whole_or_not_at_all(tmp_path, monkeypatch):
    found = neighbours.find(make(4, 1), make(5, 2), frame_set=SMALL).found
    path = tmp_path / "n.npy"
    neighbours.write(path, found)
    np.testing.assert_array_equal(neighbours.read(path, n_patches=4), found)
    assert neighbours.read(path, n_patches=5) is None

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match="No space"):
        neighbours.write(path, found[:2])
    assert list(tmp_path.iterdir()) == [path]
    assert len(neighbours.read(path, n_patches=4)) == 4
