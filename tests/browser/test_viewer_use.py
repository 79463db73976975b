"""The panel viewer in use: its log, its help, small windows, and what stands in where it cannot run."""

import json

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.serving import Server
from tests.browser.sitting import STORED, Sitting, sit_down

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


class TestLog:
    def test_goes_with_an_answer_given_by_keyboard(self, answering: Sitting) -> None:
        answering.drag("T2", 30, 0)
        answering.point("T2", 5, 5)
        answering.point("T2", 6, 5)
        for key in ("i", ".", "ArrowUp", "m"):
            answering.page.keyboard.press(key)
        answering.greys("T2")
        said = answering.window
        answering.answer("j")
        ((answer, rt_ms, viewer),) = answering.stored(1)
        log = json.loads(viewer)
        assert (answer, rt_ms > 0) == ("fake", True)
        assert said == f"W {log['window']} L {log['level']}"
        assert (
            log.items()
            >= {
                "is_inverted": 1,
                "n_inversions": 1,
                "n_window_changes": 2,
                "n_resets": 0,
                "n_cine_steps": 1,
                "n_cine_plays": 0,
                "n_magnifications": 1,
                "zoom": 4,
                "device_pixel_ratio": 1,
                "viewport_width": 1440,
                "viewport_height": 900,
            }.items()
        )
        assert log["n_cursor_pixels"] >= 2
        assert log["cursor_ms"] > 0

    def test_begins_anew_with_every_panel(self, answering: Sitting) -> None:
        answering.page.keyboard.press("i")
        answering.answer("ff")
        logs = [json.loads(viewer) for *_, viewer in answering.stored(2)]
        assert [log["n_inversions"] for log in logs] == [1, 0]


class TestHelp:
    def test_lists_the_keys_and_takes_none_while_it_is_open(self, answering: Sitting) -> None:
        answering.page.keyboard.press("?")
        help_page = answering.page.get_by_role("dialog", name="Looking at a panel")
        expect(help_page).to_be_visible()
        for word in ("invert", "cine slower, faster", "real, synthetic"):
            expect(help_page).to_contain_text(word)
        for key in ("f", "i", "p"):
            answering.page.keyboard.press(key)
        answering.page.keyboard.press("Escape")
        expect(help_page).to_be_hidden()
        expect(answering.page.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "false")
        answering.answer("f")
        answering.has_stored("f")


class TestSmallWindows:
    @pytest.mark.parametrize("what", ["study of figure 4", "study with confidence"])
    def test_no_overflow_and_a_finger_works_at_390_px(
        self, server: Server, chromium: Browser, what: str
    ) -> None:
        with chromium.new_context(
            viewport={"width": 390, "height": 844}, device_scale_factor=3, has_touch=True, is_mobile=True
        ) as context:
            sitting = sit_down(server, context, what)
            assert sitting.page.evaluate("document.documentElement.scrollWidth") == 390
            assert sitting.box("T2")["width"] == pytest.approx(128, abs=0.5)
            sitting.page.locator('[data-frame="T1_post1"] canvas').tap(position={"x": 40, "y": 60})
            expect(sitting.page.locator(".frame__cross").first).to_be_visible()
            sitting.page.locator('[data-frame="T2"] canvas').tap(position={"x": 42, "y": 60})
            expect(sitting.page.locator(".frame__cross").first).to_be_hidden()
            before = sitting.greys("T2")
            sitting.page.get_by_role("button", name="Window narrower").tap()
            assert not np.array_equal(sitting.greys("T2"), before)

    def test_frames_follow_the_window(self, sitting: Sitting) -> None:
        for width, height, side in ((1024, 768, 192), (1920, 1080, 320), (390, 844, 128), (1440, 900, 256)):
            sitting.page.set_viewport_size({"width": width, "height": height})
            expect(sitting.page.locator('[data-frame="T2"] canvas')).to_have_js_property("width", side)
            assert sitting.page.evaluate("document.documentElement.scrollWidth") == width


class TestWithoutViewer:
    def test_reload_shows_the_same_panel_again(self, sitting: Sitting) -> None:
        before = sitting.greys("T1_post1")
        sitting.page.keyboard.press("i")
        sitting.page.reload()
        sitting.look()
        assert np.array_equal(sitting.greys("T1_post1"), before)

    def test_without_javascript_the_picture_is_there_and_no_tool(
        self, server: Server, chromium: Browser
    ) -> None:
        with chromium.new_context(java_script_enabled=False) as context:
            study = server.prepare("study of figure 4")
            page = context.new_page()
            page.goto(server.url + study["link"])
            page.get_by_role("button", name="Start").click()
            with page.expect_response("**/panel.png") as picture:
                page.get_by_role("button", name="Begin").click()
                page.get_by_role("link", name="Begin the test").click()
            assert picture.value.status == 200
            expect(page.get_by_alt_text("Panel of ten frames")).to_be_visible()
            expect(page.locator("canvas").first).to_be_hidden()
            expect(page.get_by_role("button", name="Help")).to_be_hidden()

    def test_picture_stands_in_when_the_numbers_do_not_come(self, server: Server, chromium: Browser) -> None:
        with chromium.new_context() as context:
            context.route("**/read/panel/*.bin", lambda route: route.abort())
            sitting = sit_down(server, context, "study")
            expect(sitting.page.get_by_alt_text("Panel of seven frames")).to_be_visible()
            with sitting.page.expect_navigation():
                sitting.page.keyboard.press("f")
            ((answer, rt_ms, viewer),) = server.rows(STORED, sitting.study["study"])
            assert (answer, rt_ms > 0, viewer) == ("real", True, None)

    def test_reader_is_told_when_nothing_comes_and_cannot_answer_by_key(
        self, server: Server, chromium: Browser
    ) -> None:
        with chromium.new_context() as context:
            sitting = sit_down(server, context)
            context.route("**/*.bin", lambda route: route.abort())
            context.route("**/*.png", lambda route: route.abort())
            sitting.page.reload()
            expect(sitting.page.get_by_role("alert")).to_contain_text("The panel could not be loaded")
            sitting.page.keyboard.press("f")
            sitting.page.wait_for_timeout(200)
            assert server.rows(STORED, sitting.study["study"]) == []


class TestWords:
    def test_labels_are_the_same_for_every_panel(self, answering: Sitting) -> None:
        said = set()
        for number in range(1, 5):
            answering.look()
            said.add(answering.page.locator("main").aria_snapshot().replace(f"Panel {number}", "Panel n"))
            answering.answer("f")
        assert len(said) == 1
