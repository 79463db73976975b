"""Hasty fingers, the back button, and a session that is open twice."""

import time

import pytest
from playwright.sync_api import Browser, BrowserContext, Route, expect

from tests.browser.serving import Server
from tests.browser.sitting import Sitting, first_test_panel, look, sit_down, until

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


@pytest.fixture
def reader(server: Server, context: BrowserContext) -> Sitting:
    return sit_down(server, context, "test only")


def double_click(reader: Sitting, name: str, seconds: float, then: str) -> None:
    """Two clicks so long after each other by the mouse's own clock, the second one when the next panel has long been open."""
    box = reader.page.get_by_role("button", name=name).bounding_box()
    assert box is not None
    mouse = reader.page.context.new_cdp_session(reader.page)
    now = time.time()
    for n_clicks, at in ((1, now), (2, now + seconds)):
        for what in ("mousePressed", "mouseReleased"):
            place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
            event = {"type": what, "button": "left", "clickCount": n_clicks, "timestamp": at, **place}
            mouse.send("Input.dispatchMouseEvent", event)
        reader.at(then)
        look(reader.page)
    mouse.detach()


def test_double_click_answers_one_panel(reader: Sitting) -> None:
    double_click(reader, "Synthetic", 0.1, "Trial 2 of 12")
    double_click(reader, "Real", 0.3, "Trial 3 of 12")
    reader.has_stored("jf")


def test_pause_leads_out_before_the_room_is_open(server: Server, context: BrowserContext) -> None:
    context.add_init_script("IDBFactory.prototype.open = () => ({})")  # whose answer never comes
    page = context.new_page()
    page.goto(server.url + first_test_panel(context.request, server.url, server.prepare("test only")["link"]))
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()


def test_press_of_pause_is_not_lost_when_the_panel_comes_up_under_it(
    server: Server, chromium: Browser
) -> None:
    # So wide that the bar grows with the frames.
    with chromium.new_context(viewport={"width": 1920, "height": 1080}) as context:
        page = context.new_page()
        held: list[Route] = []
        page.route("**/trials/?seat=*", lambda route: held.append(route))
        link = server.prepare("test only")["link"]
        page.goto(server.url + first_test_panel(context.request, server.url, link))
        until(page, lambda: len(held) == 1)
        pause = page.get_by_role("link", name="Pause")
        box = pause.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 2, box["y"] + 2)
        page.mouse.down()
        with page.expect_response("**/trials/?seat=*") as window:
            held[0].continue_()
        window.value.finished()
        page.wait_for_timeout(300)  # what moves would move now
        assert pause.bounding_box() == box
        page.mouse.up()
        expect(page.get_by_role("heading", name="Paused")).to_be_visible()


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
