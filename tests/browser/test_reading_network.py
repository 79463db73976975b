"""Answers outlive the network, the page, the browser's process and the server: each is stored once, in order."""

import contextlib

import pytest
from playwright.sync_api import BrowserContext, Error, expect

from tests.browser.serving import Server
from tests.browser.sitting import look, sit_down

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def test_reading_goes_on_while_the_network_is_away(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "test only")
    sign = sitting.page.locator("#network")
    sitting.answer("f")
    expect(sign).to_have_text("saved")
    sitting.has_panels(7)
    context.set_offline(True)
    sitting.answer("jffjf")
    expect(sign).to_have_text("Offline: 5 answers kept here, reading goes on")
    sitting.has_stored("f")
    context.set_offline(False)
    sitting.has_stored("fjffjf")
    expect(sign).to_have_text("saved")
    sitting.answer("jjjff")
    sitting.press("j")
    expect(sitting.page.get_by_role("heading", name="All done")).to_be_visible()
    sitting.has_stored("fjffjf" + "jjjff" + "j")


def test_when_the_panels_are_used_up_the_reader_waits(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "test only")
    sitting.has_panels(6)
    context.set_offline(True)
    n = 0
    while sitting.page.locator("#cover").is_hidden():
        sitting.press("f")
        n += 1
        sitting.page.wait_for_timeout(50)
    assert n > 5  # at least five are loaded ahead
    expect(sitting.cover("Waiting for the network")).to_contain_text(f"{n} answers are kept in this browser")
    sitting.page.get_by_role("link", name="Pause").click()
    expect(sitting.cover("Paused")).to_contain_text("open your personal link here again")
    context.set_offline(False)
    expect(sitting.page).to_have_url(f"{sitting.page.url.removesuffix('pause/')}pause/")
    sitting.has_stored("f" * n)


def test_reload_before_the_answers_are_sent(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "test only")
    context.route("**/answers/", lambda route: route.abort())
    sitting.answer("fjj")
    expect(sitting.page.locator("#network")).to_contain_text("3 answers kept here")
    sitting.page.reload()
    expect(sitting.cover("Waiting for the network")).to_contain_text("3 answers are kept in this browser")
    sitting.has_stored("")
    context.unroute("**/answers/")
    sitting.at("Trial 4 of 12")
    look(sitting.page)
    sitting.answer("f")
    sitting.has_stored("fjjf")


def test_crash_of_the_page(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "test only")
    context.route("**/answers/", lambda route: route.abort())
    sitting.answer("jfj")
    expect(sitting.page.locator("#network")).to_contain_text("3 answers kept here")
    with contextlib.suppress(Error):
        sitting.page.goto("chrome://crash")
    sitting.page.close()
    context.unroute("**/answers/")
    sitting.page = context.new_page()
    sitting.page.goto(server.url + sitting.study["link"])
    sitting.page.get_by_role("button", name="Continue").click()
    sitting.at("Trial 4 of 12")
    sitting.answer("f")
    sitting.has_stored("jfjf")


def test_answer_whose_reply_is_lost_is_stored_once(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "test only")
    lost = []

    def lose_the_first_reply(route) -> None:
        if not lost:
            lost.append(route.fetch().status)  # the server has stored it
            return route.abort()
        return route.continue_()

    context.route("**/answers/", lose_the_first_reply)
    sitting.answer("jf")
    sitting.has_stored("jf")
    assert lost == [200]


def test_server_killed_between_two_answers(mortal_server: Server, context: BrowserContext) -> None:
    sitting = sit_down(mortal_server, context, "test only")
    sitting.answer("fj")
    sitting.has_stored("fj")
    sitting.has_panels(6)
    mortal_server.kill()
    sitting.answer("jff")
    expect(sitting.page.locator("#network")).to_contain_text("3 answers kept here")
    mortal_server.start()
    sitting.has_stored("fjjff")
    sitting.answer("jj")
    sitting.has_stored("fjjffjj")
