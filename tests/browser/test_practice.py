"""The practice of the controls: the real viewer, a list that ticks, and a page that can still be read and scrolled."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from generation.core.frames import T1_POST1
from readerstudy.core import practice
from tests.browser.arriving import Arriving
from tests.browser.serving import Server
from tests.browser.sitting import Sitting, expected, until, watch

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

NAMES = ("window", "reset", "invert", "crosshair", "magnify", "cine", "answer")


N_LOADED = """performance.getEntriesByType("resource").filter(
  ({ name, responseEnd }) => name.endsWith("/practice.bin") && responseEnd > 0).length"""
PAINTED = "() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 100))"


def hold_panel(page: Page) -> list[Route]:
    """The request for the practice panel, to be let go later."""
    held: list[Route] = []
    page.route("**/practice.bin", lambda route: held.append(route))
    return held


@pytest.fixture
def trying(server: Server, context: BrowserContext) -> Iterator[Sitting]:
    """In front of the practice panel."""
    troubles: list[str] = []
    watch(context, troubles)
    arriving = Arriving(server, context.new_page(), "study")
    arriving.press("Start")
    sitting = Sitting(server, arriving.page, arriving.study)
    sitting.look()
    arriving.page.locator("#practice-title").evaluate("(title) => title.scrollIntoView()")
    yield sitting
    assert troubles == []


def has_tried(page: Page, *names: str) -> None:
    """These are ticked and no others, by the list and by the count below it."""
    expect(page.locator("[data-status]")).to_have_text(f"{len(names)} of {len(NAMES)} tried")
    assert {name for name in NAMES if page.locator(f'.is-tried[data-try="{name}"]').count()} == set(names)


class TestTrying:
    def test_by_mouse(self, trying: Sitting) -> None:
        page = trying.page
        has_tried(page)
        trying.point("T1_post1", 50, 15)
        has_tried(page, "crosshair")
        expect(page.locator("#curve")).to_have_attribute(
            "aria-label", "Signal at the cursor at 0, 70, 140, 210 and 280 seconds: 260, 740, 660, 570, 500"
        )
        trying.drag("T2", 30, 10)
        done = ["crosshair", "window"]
        has_tried(page, *done)
        for name, button in (
            ("reset", "Reset"),
            ("invert", "Invert"),
            ("magnify", "Magnify"),
            ("cine", "Cine c"),
        ):
            page.locator(".tools").get_by_role("button", name=button).click()
            done.append(name)
            has_tried(page, *done)
        page.locator("#answers").get_by_role("button", name="Synthetic").click()
        has_tried(page, *NAMES)

    def test_by_keyboard(self, trying: Sitting) -> None:
        page = trying.page
        page.locator("#practice-panel").focus()
        done: list[str] = []
        for name, key in (
            ("window", "ArrowLeft"),
            ("reset", "Space"),
            ("invert", "i"),
            ("crosshair", "Shift+ArrowDown"),
            ("magnify", "m"),
            ("cine", "."),
            ("answer", "j"),
        ):
            page.keyboard.press(key)
            done.append(name)
            has_tried(page, *done)
        expect(page.locator('[data-answer="fake"]')).to_have_attribute("aria-pressed", "true")

    def test_ticks_are_said_to_those_who_do_not_see_them(self, trying: Sitting) -> None:
        trying.page.keyboard.press("i")
        expect(trying.page.locator('[data-try="invert"]')).to_contain_text("tried:")
        expect(trying.page.get_by_role("status")).to_contain_text("1 of 7 tried")

    def test_list_of_all_controls_opens_and_leaves_by_key(self, trying: Sitting) -> None:
        trying.page.keyboard.press("?")
        expect(trying.page.get_by_role("dialog")).to_be_visible()
        trying.page.keyboard.press("i")
        trying.page.keyboard.press("Escape")
        expect(trying.page.get_by_role("dialog")).to_be_hidden()
        has_tried(trying.page)

    def test_nothing_is_sent_and_nothing_is_compulsory(self, trying: Sitting) -> None:
        sent: list[str] = []
        trying.page.on("request", lambda request: sent.append(request.url))
        trying.page.keyboard.press("f")
        trying.page.keyboard.press("i")
        trying.page.wait_for_timeout(300)
        assert sent == []
        trying.page.get_by_role("button", name="Begin the warm-up").click()
        expect(trying.page.locator(".bar__place")).to_have_text("Warm-up 1 of 4")

    def test_by_touch(self, server: Server, chromium: Browser) -> None:
        size = {"width": 390, "height": 844}
        with chromium.new_context(viewport=size, has_touch=True, is_mobile=True) as context:
            arriving = Arriving(server, context.new_page(), "study")
            arriving.press("Start")
            page = arriving.page
            expect(page.locator("#panel.is-painted")).to_be_attached()
            page.locator('[data-frame="T1_post2"] .frame__picture').tap()
            page.locator(".tools").get_by_role("button", name="Invert").tap()
            page.locator("#answers").get_by_role("button", name="Real").tap()
            has_tried(page, "crosshair", "invert", "answer")


class TestPanel:
    def test_canvas_shows_the_test_pattern(self, trying: Sitting) -> None:
        """In flat places nothing depends on how the pattern is enlarged."""
        shown = trying.greys("T1_post1")
        zoom = shown.shape[0] // 64
        middle = shown[zoom // 2 :: zoom, zoom // 2 :: zoom]
        wanted = expected(practice.patch(), "T1_post1")
        flat = np.zeros((64, 64), dtype=bool)
        for column, row in practice.CENTRES:
            flat[row - 3 : row + 4, column - 3 : column + 4] = True
        assert abs(middle - wanted)[flat].max() <= 1
        assert practice.patch()[T1_POST1][flat].max() == 740

    def test_page_can_be_read_with_the_keys_that_scroll_it(self, trying: Sitting) -> None:
        page = trying.page
        page.evaluate("scrollTo(0, 0)")
        page.keyboard.press("Space")
        until(page, lambda: page.evaluate("scrollY") > 100)
        page.keyboard.press("ArrowDown")
        has_tried(page)

    def test_keys_do_nothing_while_the_panel_is_out_of_sight(self, server: Server, chromium: Browser) -> None:
        with chromium.new_context(viewport={"width": 390, "height": 600}) as context:
            arriving = Arriving(server, context.new_page(), "study")
            arriving.press("Start")
            expect(arriving.page.locator("#panel.is-painted")).to_be_attached()
            arriving.page.evaluate("scrollTo(0, 0)")
            arriving.page.keyboard.press("i")
            has_tried(arriving.page)

    def test_control_with_the_focus_is_not_covered_by_the_bar(self, trying: Sitting) -> None:
        """WCAG 2.2, 2.4.11: focus not obscured."""
        page = trying.page
        page.evaluate("scrollTo(0, 0)")
        page.locator("#practice-panel").focus()
        for _ in range(20):
            page.keyboard.press("Tab")
            covered = page.evaluate(
                """() => {
                  const one = document.activeElement, bar = document.querySelector(".bar--begin");
                  if (bar.contains(one) || one === document.body) return false;
                  return one.getBoundingClientRect().bottom > bar.getBoundingClientRect().top + 1;
                }"""
            )
            assert not covered

    @pytest.mark.parametrize(
        ("name", "then"), [("Begin", "Ready"), ("Deutsch", "So funktioniert es")], ids=["begin", "language"]
    )
    def test_press_is_not_lost_when_the_panel_comes_up_under_it(
        self, server: Server, context: BrowserContext, name: str, then: str
    ) -> None:
        page = context.new_page()
        held = hold_panel(page)
        arriving = Arriving(server, page, "test only")
        arriving.press("Start")
        until(page, lambda: len(held) == 1)
        pressed = page.get_by_role("button", name=name)
        pressed.hover()
        page.mouse.down()
        held[0].continue_()
        until(page, lambda: page.evaluate(N_LOADED) == 1)
        page.evaluate(PAINTED)
        page.mouse.up()
        expect(page.get_by_role("heading", name=then)).to_be_visible()

    @pytest.mark.parametrize(("width", "height"), [(1440, 900), (1920, 1080), (390, 844)])
    def test_button_lies_where_it_lay_before_the_panel_came(
        self, server: Server, chromium: Browser, width: int, height: int
    ) -> None:
        with chromium.new_context(viewport={"width": width, "height": height}) as context:
            page = context.new_page()
            held = hold_panel(page)
            arriving = Arriving(server, page, "test only")
            arriving.press("Start")
            until(page, lambda: len(held) == 1)
            button = page.get_by_role("button", name="Begin")
            before = button.bounding_box()
            held[0].continue_()
            expect(page.locator("#panel.is-painted")).to_be_attached()
            page.evaluate(PAINTED)
            assert button.bounding_box() == before

    @pytest.mark.parametrize(("width", "height"), [(1024, 768), (1440, 900), (1920, 1080), (2560, 1440)])
    def test_words_of_the_bar_begin_where_the_frames_begin(
        self, server: Server, chromium: Browser, width: int, height: int
    ) -> None:
        with chromium.new_context(viewport={"width": width, "height": height}) as context:
            arriving = Arriving(server, context.new_page(), "study")
            arriving.press("Start")
            expect(arriving.page.locator("#panel.is-painted")).to_be_attached()
            left, heading = (
                arriving.page.locator(name).bounding_box() for name in (".bar__tried", "#practice-title")
            )
            assert left is not None
            assert heading is not None
            assert left["x"] == pytest.approx(heading["x"], abs=1)

    def test_panel_that_does_not_come_leaves_the_way_on(
        self, server: Server, context: BrowserContext
    ) -> None:
        context.route("**/practice.bin", lambda route: route.abort())
        arriving = Arriving(server, context.new_page(), "study")
        arriving.press("Start")
        expect(arriving.page.get_by_role("alert")).to_contain_text("You can begin without it")
        arriving.press("Begin the warm-up")
        expect(arriving.page.locator(".bar__place")).to_have_text("Warm-up 1 of 4")
