"""A whole session in German on a narrow window: long words stay inside it, and axe finds nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.arriving import Arriving
from tests.browser.axe import barriers
from tests.browser.serving import Server
from tests.browser.sitting import look

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.slow]

NARROW = {"width": 390, "height": 844}
SIZES = (NARROW, {"width": 320, "height": 640}, {"width": 1024, "height": 768})
N_TEST = 12
# Elements that cut off the end of a word, but for those that are only listened to or can be moved by a finger, the name
# of the study, which ends in dots, and the captions of frames that are too small for any words.
CUT = """() => [...document.querySelectorAll("body *")].filter((one) =>
  one.clientWidth > 1 && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible"
  && !one.closest(".visually-hidden, .tools, figcaption, .comment__label, .bar__study")
).map((one) => `${one.className}: ${one.textContent.trim().slice(0, 60)}`)"""


PAINTED = "() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 100))"


@dataclass
class Inspection:
    """What is wrong with the pages of one window."""

    page: Page
    found: dict[str, list[str]] = field(default_factory=dict)
    n_pages: int = 0

    def inspect(self, name: str) -> None:
        self.n_pages += 1
        for size in SIZES:
            self.page.set_viewport_size(size)
            self.page.evaluate(PAINTED)
            faults = list(self.page.evaluate(CUT))
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            if wide > size["width"]:
                faults.append(f"the page is {wide} px wide")
            if faults:
                self.found[f"{name}, {size['width']} px"] = faults
        self.page.set_viewport_size(NARROW)
        if violations := barriers(self.page):
            self.found[f"{name}, axe"] = violations


@pytest.fixture
def german(chromium: Browser) -> Iterator[BrowserContext]:
    with chromium.new_context(viewport=NARROW, locale="de-DE") as opened:
        yield opened


def arrive(page: Page, arriving: Arriving, inspection: Inspection) -> None:
    """Through every step of arrival, each with what can go wrong on it."""

    def at(heading: str) -> None:
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "de")
        inspection.inspect(heading)

    at("Willkommen")
    arriving.press("Starten")
    at("Ihre Einwilligung")
    page.get_by_role("link", name="Ich nehme nicht teil").click()
    at("Das ist völlig in Ordnung")
    page.go_back()
    arriving.press("Ich willige ein")
    at("Zu Ihrer Person")
    arriving.press("Weiter")
    expect(page.get_by_role("alert")).to_contain_text("Bitte prüfen Sie 2 Antworten")
    at("Zu Ihrer Person")
    page.get_by_label("Schwerpunkt Mammadiagnostik").check()
    page.get_by_label("Jahre Erfahrung").fill("12")
    arriving.press("Weiter")
    at("Prüfen Sie Ihren Bildschirm")
    arriving.press("Prüfen")
    expect(page.get_by_role("alert")).to_contain_text("4 Antworten fehlen noch")
    at("Prüfen Sie Ihren Bildschirm")
    for name in ("dark_place", "bright_place", "n_steps_counted"):
        page.locator(f'input[name="{name}"][value="0"]').check()
    page.get_by_label("Tageslicht").check()
    arriving.press("Prüfen")
    expect(page.get_by_text("Das Fenster ist klein, 390 × 844 Pixel.")).to_be_visible()
    at("Ihr Bildschirm kann mehr")
    page.get_by_role("link", name="So weitermachen").click()
    look(page)
    at("So funktioniert es")
    arriving.press("Einführung beginnen")


def test_a_whole_session(server: Server, german: BrowserContext) -> None:
    page = german.new_page()
    arriving, inspection = Arriving(server, page), Inspection(page)
    arrive(page, arriving, inspection)
    for number in range(1, 5):
        expect(page.locator("#place")).to_have_text(f"Einführung {number} von 4")
        look(page)
        if number == 1:
            inspection.inspect("Einführung")
        page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("heading", name="Die Einführung ist abgeschlossen")).to_be_visible()
    inspection.inspect("vor dem Test")
    page.get_by_role("link", name="Test beginnen").click()
    look(page)
    inspection.inspect("Test")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Bildtafeln betrachten")).to_be_visible()
    inspection.inspect("Hilfe")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Pause").click()
    expect(page.get_by_role("heading", name="Pause")).to_be_visible()
    inspection.inspect("Pause")
    page.get_by_role("link", name="Fortfahren").click()
    for number in range(1, N_TEST + 1):
        expect(page.locator("#place")).to_have_text(f"Test {number} von {N_TEST}")
        look(page)
        page.get_by_role("button", name="Echt" if number % 2 else "Synthetisch").click()
    expect(page.get_by_role("heading", name="Geschafft")).to_be_visible()
    inspection.inspect("Ende")
    page.goto(f"{server.url}/read/nowhere/")
    expect(page.get_by_role("heading", name="Hier ist nichts")).to_be_visible()
    inspection.inspect("nicht da")
    assert inspection.found == {}
    assert inspection.n_pages == 9 + 7


def test_every_control(server: Server, german: BrowserContext) -> None:
    study = server.prepare("study with every control")
    page = german.new_page()
    page.goto(server.url + study["link"])
    page.get_by_role("button", name="Starten").click()
    page.get_by_role("button", name="Beginnen").click()
    page.get_by_role("link", name="Test beginnen").click()
    look(page)
    inspection = Inspection(page)
    expect(page.get_by_role("timer")).to_contain_text("noch ")
    inspection.inspect("alle Bedienelemente")
    german.set_offline(True)
    page.keyboard.press("3")
    page.get_by_role("button", name="Echt").click()
    expect(page.locator("#network")).to_contain_text("Offline: 1 Antwort gesichert")
    look(page)
    inspection.inspect("offline")
    page.get_by_role("link", name="Pause").click()
    expect(page.get_by_text("1 Antwort wartet noch auf das Netz.")).to_be_visible()
    inspection.inspect("Pause offline")
    german.set_offline(False)
    # The answer is sent and the page of the pause opens; a window that is closed in between may never say that it is.
    expect(page.get_by_role("heading", name="Pause", level=1)).to_be_visible()
    page.wait_for_load_state()
    assert inspection.found == {}


def test_language_is_chosen_at_the_foot_by_keyboard(server: Server, german: BrowserContext) -> None:
    page = german.new_page()
    page.goto(server.url + server.prepare("study")["link"])
    expect(page.get_by_role("heading", name="Willkommen")).to_be_visible()
    expect(page.get_by_role("button", name="Deutsch")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("button", name="Starten")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="English")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="How it works")).to_be_visible()
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", name="So funktioniert es")).to_be_visible()
