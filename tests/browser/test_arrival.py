"""From the personal link to the first panel in Chromium: by keyboard, by touch, without JavaScript, for everybody."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from readerstudy.core import display_check as checks
from tests.browser.arriving import Arriving
from tests.browser.serving import Server
from tests.browser.sitting import watch

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

ACTIVE = """() => {
  const one = document.activeElement;
  return one.closest("label")?.innerText.trim() || one.labels?.[0]?.innerText.trim() || one.innerText.trim();
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control with this name has the focus, which must be seen."""
    for _ in range(60):
        if page.evaluate(ACTIVE).startswith(name):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{name} cannot be reached by Tab")


def greys(content: bytes) -> np.ndarray:
    """The levels of a screenshot without its border; every one must be grey."""
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))[2:-2, 2:-2]
    assert (pixels.max(axis=2) == pixels.min(axis=2)).all()
    return pixels[:, :, 0]


class TestEverybody:
    def test_no_barrier_on_any_page(self, server: Server, context: BrowserContext) -> None:
        arriving = Arriving(server, context.new_page())
        page = arriving.page
        arriving.inspect("welcome", "Welcome")
        arriving.press("Start")
        arriving.inspect("consent", "Your consent")
        page.get_by_role("link", name="I do not take part").click()
        arriving.inspect("declined", "That is quite all right")
        page.go_back()
        arriving.press("I agree and take part")
        arriving.inspect("expertise", "About you")
        arriving.press("Go on")
        expect(page.get_by_role("alert")).to_contain_text("another look")
        arriving.inspect("expertise with faults", "About you")
        page.get_by_label("Radiologist, breast imaging").check()
        page.get_by_label("Years of experience").fill("12")
        arriving.press("Go on")
        arriving.inspect("display", "Check your display")
        arriving.press("Check")
        expect(page.get_by_role("alert")).to_contain_text("missing")
        arriving.inspect("display with faults", "Check your display")
        for name in ("dark_place", "bright_place", "n_steps_counted"):
            page.locator(f'input[name="{name}"][value="0"]').check()
        page.get_by_label("Daylight").check()
        arriving.press("Check")
        arriving.inspect("display could do better", "Your display could do better")
        page.get_by_role("link", name="Go on as it is").click()
        expect(page.locator("#panel.is-painted")).to_be_attached()
        arriving.inspect("instructions", "How it works")
        found = {name: faults for name, faults in arriving.inspected.items() if faults}
        assert found == {}
        assert len(arriving.inspected) == 9 * 3

    def test_by_keyboard_alone(self, server: Server, context: BrowserContext) -> None:
        troubles: list[str] = []
        watch(context, troubles)
        arriving = Arriving(server, context.new_page())
        page = arriving.page
        expect(page.get_by_role("button", name="Start")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Your consent")).to_be_visible()
        tab_to(page, "I agree and take part")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="About you")).to_be_visible()
        tab_to(page, "Radiologist, breast imaging")
        page.keyboard.press("ArrowDown")
        tab_to(page, "Years of experience")
        page.keyboard.type("12")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Check your display")).to_be_visible()
        page.wait_for_load_state()  # with the script that measures the window
        for place in (0, 1):
            wanted = int(arriving.square.nth(place).get_attribute("value") or 0)
            tab_to(page, "upper left")
            page.keyboard.press("Space")
            for _ in range(wanted - 1):
                page.keyboard.press("ArrowRight")
            page.keyboard.press("Tab")
        tab_to(page, "6")
        page.keyboard.press("Space")
        for _ in range(int(arriving.n_steps) - 6):
            page.keyboard.press("ArrowRight")
        tab_to(page, "Dark room")
        page.keyboard.press("Space")
        tab_to(page, "Check")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="How it works")).to_be_visible()
        tab_to(page, "Begin the warm-up")
        page.keyboard.press("Enter")
        expect(page.locator(".bar__place")).to_have_text("Warm-up 1 of 4")
        ((state, _, expertise, display),) = arriving.stored()
        assert state == "warm_up"
        assert json.loads(str(expertise))["Your role"] == "Radiologist, other field"
        (check,) = json.loads(str(display))
        assert (check["is_passed"], check["ambient_light"]) == (True, "dark")
        assert (check["window_width"], check["window_height"], check["device_pixel_ratio"]) == (1440, 900, 1)
        assert troubles == []

    def test_by_touch_on_a_phone(self, server: Server, chromium: Browser) -> None:
        size = {"width": 390, "height": 844}
        with chromium.new_context(
            viewport=size, has_touch=True, is_mobile=True, device_scale_factor=3
        ) as context:
            arriving = Arriving(server, context.new_page())
            page = arriving.page
            page.get_by_role("button", name="Start").tap()
            page.get_by_role("button", name="I agree").tap()
            page.get_by_text("Radiologist in training").tap()
            page.get_by_label("Years of experience").fill("2")
            page.get_by_role("button", name="Go on").tap()
            for place in (0, 1):
                page.locator(".quarter:has(.quarter__square--here)").nth(place).tap()
            page.locator(f'.level:has([value="{arriving.n_steps}"])').tap()
            page.locator('.tile:has([value="office"])').tap()
            page.get_by_role("button", name="Check").tap()
            expect(page.get_by_text("The window is small, 390 × 844 pixels.")).to_be_visible()
            page.get_by_role("link", name="Go on as it is").tap()
            page.get_by_role("button", name="Begin the warm-up").tap()
            expect(page.locator(".bar__place")).to_have_text("Warm-up 1 of 4")
            (check,) = json.loads(str(arriving.stored()[0][3]))
            assert check["reasons"] == ["small_window"]
            assert check["device_pixel_ratio"] == 3

    def test_without_javascript(self, server: Server, chromium: Browser) -> None:
        with chromium.new_context(java_script_enabled=False) as context:
            arriving = Arriving(server, context.new_page())
            page = arriving.page
            arriving.to_display()
            expect(page.locator("noscript .quiet")).to_be_visible()
            arriving.see_everything()
            expect(page.locator(".practice__head noscript p")).to_be_visible()
            expect(page.locator(".picture__frames")).to_be_visible()
            expect(page.locator(".checklist")).to_be_hidden()
            page.wait_for_load_state()
            assert page.locator(".picture__frames").evaluate("(picture) => picture.naturalWidth") > 700
            arriving.press("Begin the warm-up")
            expect(page.locator(".bar__place")).to_have_text("Warm-up 1 of 4")
            (check,) = json.loads(str(arriving.stored()[0][3]))
            assert (check["is_passed"], check["window_width"]) == (True, None)


class TestConsent:
    def test_declining_stores_nothing_and_can_be_taken_back(
        self, server: Server, context: BrowserContext
    ) -> None:
        arriving = Arriving(server, context.new_page())
        arriving.press("Start")
        arriving.page.get_by_role("link", name="I do not take part").click()
        assert arriving.stored() == []
        arriving.page.get_by_role("link", name="Back to the welcome page").click()
        arriving.to_expertise()
        assert len(arriving.stored()) == 1

    def test_double_click_agrees_once(self, server: Server, context: BrowserContext) -> None:
        arriving = Arriving(server, context.new_page())
        arriving.press("Start")
        arriving.page.get_by_role("button", name="I agree").dblclick()
        expect(arriving.page.get_by_role("heading", name="About you")).to_be_visible()
        assert len(arriving.stored()) == 1

    def test_links_of_the_text_open_beside_the_page(self, server: Server, context: BrowserContext) -> None:
        arriving = Arriving(server, context.new_page())
        arriving.press("Start")
        link = arriving.page.get_by_role("link", name="ethics committee")
        expect(link).to_have_attribute("rel", "noopener")
        expect(link).to_have_attribute("target", "_blank")


class TestDisplay:
    def test_screen_shows_the_levels_that_are_meant(self, server: Server, context: BrowserContext) -> None:
        arriving = Arriving(server, context.new_page())
        arriving.to_display()
        page = arriving.page
        for kind, ground, square in (
            ("black", checks.BLACK, checks.DARK_PATCH),
            ("white", checks.WHITE, checks.BRIGHT_PATCH),
        ):
            levels, counts = np.unique(
                greys(page.locator(f".field--{kind}").screenshot()), return_counts=True
            )
            assert dict(zip(levels.tolist(), counts.tolist(), strict=True)).keys() == {ground, square}
            assert counts[levels == square] == 56 * 56  # CSS pixels, 3.5 rem
        ramp = greys(page.locator(".ramp").screenshot())[20]
        steps = ramp[np.sort(np.unique(ramp, return_index=True)[1])]
        assert tuple(steps.tolist()) == checks.ramp_levels(int(arriving.n_steps))

    def test_square_is_the_same_for_a_reader_with_forced_colours(
        self, server: Server, chromium: Browser
    ) -> None:
        with chromium.new_context(forced_colors="active") as context:
            arriving = Arriving(server, context.new_page())
            arriving.to_display()
            levels = np.unique(greys(arriving.page.locator(".field--black").screenshot()))
            assert levels.tolist() == [checks.BLACK, checks.DARK_PATCH]

    def test_size_is_said_and_follows_the_window(self, server: Server, context: BrowserContext) -> None:
        arriving = Arriving(server, context.new_page())
        arriving.to_display()
        expect(arriving.page.locator("#measured")).to_contain_text("window 1440 × 900")
        arriving.page.set_viewport_size({"width": 1024, "height": 700})
        expect(arriving.page.locator("#measured")).to_contain_text("window 1024 × 700")
        arriving.see_everything()
        (check,) = json.loads(str(arriving.stored()[0][3]))
        assert (check["window_width"], check["window_height"]) == (1024, 700)

    def test_back_button_shows_new_patches_and_loses_nothing(
        self, server: Server, context: BrowserContext
    ) -> None:
        arriving = Arriving(server, context.new_page())
        arriving.to_instructions()
        arriving.page.go_back()
        expect(arriving.page.get_by_role("heading", name="Check your display")).to_be_visible()
        assert arriving.page.locator("input:checked").count() == 0
        arriving.see_everything("Office light")
        expect(arriving.page.get_by_role("heading", name="How it works")).to_be_visible()
        assert [check["ambient_light"] for check in json.loads(str(arriving.stored()[0][3]))] == [
            "office",
            "dimmed",
        ]
