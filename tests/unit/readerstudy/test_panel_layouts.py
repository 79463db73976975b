import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from generation.core.errors import InputError
from generation.core.frame_set import PAPER, FrameSet, Subtraction
from readerstudy.core import panel, panel_data, panel_layouts
from readerstudy.core.attention import scramble

DIFFUSION = FrameSet(("ADC", "T2", "DWI"), height=96, width=80)
MANY = FrameSet(tuple(f"f{i}" for i in range(12)), height=128, width=128)
ONE = FrameSet(("MIP",), height=256, width=256)
LARGEST = FrameSet(tuple(f"f{i}" for i in range(16)), height=512, width=512)
SIGNED = FrameSet(
    ("HU", "pre", "post", "wash"),
    height=32,
    width=48,
    limits=((-1024, 3071), (0, 1023), (0, 1023), (-1023, 1023)),
    windows=("HU", "T1", "T1", "wash"),
    dynamic=("pre", "post"),
    subtractions=(Subtraction("wash", "post", "pre"),),
    rows=(("pre", "post", "wash"), ("HU", "", "")),
)
EVERY = pytest.mark.parametrize(
    "frame_set",
    [DIFFUSION, MANY, ONE, LARGEST, SIGNED],
    ids=["diffusion", "many", "one", "largest", "signed"],
)


def noise(frame_set: FrameSet, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    frames = [rng.integers(low, high + 1, frame_set.shape[1:]) for low, high in frame_set.limits]
    return np.array(frames, dtype=np.int16)


class TestLayout:
    @EVERY
    @pytest.mark.parametrize("shape", panel_layouts.SHAPES)
    def test_every_frame_has_one_place_inside_the_panel(self, frame_set, shape):
        layout = panel.layout("pool", shape, frame_set)
        places = list(layout.places())
        assert sorted(name for name, _, _ in places) == sorted(frame_set.names)
        assert len({(left, top) for _, left, top in places}) == len(places)
        assert max(left for _, left, _ in places) + layout.frame_width <= layout.width
        assert max(top for _, _, top in places) + layout.frame_height + layout.caption <= layout.height

    @EVERY
    def test_a_narrow_window_has_at_most_three_columns(self, frame_set):
        assert len(panel.layout("pool", "tall", frame_set).rows[0]) <= 3

    def test_the_frame_sets_own_rows_are_kept(self):
        assert panel.layout("pool", "wide", SIGNED).rows == SIGNED.rows

    def test_three_frames_lie_beside_one_another(self):
        assert panel.layout("pool", "wide", DIFFUSION).rows == (("ADC", "T2", "DWI"),)

    def test_the_papers_layouts_are_its_own(self):
        assert panel.layout("seven-frames", "wide", PAPER) is panel.WIDE
        assert panel.layout("pool", "tall", PAPER) is panel.TALL
        assert panel.strip(PAPER) is panel.STRIP
        assert panel_layouts.fitting("figure-4", PAPER) == "figure-4"
        assert panel_layouts.fitting("seven-frames", DIFFUSION) == "pool"

    def test_the_layout_of_ten_frames_is_refused_for_others(self):
        with pytest.raises(
            InputError, match=r"the pools have 3 frames of 96 rows x 80 columns \(ADC, T2, DWI\)"
        ):
            panel_layouts.fitting("figure-4", DIFFUSION)

    @EVERY
    def test_a_strip_is_no_wider_than_a_page(self, frame_set):
        strip = panel.strip(frame_set)
        assert strip.width <= 952
        assert strip.height <= 320

    @EVERY
    def test_arrangements_hold_every_frame_once_and_a_series_its_cine_and_curve(self, frame_set):
        extra = ["cine", "curve"] if frame_set.dynamic else []
        for rows in panel_layouts.arrangements(frame_set):
            shown = [name for row in rows for name in row if name]
            assert sorted(shown) == sorted([*frame_set.names, *extra])
            assert len({len(row) for row in rows}) == 1

    def test_cine_and_curve_take_places_that_are_free(self):
        assert panel_layouts.arrangements(SIGNED)[0] == (("pre", "post", "wash"), ("HU", "cine", "curve"))


class TestRender:
    @EVERY
    @pytest.mark.parametrize("shape", panel_layouts.SHAPES)
    def test_every_patch_has_the_same_bytes_but_the_pixels(self, frame_set, shape):
        layout = panel.layout("pool", shape, frame_set)
        patches = (noise(frame_set), np.zeros(frame_set.shape, np.int16))
        files = [panel.render(patch, layout) for patch in patches]
        assert len(files[0]) == len(files[1])
        assert Image.open(io.BytesIO(files[0])).size == (layout.width, layout.height)
        assert len({len(panel_data.encode(patch, frame_set=frame_set)) for patch in patches}) == 1

    def test_frames_of_one_window_share_black_and_white(self):
        patch = np.zeros(SIGNED.shape, np.int16)
        patch[1], patch[2] = 200, 800
        shown = panel.windowed(patch, frame_set=SIGNED)
        assert (shown[1].max(), shown[2].max()) == (200 / 800 * 255, 255)
        assert shown[3].max() == 600 / 400 * 255  # white of the subtraction is half of T1's

    def test_a_signed_frame_begins_at_its_darkest(self):
        patch = np.zeros(SIGNED.shape, np.int16)
        patch[0, :16], patch[0, 16:] = -1000, 200
        shown = panel.windowed(patch, frame_set=SIGNED)[0]
        assert (shown[0, 0], shown[-1, -1]) == (0, 255)

    def test_air_is_not_stretched(self):
        dark = replace(DIFFUSION, limits=((0, 4092), (0, 1023), (0, 1023)))
        patch = np.full(dark.shape, 48, np.int16)
        assert panel.windowed(patch, frame_set=dark)[:, 0, 0].tolist() == [
            pytest.approx(255 * 48 / 384),  # the darkest white is 96 of 1023, here 384 of 4092
            pytest.approx(255 * 48 / 96),
            pytest.approx(255 * 48 / 96),
        ]


class TestScramble:
    @pytest.mark.parametrize("shape", [(3, 96, 80), (1, 16, 16), (2, 67, 130)])
    def test_no_tile_stays_and_no_pixel_changes(self, shape):
        patch = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
        found = scramble(patch, 7)
        assert np.array_equal(np.sort(found, axis=None), np.sort(patch, axis=None))
        inner = np.s_[:, : shape[1] // 8 * 8, : shape[2] // 8 * 8]
        assert not np.any(found[inner] == patch[inner])
