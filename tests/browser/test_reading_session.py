"""A whole session in one page: by keyboard, by touch on a phone, and page by page without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.serving import Server
from tests.browser.sitting import Sitting, look, sit_down, watch

KEYS = "fjjffjfjffjj"  # of 12 panels

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


@pytest.fixture
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    with chromium.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=3, has_touch=True, is_mobile=True
    ) as context:
        yield context


def finish(page: Page) -> None:
    expect(page.get_by_role("heading", name="All done")).to_be_visible()


def test_by_keyboard_in_one_page(server: Server, context: BrowserContext) -> None:
    troubles: list[str] = []
    watch(context, troubles)
    sitting = sit_down(server, context, "study")
    sitting.page.evaluate("window.notReloaded = true")
    said = sitting.page.locator("#said")
    for number, key in enumerate(KEYS, start=1):
        sitting.at(f"Trial {number} of 12")
        expect(said).to_have_text(f"Panel {number} of 12")
        assert "This panel is" not in sitting.page.content()
        if number == len(KEYS):
            assert sitting.page.evaluate("window.notReloaded")
        sitting.press(key)
    finish(sitting.page)
    sitting.has_stored(KEYS)
    assert all(rt_ms > 0 for _, rt_ms, _ in sitting.stored(12))
    assert troubles == []


def test_by_touch_on_a_phone(server: Server, phone: BrowserContext) -> None:
    sitting = sit_down(server, phone)
    for number, key in enumerate(KEYS, start=1):
        sitting.at(f"Trial {number} of 12")
        look(sitting.page)
        assert sitting.page.evaluate("document.documentElement.scrollWidth") == 390
        sitting.page.wait_for_timeout(300)  # sooner, two taps at one place are a double tap
        sitting.page.get_by_role("button", name="Real" if key == "f" else "Synthetic").tap()
    finish(sitting.page)
    sitting.has_stored(KEYS)


def test_every_target_of_a_finger_is_large_enough(server: Server, phone: BrowserContext) -> None:
    sitting = sit_down(server, phone, "study with every control")
    targets = sitting.page.locator("button:visible, a:visible, .level:visible")
    small = targets.evaluate_all(
        """(all) => all.map((one) => [one.textContent.trim() || one.ariaLabel, one.getBoundingClientRect()])
          .filter(([, box]) => box.height < 43.9 || box.width < 43.9)
          .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
    )
    assert small == []


def test_without_javascript_with_breaks_and_undo(server: Server, chromium: Browser) -> None:
    study = server.prepare("study with breaks and undo")
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(server.url + study["link"])
        page.get_by_role("button", name="Start").click()
        page.get_by_role("button", name="Begin").click()
        page.get_by_role("link", name="Begin the test").click()
        page.get_by_role("button", name="Synthetic").click()
        page.get_by_role("button", name="Take back the last answer").click()
        for number, key in enumerate(KEYS, start=1):
            if number in (6, 11):
                expect(page.get_by_role("heading", name=f"{number - 1} of 12 done")).to_be_visible()
                page.get_by_role("link", name="Continue").click()
            expect(page.locator(".bar__place")).to_have_text(f"Trial {number} of 12")
            page.get_by_role("button", name="Real" if key == "f" else "Synthetic").click()
        finish(page)
        Sitting(server, page, study).has_stored(KEYS)
