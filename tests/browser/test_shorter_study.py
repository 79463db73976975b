"""A study of 4 warm-up and 12 test trials, read in a real browser."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.serving import Server
from tests.browser.sitting import look, until

N_WARM_UP = 4
N_TEST = 12

STORED = """
    SELECT trial.position, response.answer, response.confidence, response.rt_ms
    FROM readerstudy_response response
    JOIN readerstudy_trial trial ON trial.id = response.trial_id
    JOIN readerstudy_case one_case ON one_case.id = trial.case_id
    WHERE one_case.study_id = ? ORDER BY trial.position
"""

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


class Reader:
    """A reader at the keyboard: nothing is ever clicked."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.troubles: list[str] = []
        self.hosts: set[str | None] = set()
        self.page.on(
            "console",
            lambda message: (
                self.troubles.append(message.text) if message.type in {"error", "warning"} else None
            ),
        )
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname))

    def open(self, url: str) -> None:
        self.page.goto(url)

    def press(self, key: str) -> None:
        """Press a key that leads to the next page; Enter presses what the page itself has focused."""
        if key == "Enter":
            expect(self.page.locator("[autofocus]")).to_be_focused()
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def answer(self, key: str) -> None:
        """Answer the panel on the screen."""
        look(self.page)
        self.page.keyboard.press(key)

    def at(self, place: str) -> None:
        """The bar says where the reader is."""
        expect(self.page.locator(".bar__place")).to_have_text(place)

    def under(self, heading: str) -> None:
        """The page has this heading."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def stored(self, server: Server, study: dict[str, Any], n: int) -> list[tuple[Any, ...]]:
        """The answers that the server has, once there are so many."""
        until(self.page, lambda: len(server.rows(STORED, study["study"])) >= n)
        return server.rows(STORED, study["study"])


@pytest.fixture
def reader(chromium: Browser) -> Iterator[Reader]:
    """A reader at a large screen; the page must raise no error and ask no other host."""
    with chromium.new_context(viewport={"width": 1440, "height": 900}) as context:
        sitting = Reader(context)
        yield sitting
        assert sitting.troubles == []
        assert sitting.hosts == {"127.0.0.1"}


def read_warm_up(reader: Reader) -> None:
    """From the personal link to the first test trial."""
    reader.press("Enter")  # Start
    reader.page.get_by_role("button", name="Begin the warm-up").press("Enter")
    for number in range(1, N_WARM_UP + 1):
        reader.at(f"Warm-up {number} of {N_WARM_UP}")
        expect(reader.page.locator(".origin:visible")).to_contain_text("This panel is")
        reader.answer("Enter")  # Next has the focus from the beginning
    reader.under("The warm-up is done")
    reader.press("Enter")  # Begin the test


def test_keyboard_reader_leaves_midway_and_resumes_on_the_next_unanswered_trial(
    server: Server, launch: Callable[[], Browser], reader: Reader
) -> None:
    study = server.prepare("study")
    given = "fjjffjfjffjj"
    n_before = 5

    first_browser = launch()
    early = Reader(first_browser.new_context())
    early.open(server.url + study["link"])
    read_warm_up(early)
    for number, key in enumerate(given[:n_before], start=1):
        early.at(f"Trial {number} of {N_TEST}")
        assert "This panel is" not in early.page.content()
        early.answer(key)
    assert len(early.stored(server, study, n_before)) == n_before
    first_browser.close()

    reader.open(server.url + study["link"])  # another browser, which remembers nothing
    reader.press("Enter")  # Continue
    for number, key in enumerate(given[n_before:], start=n_before + 1):
        reader.at(f"Trial {number} of {N_TEST}")
        reader.answer(key)
    reader.under("All done")

    stored = reader.stored(server, study, N_TEST)
    assert [(position, answer) for position, answer, _, _ in stored] == [
        (number, {"f": "real", "j": "fake"}[key]) for number, key in enumerate(given, start=1)
    ]
    assert all(rt_ms > 0 for *_, rt_ms in stored)


def test_hasty_second_key_answers_once(server: Server, reader: Reader) -> None:
    study = server.prepare("study")
    reader.open(server.url + study["link"])
    read_warm_up(reader)
    look(reader.page)
    reader.page.evaluate(
        "for (const key of 'fjf') document.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))"
    )
    reader.at(f"Trial 2 of {N_TEST}")
    look(reader.page)
    stored = reader.stored(server, study, 1)
    assert [(position, answer) for position, answer, _, _ in stored] == [(1, "real")]


def test_confidence_by_keyboard(server: Server, reader: Reader) -> None:
    study = server.prepare("study with confidence")
    reader.open(server.url + study["link"])
    read_warm_up(reader)
    reader.answer("j")  # the answer first, how sure second
    reader.answer("4")
    reader.at(f"Trial 2 of {N_TEST}")
    expect(reader.page.get_by_role("radio", checked=True)).to_have_count(0)
    reader.answer("2")  # or the other way round
    reader.answer("f")
    reader.at(f"Trial 3 of {N_TEST}")
    stored = reader.stored(server, study, 2)
    assert [(answer, confidence) for _, answer, confidence, _ in stored] == [("fake", 4), ("real", 2)]


def test_pause_by_keyboard_keeps_the_place(server: Server, reader: Reader) -> None:
    study = server.prepare("study")
    reader.open(server.url + study["link"])
    read_warm_up(reader)
    reader.answer("f")
    reader.at(f"Trial 2 of {N_TEST}")
    reader.answer("p")
    reader.under("Paused")
    reader.press("Enter")  # Continue
    reader.at(f"Trial 2 of {N_TEST}")


def test_whole_study_without_javascript(server: Server, chromium: Browser) -> None:
    study = server.prepare("study")
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(server.url + study["link"])
        page.get_by_role("button", name="Start").click()
        page.get_by_role("button", name="Begin the warm-up").click()
        for number in range(1, N_WARM_UP + 1):
            expect(page.locator(".bar__place")).to_have_text(f"Warm-up {number} of {N_WARM_UP}")
            page.get_by_role("button", name="Next").click()
        page.get_by_role("link", name="Begin the test").click()
        for number in range(1, N_TEST + 1):
            expect(page.locator(".bar__place")).to_have_text(f"Trial {number} of {N_TEST}")
            page.get_by_role("button", name="Real" if number % 3 else "Synthetic").click()
        expect(page.locator("h1")).to_have_text("All done")
    stored = server.rows(STORED, study["study"])
    assert [answer for _, answer, _, _ in stored] == [
        "real" if number % 3 else "fake" for number in range(1, N_TEST + 1)
    ]
    assert all(rt_ms is None for *_, rt_ms in stored)
