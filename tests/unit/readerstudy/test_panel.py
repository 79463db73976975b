import io

import numpy as np
import pytest
from PIL import Image

from generation.core.frames import SUB, T1_POST1, T1_PRE
from readerstudy.core import panel

PATCHES = {
    "constant": np.full((7, 64, 64), 500, np.int16),
    "black": np.zeros((7, 64, 64), np.int16),
    "noise": np.random.default_rng(1).integers(0, 1024, (7, 64, 64)).astype(np.int16),
    "smooth": np.broadcast_to(np.linspace(0, 1023, 64).astype(np.int16), (7, 64, 64)),
}


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def chunks(png: bytes) -> list[tuple[bytes, int]]:
    """Names and lengths of the chunks of a PNG."""
    found, at = [], 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        found.append((png[at + 4 : at + 8], length))
        at += length + 12
    return found


class TestRender:
    @pytest.mark.parametrize(
        "layout",
        [panel.WIDE, panel.TALL, panel.FIGURE_4_WIDE, panel.FIGURE_4_TALL],
        ids=["wide", "tall", "figure 4 wide", "figure 4 tall"],
    )
    def test_every_patch_has_the_same_bytes_but_the_pixels(self, layout):
        files = {name: panel.render(patch, layout) for name, patch in PATCHES.items()}
        assert len({len(file) for file in files.values()}) == 1
        assert len({str(chunks(file)) for file in files.values()}) == 1

    def test_holds_no_chunk_but_the_picture(self):
        names = {name for name, _ in chunks(panel.render(PATCHES["noise"]))}
        assert names == {b"IHDR", b"IDAT", b"IEND"}

    def test_is_grey_and_of_the_announced_size(self):
        image = Image.open(io.BytesIO(panel.render(PATCHES["smooth"])))
        assert (image.mode, image.size) == ("L", (1312, 584))
        assert Image.open(io.BytesIO(panel.render(PATCHES["smooth"], panel.TALL))).size == (784, 912)

    def test_the_generators_own_subtraction_is_never_shown(self):
        patch = PATCHES["noise"].copy()
        forged = patch.copy()
        forged[SUB] = 777
        assert panel.render(patch) == panel.render(forged)

    def test_the_generators_own_subtraction_is_shown_where_the_study_says_so(self):
        forged = PATCHES["noise"].copy()
        forged[SUB] = 1000
        own = pixels(panel.render(forged, own_subtraction=True))
        assert own[292 + 128, 264 + 128] == 255
        assert not np.array_equal(own, pixels(panel.render(forged)))

    def test_figure_4_shows_the_subtraction_of_every_post_contrast_frame_below_it(self):
        patch = np.zeros((7, 64, 64), np.int16)
        patch[T1_POST1 : T1_POST1 + 4] = np.array([100, 200, 300, 400])[:, None, None]
        shown = pixels(panel.render(patch, panel.FIGURE_4_WIDE))
        assert shown.shape == (584, 1576)
        greys = [int(shown[292 + 128, 264 * column + 128]) for column in range(6)]
        # White of T1 is 400, of the subtractions 200: 100 is half of it.
        assert greys == [panel.SURROUND, 128, 255, 255, 255, panel.SURROUND]

    def test_nearest_makes_every_pixel_a_square(self):
        shown = pixels(panel.render(PATCHES["noise"], interpolation="nearest"))[:256, :256]
        assert np.array_equal(shown, shown[::4, ::4].repeat(4, axis=0).repeat(4, axis=1))

    def test_frames_lie_where_the_captions_say(self):
        patch = np.zeros((7, 64, 64), np.int16)
        patch[T1_POST1] = 800
        shown = pixels(panel.render(patch))
        assert shown[128, 264 + 128] == 255  # second column of the upper row
        assert shown[128, 128] == shown[128, 2 * 264 + 128] == 0
        assert shown[292 + 128, 264 + 128] == 255  # its subtraction below
        assert shown[292 + 128, 3 * 264 + 128] == panel.SURROUND  # a free place


class TestWindowed:
    def test_enhancement_stays_comparable_between_the_t1_frames(self):
        patch = PATCHES["black"].copy()
        patch[T1_PRE], patch[T1_POST1] = 200, 400
        grey = panel.windowed(patch)
        assert grey[T1_POST1].mean() == pytest.approx(255)
        assert grey[T1_PRE].mean() == pytest.approx(127.5)
        assert grey[SUB].mean() == pytest.approx(255)  # 200 is half of T1's white, 400

    def test_the_rule_scales_with_the_panel(self):
        patch = PATCHES["smooth"] // 2
        assert np.allclose(panel.windowed(patch), panel.windowed(patch * 2), atol=1e-3)

    def test_air_is_not_stretched_into_a_picture(self):
        patch = np.full((7, 64, 64), 5, np.int16)
        assert panel.windowed(patch)[:SUB].max() < 15

    def test_leaves_the_patch_alone(self):
        patch = PATCHES["noise"].copy()
        panel.windowed(patch)
        assert np.array_equal(patch, PATCHES["noise"])
