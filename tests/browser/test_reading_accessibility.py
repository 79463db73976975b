"""axe-core finds nothing in the room, whatever it shows; it works at 200 % zoom and says where the reader is."""

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.serving import Server
from tests.browser.sitting import look, sit_down
from tests.browser.test_accessibility import Inspector

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.slow]


def test_the_room_with_every_control(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "study with every control")
    axe = Inspector(sitting.page)
    axe.inspect("every control")
    sitting.press("t")
    axe.inspect("comment")
    assert axe.found == {}


def test_what_lies_over_the_panel(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "study with breaks and undo")
    axe = Inspector(sitting.page)
    second = context.new_page()
    second.goto(sitting.page.url)
    sitting.cover("You read on in another window")
    axe.inspect("moved")
    second.close()
    sitting.page.get_by_role("button", name="Continue here").click()
    sitting.answer("fjfj")
    sitting.press("f")
    sitting.cover("5 of 12 done")
    axe.inspect("break")
    sitting.page.keyboard.press("Enter")
    look(sitting.page)
    sitting.has_panels(8)
    context.set_offline(True)
    sitting.answer("f")
    axe.inspect("offline")
    sitting.page.get_by_role("link", name="Pause").click()
    sitting.cover("Paused")
    axe.inspect("paused offline")
    sitting.page.get_by_role("button", name="Continue").click()
    while sitting.page.locator("[data-cover=away]").is_hidden():
        sitting.press("f")
        sitting.page.wait_for_timeout(50)
        if sitting.page.get_by_role("button", name="Continue").is_visible():
            sitting.page.keyboard.press("Enter")
    axe.inspect("waiting for the network")
    assert axe.found == {}


def test_time_up(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "study with a short time limit")
    axe = Inspector(sitting.page)
    expect(sitting.page.get_by_role("heading", name="Time is up")).to_be_visible()
    axe.inspect("time up")
    assert axe.found == {}


def test_double_zoom(server: Server, chromium: Browser) -> None:
    # 200 % of a window of 1280 x 1024, as WCAG 1.4.4 and 1.4.10 look at it.
    with chromium.new_context(viewport={"width": 640, "height": 512}, device_scale_factor=2) as context:
        sitting = sit_down(server, context, "study with every control")
        assert sitting.page.evaluate("document.documentElement.scrollWidth") == 640
        for name in ("Real", "Synthetic", "Comment", "Help"):
            button = sitting.page.get_by_role("button", name=name)
            button.scroll_into_view_if_needed()
            expect(button).to_be_in_viewport(ratio=1)


def test_screen_reader_hears_where_it_is_and_never_an_origin(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "test only")
    sitting.page.evaluate(
        """() => {
          window.heard = [];
          const said = document.getElementById("said");
          new MutationObserver(() => window.heard.push(said.textContent))
            .observe(said, { childList: true, characterData: true, subtree: true });
        }"""
    )
    sitting.answer("fj")
    context.set_offline(True)
    expect(sitting.page.locator("#network")).to_contain_text("Offline")
    context.set_offline(False)
    expect(sitting.page.locator("#network")).to_have_text("saved")
    heard = sitting.page.evaluate("window.heard")
    assert heard == ["Panel 2 of 12", "Panel 3 of 12", "Offline; reading goes on", "Back online"]


def test_focus_stays_where_the_reader_left_it(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "study with breaks and undo")
    synthetic = sitting.page.get_by_role("button", name="Synthetic")
    synthetic.focus()
    for number in range(1, 6):
        look(sitting.page)
        sitting.page.keyboard.press("Enter")
        if number < 5:
            sitting.at(f"Trial {number + 1} of 12")
            expect(synthetic).to_be_focused()
    expect(sitting.page.get_by_role("button", name="Continue")).to_be_focused()
    sitting.page.keyboard.press("Enter")
    sitting.at("Trial 6 of 12")
    expect(synthetic).to_be_focused()
    sitting.has_stored("jjjjj")
