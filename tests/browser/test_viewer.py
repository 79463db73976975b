"""The panel viewer in a real Chromium: what is painted, and what mouse and keys do."""

import re

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from generation.core.frames import FRAMES
from readerstudy.core import panel
from tests.browser.serving import Server
from tests.browser.sitting import Sitting, expected, sit_down, until

DYNAMIC = ("T1_pre", "T1_post1", "T1_post2", "T1_post3", "T1_post4")

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


class TestPainting:
    def test_canvas_shows_what_the_servers_picture_shows(self, sitting: Sitting) -> None:
        picture = np.asarray(panel.draw(sitting.patch, panel.WIDE)).astype(np.int64)
        for row, names in enumerate(panel.WIDE.rows):
            for column, name in enumerate(names):
                if name:
                    top, left = row * (256 + 36), column * (256 + 8)
                    difference = np.abs(sitting.greys(name) - picture[top : top + 256, left : left + 256])
                    # The server rounds after each of two passes, the browser once: a grey level where it differs.
                    assert difference.max() <= 1, name
                    assert difference.mean() < 0.25, name

    def test_nearest_makes_every_pixel_a_square(self, server: Server, context: BrowserContext) -> None:
        sitting = sit_down(server, context, "study pixel by pixel")
        for name in FRAMES:
            large = expected(sitting.patch, name).repeat(4, axis=0).repeat(4, axis=1)
            assert np.abs(sitting.greys(name) - large).max() <= 1, name

    def test_figure_4_shows_four_subtractions_under_one_window(
        self, server: Server, context: BrowserContext
    ) -> None:
        sitting = sit_down(server, context, "study of figure 4")
        picture = np.asarray(panel.draw(sitting.patch, panel.FIGURE_4_WIDE)).astype(np.int64)
        for column, name in enumerate(("Sub", "Sub2", "Sub3", "Sub4"), start=1):
            shown = sitting.greys(name)[109, 109]  # pixel 36, inside a block of 8 equal ones, at zoom 3
            assert abs(shown - picture[292 + 146, column * 264 + 146]) <= 1
        assert sitting.box("Sub")["x"] == sitting.box("T1_post1")["x"]
        assert sitting.box("Sub4")["x"] == sitting.box("T1_post4")["x"]

    @pytest.mark.parametrize(("ratio", "side"), [(1.25, 256.0), (2.0, 256.0)])
    def test_every_pixel_is_a_whole_number_of_screen_pixels(
        self, server: Server, chromium: Browser, ratio: float, side: float
    ) -> None:
        with chromium.new_context(
            viewport={"width": 1440, "height": 900}, device_scale_factor=ratio
        ) as context:
            sitting = sit_down(server, context)
            box = sitting.box("T2")
            on_screen = box["width"] * ratio
            assert on_screen % 64 == pytest.approx(0, abs=0.01)
            assert box["width"] == pytest.approx(side, abs=0.01)
            assert sitting.page.locator('[data-frame="T2"] canvas').evaluate("c => c.width") == round(
                on_screen
            )
            for edge in (box["x"] * ratio, box["y"] * ratio):
                assert abs(edge - round(edge)) < 0.05


