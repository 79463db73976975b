"""What becomes of frames and values."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.core.errors import InputError
from generation.core.foreign import mapping as mappings
from generation.core.foreign import proposal
from generation.core.foreign.findings import Survey
from generation.core.foreign.mapping import Scale
from generation.core.frame_set import PAPER, FrameSet


def make_survey(n_frames=2, low=0.0, high=1000.0, *, is_whole=True, size=16, frame_words=()) -> Survey:
    lows, highs = np.broadcast_to(low, n_frames).tolist(), np.broadcast_to(high, n_frames).tolist()
    return Survey(
        "NumPy, one array", 1, n_frames, size, size, "int16", tuple(lows), tuple(highs), is_whole,
        {"benign": 1}, "index.csv", frame_words, 0, 0, (), 0, (), ("benign",),
    )  # fmt: skip


def built(survey, how, ends, named=("A", "B"), **options):
    return proposal.build(
        survey,
        places=range(len(named)),
        named=named,
        ends=ends,
        how=how,
        of_class={"benign": "benign"},
        **options,
    )


class TestProposal:
    def test_paper(self):
        mapping = proposal.propose(make_survey(7, 0, 1023, size=64))
        assert (mapping.frame_set is PAPER, mapping.scale) == (True, Scale.AS_IS)

    def test_six_scanned_frames_get_sub(self):
        mapping = proposal.propose(make_survey(6, 0, 900, size=64))
        assert mapping.frame_set.is_paper
        assert [frame.place for frame in mapping.frames] == [0, 1, 2, 3, 4, 5, None]

    def test_outputs_of_a_network(self):
        """-1 to 1 become what to_network undoes: (x + 1) * 511.5, and x * 1023 for Sub."""
        mapping = proposal.propose(make_survey(7, -0.98, 0.97, is_whole=False, size=64))
        patch, n_cut = mapping.apply(np.full((7, 64, 64), 0.5))
        assert (mapping.scale, n_cut) == (Scale.RANGE, 0)
        assert patch[:, 0, 0].tolist() == [767, 767, 767, 767, 767, 767, 512]  # rint(767.25), rint(511.5)

    def test_eight_bits_are_spread(self):
        mapping = proposal.propose(make_survey(2, 0, 255))
        assert mapping.apply(np.full((2, 16, 16), 255))[0].max() == 1023

    def test_frames_by_the_names_of_files(self):
        words = ("t1-post1", "t1-pre", "T2")
        mapping = proposal.propose(make_survey(3, frame_words=words))
        assert mapping.frame_set.names == ("T2", "T1_pre", "T1_post1", "Sub")
        assert [frame.place for frame in mapping.frames] == [2, 1, 0, None]
        assert mapping.frame_set.dynamic == ("T1_pre", "T1_post1")

    def test_unknown_frames(self):
        mapping = proposal.propose(make_survey(3))
        assert mapping.frame_set.names == ("frame_01", "frame_02", "frame_03")
        assert (mapping.frame_set.dynamic, mapping.frame_set.subtractions) == ((), ())


class TestValues:
    def test_kept_within_limits(self):
        mapping = built(make_survey(), Scale.AS_IS, [(0, 4000), (-1024, 3071)])
        assert mapping.frame_set.limits == ((0, 4000), (-1024, 3071))
        patch, _ = mapping.apply(np.stack([np.full((16, 16), 3999), np.full((16, 16), -1000)]))
        assert (patch[0, 0, 0], patch[1, 0, 0]) == (3999, -1000)
        with pytest.raises(InputError, match=r'"A" has values from 0 to 4001; the limits are 0 and 4000'):
            mapping.apply(np.stack([np.eye(16) * 4001, np.zeros((16, 16))]))
        with pytest.raises(InputError, match=r'"A" has values that are no whole numbers, such as 0\.5'):
            mapping.apply(np.full((2, 16, 16), 0.5))

    def test_range_cuts_and_counts(self):
        mapping = built(make_survey(), Scale.RANGE, [(100, 200), (0, 1)])
        found = np.zeros((2, 16, 16))
        found[0] = 150
        found[0, 0, :3] = [99, 200, 300]
        patch, n_cut = mapping.apply(found)
        assert (patch[0, 0, :4].tolist(), n_cut) == ([0, 1023, 1023, 512], 2)

    def test_each_patch_keeps_its_series_together(self):
        named = ("T1_pre", "T1_post1", "ADC")
        mapping = built(make_survey(3), Scale.EACH, [(0, 1)] * 3, named)
        found = np.stack([np.full((16, 16), 10.0), np.full((16, 16), 20.0), np.eye(16)])
        patch, _ = mapping.apply(found)
        assert [patch[0].max(), patch[1].min(), patch[2].max()] == [0, 1023, 1023]

    def test_lowest_above_highest(self):
        with pytest.raises(InputError, match='"B" go from 5 to 5'):
            built(make_survey(), Scale.RANGE, [(0, 1), (5, 5)])

    def test_same_frames_as_another(self):
        like = FrameSet(("ADC", "DWI"), 16, 16, limits=((0, 4000), (0, 255)))
        mapping = built(make_survey(), Scale.AS_IS, [(0, 1), (0, 1)], like=like)
        assert mapping.frame_set is like
        assert [frame.name for frame in mapping.frames] == ["ADC", "DWI"]
        with pytest.raises(InputError, match="would have 2 frames of 16 x 16; the chosen patch set has"):
            built(make_survey(), Scale.AS_IS, [(0, 1), (0, 1)], like=replace(like, height=32))

    def test_class_nobody_named(self):
        mapping = built(make_survey(), Scale.AS_IS, [(0, 1)] * 2)
        with pytest.raises(InputError, match='Nothing says which lesion class "x" is'):
            mapping.lesion_class("x")

    def test_survives_json(self):
        mapping = proposal.propose(make_survey(6, 0, 900, size=64))
        assert mappings.from_dict(mapping.as_dict()) == mapping


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from([Scale.RANGE, Scale.EACH]),
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e6),
    st.integers(0, 2**31),
)
def test_mapped_values_lie_within_limits_and_keep_their_order(scale, low, width, seed):
    found = np.random.default_rng(seed).uniform(low - width, low + 2 * width, size=(2, 16, 16))
    mapping = built(make_survey(), scale, [(low, low + width)] * 2)
    patch, _ = mapping.apply(found)
    assert 0 <= patch.min() <= patch.max() <= 1023
    order = np.argsort(found[0], axis=None)
    assert np.all(np.diff(patch[0].ravel()[order]) >= 0)
