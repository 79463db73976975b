"""Hasty fingers, the back button, and a session that is open twice."""

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.serving import Server
from tests.browser.sitting import Sitting, look, sit_down

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


@pytest.fixture
def reader(server: Server, context: BrowserContext) -> Sitting:
    return sit_down(server, context, "test only")


def test_double_click_answers_one_panel(reader: Sitting) -> None:
    reader.page.get_by_role("button", name="Synthetic").dblclick()
    reader.at("Trial 2 of 12")
    look(reader.page)
    reader.page.get_by_role("button", name="Real").dblclick(delay=20)
    reader.at("Trial 3 of 12")
    reader.has_stored("jf")


def test_held_key_answers_one_panel(reader: Sitting) -> None:
    for _ in range(8):
        reader.page.keyboard.down("j")  # repeats while it is not let go
        reader.page.wait_for_timeout(40)
    reader.page.keyboard.up("j")
    reader.at("Trial 2 of 12")
    reader.has_stored("j")


def test_back_button_leads_to_the_current_trial(reader: Sitting) -> None:
    reader.answer("fj")
    for _ in range(2):
        reader.page.go_back()
        reader.at("Trial 3 of 12")
    reader.answer("f")
    reader.has_stored("fjf")


def test_back_from_another_page_leads_to_the_current_trial(reader: Sitting) -> None:
    reader.answer("f")
    reader.press("p")
    expect(reader.page.get_by_role("heading", name="Paused")).to_be_visible()
    reader.page.go_back()
    reader.at("Trial 2 of 12")
    reader.answer("j")
    reader.has_stored("fj")


def test_second_tab_takes_over_and_the_first_can_take_back(reader: Sitting) -> None:
    reader.answer("f")
    second = Sitting(reader.server, reader.page.context.new_page(), reader.study)
    second.page.goto(reader.page.url)
    second.at("Trial 2 of 12")
    second.answer("jj")
    reader.cover("You read on in another window")
    reader.page.keyboard.press("f")  # is not heard
    reader.page.get_by_role("button", name="Continue here").click()
    reader.at("Trial 4 of 12")
    reader.answer("f")
    second.cover("You read on in another window")
    reader.has_stored("fjjf")


def test_second_browser_takes_over(reader: Sitting, chromium: Browser) -> None:
    reader.answer("f")
    with chromium.new_context() as elsewhere:
        second = Sitting(reader.server, elsewhere.new_page(), reader.study)
        second.page.goto(reader.server.url + reader.study["link"])
        second.page.get_by_role("button", name="Continue").click()
        second.answer("j")
        reader.press("f")  # refused: nobody reads here any more
        expect(reader.cover("You read on in another window")).to_contain_text(
            "Everything answered here is kept"
        )
        reader.page.get_by_role("button", name="Continue here").click()
        reader.at("Trial 3 of 12")
        expect(reader.page.get_by_role("alert")).to_contain_text("its first answer was kept")
        reader.answer("f")
        reader.has_stored("fjf")
        second.page.keyboard.press("j")
        second.cover("You read on in another window")
    reader.has_stored("fjf")