class TestWindow:
    def test_drag_changes_all_frames_at_once_and_space_resets(
        self, server: Server, context: BrowserContext
    ) -> None:
        sitting = sit_down(server, context, "study pixel by pixel")
        before, said = {name: sitting.greys(name) for name in FRAMES}, sitting.window
        sitting.drag("T1_post2", 50, -40)
        # 0.004 of the start's white per pixel to the right, 0.003 per pixel down: see viewer.js.
        for name in FRAMES:
            small = sitting.greys(name)[2::4, 2::4]
            wanted = expected(sitting.patch, name, width=1 + 50 * 0.004, level=0.5 - 40 * 0.003)
            assert np.abs(small - wanted).max() <= 1, name
        assert sitting.window != said
        sitting.page.keyboard.press("Space")
        for name in FRAMES:
            assert np.array_equal(sitting.greys(name), before[name])
        assert sitting.window == said

    def test_window_is_said_in_units_of_signal(self, sitting: Sitting) -> None:
        white = float(np.quantile(sitting.patch[1:6], panel.BRIGHT_QUANTILE))
        assert sitting.window == f"W {round(white)} L {int(white / 2 + 0.5)}"

    def test_i_inverts_and_again_takes_it_back(self, sitting: Sitting) -> None:
        before = sitting.greys("Sub")
        sitting.page.keyboard.press("i")
        assert np.array_equal(sitting.greys("Sub"), 255 - before)
        expect(sitting.page.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "true")
        sitting.page.keyboard.press("i")
        assert np.array_equal(sitting.greys("Sub"), before)

    def test_arrow_keys_and_buttons_do_the_same(self, sitting: Sitting) -> None:
        for key, button in (
            ("ArrowLeft", "Window narrower"),
            ("ArrowRight", "Window wider"),
            ("ArrowUp", "Level lower, brighter"),
            ("ArrowDown", "Level higher, darker"),
        ):
            start = sitting.window
            sitting.page.keyboard.press(key)
            sitting.greys("T2")
            by_key = sitting.window
            sitting.page.keyboard.press("Space")
            sitting.page.get_by_role("button", name=button).click()
            sitting.greys("T2")
            assert sitting.window == by_key != start
            sitting.page.keyboard.press("Space")  # the mouse left the focus with the panel
            sitting.greys("T2")
            assert sitting.window == start

    def test_space_in_the_warm_up_resets_and_skips_no_panel(
        self, server: Server, context: BrowserContext
    ) -> None:
        study = server.prepare("study")
        page = context.new_page()
        page.goto(server.url + study["link"])
        page.get_by_role("button", name="Start").click()
        page.get_by_role("button", name="Begin the warm-up").click()
        expect(page.locator("#panel.is-painted")).to_be_attached()
        expect(page.get_by_role("button", name="Next")).to_be_focused()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Space")
        page.wait_for_timeout(200)
        expect(page.locator(".bar__place")).to_have_text("Warm-up 1 of 4")


