"""The room with other frames than the paper's: what is drawn, what keys do, and what there is not."""

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, expect

from readerstudy.core import panel
from tests.browser.prepare_frames import DIFFUSION, LARGE, SERIES
from tests.browser.serving import Server
from tests.browser.sitting import Sitting, sit_down, watch

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def call(sitting: Sitting, module: str, expression: str) -> object:
    return sitting.page.evaluate(
        f"async () => {{ const module = await import('/static/js/reading/{module}.js'); return {expression}; }}"
    )


def test_three_frames_are_drawn_and_read(server: Server, context: BrowserContext) -> None:
    troubles: list[str] = []
    watch(context, troubles)
    sitting = sit_down(server, context, "study of three frames")
    patch = sitting.patch
    shown = panel.windowed(patch, frame_set=DIFFUSION)
    for name, frame in zip(DIFFUSION.names, shown, strict=True):
        greys = sitting.greys(name)
        zoom = greys.shape[1] // DIFFUSION.width
        assert greys.shape == (96 * zoom, 80 * zoom)
        large = np.clip(np.rint(frame), 0, 255).repeat(zoom, axis=0).repeat(zoom, axis=1)
        assert np.abs(greys - large).max() <= 1, name
    assert sitting.window.startswith("ADC W ")
    expect(sitting.page.locator("[data-do='cine'], #curve")).to_have_count(0)

    sitting.page.keyboard.press("Shift+ArrowRight")
    expect(sitting.page.locator(".has-cursor .frame__cross:visible")).to_have_count(3)
    for key in ("c", ",", ".", "[", "]"):
        sitting.page.keyboard.press(key)  # nothing to play
    before = sitting.greys("DWI")
    sitting.page.keyboard.press("i")
    assert np.abs(sitting.greys("DWI") + before - 255).max() <= 1
    sitting.page.keyboard.press("?")
    expect(sitting.page.locator("#help")).not_to_contain_text("cine")
    sitting.page.keyboard.press("Escape")
    sitting.answer("fjf")
    sitting.has_stored("fjf")
    assert troubles == []


def test_a_series_has_cine_and_a_curve_of_its_own(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "study of a series")
    sitting.page.keyboard.press(".")
    expect(sitting.page.locator("#cine-title")).to_have_text("post 1")
    assert np.array_equal(sitting.greys("cine"), sitting.greys("post_1"))
    box = sitting.box("pre")
    assert box["width"] / box["height"] == pytest.approx(SERIES.width / SERIES.height)
    sitting.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    patch = sitting.patch
    means = [round(float(frame[23:26, 31:34].mean())) for frame in patch[:3]]
    expect(sitting.page.locator("#curve")).to_have_attribute(
        "aria-label", f"Signal at the cursor over time: {', '.join(map(str, means))}"
    )
    expect(sitting.page.locator("#curve .curve__label--time").last).to_have_text("180 s")


def test_large_frames_fit_and_few_are_kept(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "study of large frames")
    page = sitting.page
    assert page.locator("canvas").first.evaluate("c => [c.width, c.height]") == [512, 512]
    assert sitting.box("A")["width"] < 512
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert call(sitting, "preload", f"module.nKept({LARGE.n_bytes})") == 16
    # The largest patch there can be: 32 MiB ahead are four of them.
    assert call(sitting, "preload", "module.nKept(2 ** 23)") == 4
