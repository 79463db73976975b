"""Metrics of patches with other frames than the paper's: each works on them, or is absent with its reason."""

import json

import numpy as np
import pytest

from evaluation.core import coherence, diversity, frame_pictures, kinetics, pair_picture, patch_comparison
from evaluation.core.extractors import load
from evaluation.core.scoring import ScoreOptions, score_sets
from generation.core.errors import InputError
from generation.core.frame_set import PAPER, FrameSet, Subtraction
from generation.core.labels import LesionClass
from generation.core.patch_set import PatchRow, PatchSetFolder, PatchSetWriter

DIFFUSION = FrameSet(("ADC", "T2", "DWI"), height=24, width=20, limits=((0, 4000), (0, 1023), (0, 1023)))
SERIES = FrameSet(
    ("pre", "post_1", "post_2", "wash"),
    height=32,
    width=32,
    dynamic=("pre", "post_1", "post_2"),
    subtractions=(Subtraction("wash", "post_2", "post_1"),),
)
MANY = FrameSet(tuple(f"f{i}" for i in range(12)), height=128, width=128, limits=((-100, 155),) * 12)


def draw(frame_set: FrameSet, n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    low, high = np.array(frame_set.limits).T[..., None, None]
    values = low + rng.uniform(size=(n, *frame_set.shape)) * (high - low)
    return frame_set.subtracted(np.rint(values).astype(np.int16))


def make_set(folder, source: str, frame_set: FrameSet, *, seed: int, n: int = 6) -> PatchSetFolder:
    rows = [PatchRow(f"P{i}" if source == "real" else "", LesionClass.BENIGN) for i in range(n)]
    with PatchSetWriter(folder / f"{source}-{seed}", source=source, frame_set=frame_set) as writer:
        writer.add(draw(frame_set, n, seed), rows)
        return writer.finish({})


class TestPictures:
    def test_up_to_three_frames_are_colours(self):
        patches = np.zeros((2, *DIFFUSION.shape), np.int16)
        patches[:, 0], patches[:, 2] = 2000, 1023
        found = frame_pictures.pictures(patches, DIFFUSION)
        assert found.shape == (2, 3, 24, 20)
        assert found[0, :, 0, 0].tolist() == [128, 0, 255]

    def test_more_frames_lie_beside_one_another_and_are_made_smaller(self):
        patches = np.full((1, *MANY.shape), -100, np.int16)
        patches[:, 5] = 155
        found = frame_pictures.pictures(patches, MANY)
        # 12 frames in 4 columns of at most 192 / 4 = 48 pixels: blocks of 3, so 42 x 42 pixels each.
        assert found.shape == (1, 3, 3 * 42, 4 * 42)
        assert found[0, 0, 42:84, 42:84].min() == 255
        assert found.sum(dtype=int) == 3 * 255 * 42 * 42

    def test_short_vectors_leave_out_what_is_computed(self):
        assert frame_pictures.small(draw(SERIES, 2, 1), SERIES).shape == (2, 3 * 16 * 16)
        assert frame_pictures.small(draw(MANY, 2, 1), MANY).shape[1] <= frame_pictures.SHORT

    def test_blocks_are_averaged(self):
        frame = np.arange(16, dtype=np.int16).reshape(1, 1, 4, 4)
        assert frame_pictures.averaged(frame, 2).tolist() == [[[[2.5, 4.5], [10.5, 12.5]]]]


class TestAbsent:
    def test_kinetics_need_a_dynamic_series(self):
        reals, fakes = draw(DIFFUSION, 5, 1), draw(DIFFUSION, 5, 2)
        found = patch_comparison.compare(reals, fakes, np.random.default_rng(0), frame_set=DIFFUSION)
        assert found.kinetics.note == (
            "No kinetics: 3 frames of 24 rows x 20 columns (ADC, T2, DWI) hold no dynamic series."
        )
        assert found.kinetics.type_distance is None
        assert set(found.kinetics.wasserstein.values()) == {None}
        assert (found.real_coherence, found.coherence_note) == (None, "No frame is computed from two others.")
        assert [one.frame for one in found.frames] == ["ADC", "T2", "DWI"]
        assert len(found.real_diversity.per_frame) == 3

    def test_a_series_of_two_frames_is_too_short(self):
        short = FrameSet(("a", "b"), 16, 16, dynamic=("a", "b"))
        assert "the dynamic series has 2 frames, and 3 are needed" in kinetics.missing(short)
        assert kinetics.missing(PAPER) == kinetics.missing(SERIES) == ""


class TestMeasured:
    def test_kinetics_of_another_series(self):
        patch = np.zeros((1, *SERIES.shape), np.int16)
        patch[0, 0, 14:18, 14:18], patch[0, 1, 14:18, 14:18], patch[0, 2, 14:18, 14:18] = 200, 400, 300
        found = kinetics.measure(patch, SERIES)
        assert (found.initial.tolist(), found.late_change.tolist()) == ([1.0], [-0.25])

    def test_coherence_of_another_subtraction(self):
        patches = draw(SERIES, 3, 1)
        assert coherence.of_subtraction(patches, SERIES).mean == 0
        patches[:, 3] += 2
        assert coherence.of_subtraction(patches, SERIES).mean == 2

    def test_copies_are_as_alike_as_can_be_at_any_size(self):
        for frame_set in (DIFFUSION, SERIES, FrameSet(("a",), 16, 16), FrameSet(("a",), 150, 301)):
            one = frame_pictures.averaged(draw(frame_set, 1, 1), diversity.LARGEST).astype(float)
            assert diversity.ms_ssim(one, one, frame_set=frame_set) == pytest.approx(1)


class TestScoring:
    def test_every_metric_is_a_number_or_null(self, tmp_path):
        real, fake = (make_set(tmp_path, name, DIFFUSION, seed=i) for i, name in enumerate(("real", "gan")))
        scores = score_sets(real, fake, load("pixels"), ScoreOptions(n_draws=2, n_per_set=6))
        found = json.loads(json.dumps(scores.to_dict(), allow_nan=False))
        assert found["classes"]["benign"]["distance_mean"] is not None
        assert found["frames"] == DIFFUSION.words
        assert found["pictures"] == "ADC, T2, DWI as colours"
        assert found["patches"]["benign"]["memorisation"][0]["space"].startswith("pixels: all frames")

    def test_sets_of_different_frames_are_refused(self, tmp_path):
        real, fake = make_set(tmp_path, "real", DIFFUSION, seed=1), make_set(tmp_path, "gan", SERIES, seed=2)
        with pytest.raises(
            InputError, match="Patches of real and gan cannot be compared: they differ in their frames"
        ):
            score_sets(real, fake, load("pixels"), ScoreOptions(n_draws=1, n_per_set=4))


def test_a_pair_is_drawn_under_one_window():
    real = np.full(DIFFUSION.shape, 500, np.int16)
    picture = np.asarray(pair_picture.draw(real // 2, real, DIFFUSION))
    height = (len(picture) - pair_picture.GAP) // 2
    assert picture[height // 2, 4] == pytest.approx(picture[-height // 2, 4] / 2, abs=1)