class TestCursor:
    def test_curve_is_the_mean_of_3_by_3_pixels_in_the_five_dynamic_frames(self, sitting: Sitting) -> None:
        for column, row in ((20, 40), (0, 63)):
            sitting.point("Sub", column, row)
            square = sitting.patch[1:6, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            values = np.floor(square.mean(axis=(1, 2)) + 0.5).astype(int)
            expect(sitting.page.locator("#curve")).to_have_attribute(
                "aria-label",
                f"Signal at the cursor at 0, 70, 140, 210 and 280 seconds: {', '.join(map(str, values))}",
            )

    def test_curve_points_lie_at_their_labels(self, sitting: Sitting) -> None:
        sitting.point("T2", 30, 30)
        sitting.greys("T2")  # once it is drawn
        means = sitting.patch[1:6, 29:32, 29:32].mean(axis=(1, 2))
        places = sitting.page.evaluate(
            """() => ({
                dots: [...document.querySelectorAll(".curve__dot")].map((dot) => +dot.getAttribute("cy")),
                labels: [...document.querySelectorAll(".curve__label--signal")].map(
                    (label) => [+label.textContent, +label.getAttribute("y")]),
            })"""
        )
        (low, at_low), (high, at_high) = places["labels"][0], places["labels"][-1]
        read = [low + (y - at_low) / (at_high - at_low) * (high - low) for y in places["dots"]]
        assert read == pytest.approx(means, abs=(high - low) / 1000)

    def test_cross_hair_lies_over_the_same_pixel_of_every_frame(self, sitting: Sitting) -> None:
        sitting.point("T1_post3", 10, 50)
        sitting.greys("T2")  # once it is drawn
        for name in (*FRAMES, "cine"):
            cross = sitting.page.locator(f'[data-frame="{name}"] .frame__cross').bounding_box()
            box = sitting.box(name)
            assert cross is not None
            assert cross["x"] + cross["width"] / 2 - box["x"] == pytest.approx(10.5 * 4, abs=0.51)
            assert cross["y"] + cross["height"] / 2 - box["y"] == pytest.approx(50.5 * 4, abs=0.51)
        sitting.page.mouse.move(5, 5)
        expect(sitting.page.locator(".frame__cross").first).to_be_hidden()
        expect(sitting.page.locator("#curve")).to_have_class("curve is-empty")

    def test_cross_hair_by_keyboard(self, sitting: Sitting) -> None:
        sitting.page.keyboard.press("Shift+ArrowRight")  # appears in the middle
        sitting.page.keyboard.press("Shift+ArrowDown")
        value = int(np.floor(sitting.patch[1, 32:35, 31:34].mean() + 0.5))
        expect(sitting.page.locator("#curve")).to_have_attribute(
            "aria-label", re.compile(f"seconds: {value},")
        )
        sitting.page.keyboard.press("Escape")
        expect(sitting.page.locator(".frame__cross").first).to_be_hidden()

    def test_magnifier_holds_the_pixel_under_the_cursor_in_every_frame(self, sitting: Sitting) -> None:
        before = {name: sitting.greys(name) for name in FRAMES}
        sitting.point("T2", 20, 44)  # inside a block of 8 equal pixels
        sitting.page.keyboard.down("m")
        for name in FRAMES:
            magnified = sitting.greys(name)
            assert not np.array_equal(magnified, before[name])
            assert abs(magnified[178, 82] - before[name][178, 82]) <= 3  # screen pixel 4 x place + 2
        sitting.page.keyboard.up("m")
        for name in FRAMES:
            assert np.array_equal(sitting.greys(name), before[name])


class TestCine:
    def test_steps_through_the_dynamic_frames(self, sitting: Sitting) -> None:
        shown = sitting.page.locator("#cine-title")
        expect(shown).to_have_text("T1 pre")
        for number in (1, 2, 3, 4, 0):
            sitting.page.keyboard.press(".")
            assert np.array_equal(sitting.greys("cine"), sitting.greys(DYNAMIC[number]))
        sitting.page.keyboard.press(",")
        expect(shown).to_have_text("T1 post 4")

    def test_plays_only_when_asked_and_at_the_speed_asked(self, sitting: Sitting) -> None:
        shown, speed = sitting.page.locator("#cine-title"), sitting.page.locator("#cine-speed")
        sitting.page.wait_for_timeout(700)
        expect(shown).to_have_text("T1 pre")
        sitting.page.keyboard.press("]")
        expect(speed).to_have_text("4/s")
        # Every frame is noted in the page: polling from outside would miss some on a busy machine.
        sitting.page.evaluate(
            """() => {
              const title = document.getElementById("cine-title");
              window.framesSeen = [];
              const note = () => window.framesSeen.push(title.textContent.trim());
              new MutationObserver(note).observe(title, { childList: true, characterData: true, subtree: true });
            }"""
        )
        sitting.page.keyboard.press("c")
        until(sitting.page, lambda: sitting.page.evaluate("window.framesSeen.length") >= 5)
        sitting.page.keyboard.press("c")
        seen = sitting.page.evaluate("window.framesSeen.slice(0, 5)")
        assert seen == ["T1 post 1", "T1 post 2", "T1 post 3", "T1 post 4", "T1 pre"]
        at_rest = shown.inner_text()
        sitting.page.wait_for_timeout(700)
        expect(shown).to_have_text(at_rest)
        expect(sitting.page.get_by_role("button", name="Cine", exact=False).first).to_have_attribute(
            "aria-pressed", "false"
        )

    def test_reduced_motion_makes_each_press_one_step(self, server: Server, chromium: Browser) -> None:
        with chromium.new_context(reduced_motion="reduce") as context:
            sitting = sit_down(server, context)
            sitting.page.keyboard.press("c")
            sitting.page.wait_for_timeout(700)
            expect(sitting.page.locator("#cine-title")).to_have_text("T1 post 1")
