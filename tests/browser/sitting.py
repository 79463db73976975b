"""A reader in front of a test panel whose numbers are known."""

import re
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from playwright.sync_api import (
    APIRequestContext,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    ViewportSize,
    expect,
)

from generation.core.frames import FRAMES
from readerstudy.core import panel

if TYPE_CHECKING:
    from tests.browser.serving import Server

N_WARM_UP = 4  # panels of the studies in prepare.py
PATIENCE_MS = 60_000  # of everything: a machine with other work is slow, and no test is about that
LARGE: ViewportSize = {"width": 1440, "height": 900}
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
BEGIN = re.compile(r'action="([^"]+/begin/)"')
FIRST_PANEL = re.compile(r'href="([^"]+/t/[^"]+)" autofocus')
SHOWN = """
    SELECT one_case.pixel_index FROM readerstudy_trial trial
    JOIN readerstudy_case one_case ON one_case.id = trial.case_id WHERE trial.token = ?
"""
STORED = """
    SELECT response.answer, response.rt_ms, response.viewer FROM readerstudy_response response
    JOIN readerstudy_trial trial ON trial.id = response.trial_id
    JOIN readerstudy_case one_case ON one_case.id = trial.case_id WHERE one_case.study_id = ?
    ORDER BY trial.position
"""
ANSWERS = """
    SELECT trial.position, response.answer FROM readerstudy_response response
    JOIN readerstudy_trial trial ON trial.id = response.trial_id
    JOIN readerstudy_case one_case ON one_case.id = trial.case_id
    WHERE one_case.study_id = ? AND trial.phase = 'test' ORDER BY response.id
"""
N_PANELS = """performance.getEntriesByType("resource").filter(
  ({ name, responseEnd }) => name.endsWith(".bin") && responseEnd > 0).length"""
GREYS = """(name) => {
    const canvas = document.querySelector(`[data-frame="${name}"] canvas`);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let greys = "";
    for (let i = 0; 4 * i < data.length; i++) {
        if (data[4 * i] !== data[4 * i + 1] || data[4 * i] !== data[4 * i + 2]) throw new Error("not grey");
        greys += String.fromCharCode(data[4 * i]);
    }
    return [canvas.width, btoa(greys)];
}"""


@dataclass
class Sitting:
    """A reader in front of a test panel whose numbers are known."""

    server: "Server"
    page: Page
    study: dict[str, Any]

    @property
    def patch(self) -> np.ndarray:
        """(7, 64, 64) int16 of the panel on the screen, read from the server's files."""
        ((index,),) = self.server.rows(SHOWN, self.token)
        cases = np.load(self.server.data / "studies" / self.study["slug"] / "cases.npy", mmap_mode="r")
        return np.asarray(cases[index])

    @property
    def token(self) -> str:
        """Token of the trial on the screen; the address is that of the session."""
        return str(self.page.locator("#panel").get_attribute("data-token"))

    @property
    def window(self) -> str:
        return self.page.locator("#window").inner_text()

    def look(self) -> None:
        look(self.page)

    def has_panels(self, n: int) -> None:
        """The browser has so many panels of this page: those that were read, the one on the screen, and those ahead."""
        until(self.page, lambda: self.page.evaluate(N_PANELS) >= n)

    def press(self, key: str) -> None:
        """Look at the panel and press a key."""
        look(self.page)
        self.page.keyboard.press(key)

    def answer(self, keys: str) -> None:
        """Answer as many panels as there are keys, each seen before its key is pressed."""
        for key in keys:
            before = self.token
            self.press(key)
            expect(self.page.locator("#panel")).not_to_have_attribute("data-token", before)
        look(self.page)

    def has_stored(self, keys: str) -> None:
        """The server has these answers, each once, in the order given; it may take a moment."""
        wanted = list(enumerate(({"f": "real", "j": "fake"}[key] for key in keys), start=1))
        until(self.page, lambda: len(self.server.rows(ANSWERS, self.study["study"])) >= len(wanted))
        self.page.wait_for_timeout(100)  # what should not come would come now
        assert self.server.rows(ANSWERS, self.study["study"]) == wanted

    def stored(self, n: int) -> list[tuple[Any, ...]]:
        """The answers that the server has, once there are so many: they are sent while reading goes on."""
        until(self.page, lambda: len(self.server.rows(STORED, self.study["study"])) >= n)
        return self.server.rows(STORED, self.study["study"])

    def at(self, place: str) -> None:
        """The bar says where the reader is."""
        expect(self.page.locator("#place")).to_have_text(place)

    def cover(self, heading: str) -> Locator:
        """What lies over the panel."""
        found = self.page.locator(".cover__words", has=self.page.get_by_role("heading", name=heading))
        expect(found).to_be_visible()
        return found

    def greys(self, name: str) -> np.ndarray:
        """What a canvas shows, after the next frame is drawn."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        side, greys = self.page.evaluate(GREYS, name)
        return np.frombuffer(b64decode(greys), np.uint8).astype(np.int64).reshape(-1, side)

    def box(self, name: str) -> dict[str, float]:
        found = self.page.locator(f'[data-frame="{name}"] .frame__picture').bounding_box()
        assert found is not None
        return dict(found)

    def point(self, name: str, column: int, row: int) -> None:
        box = self.box(name)
        self.page.mouse.move(
            box["x"] + (column + 0.5) * box["width"] / 64, box["y"] + (row + 0.5) * box["height"] / 64
        )

    def drag(self, name: str, dx: int, dy: int) -> None:
        box = self.box(name)
        x, y = box["x"] + 100, box["y"] + 100
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx, y + dy, steps=4)
        self.page.mouse.up()


def until(page: Page, is_true: Callable[[], bool]) -> None:
    """Wait for something outside the browser while the browser goes on."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not is_true():
        assert time.monotonic() < deadline, "it did not come true"
        page.wait_for_timeout(20)


def look(page: Page) -> None:
    """Wait until the panel is on the screen and takes answers."""
    expect(page.locator("#panel.is-painted")).to_be_attached()


def see_warm_up(page: Page, n: int = N_WARM_UP) -> None:
    """Look at every panel of a labelled warm-up and go on."""
    for number in range(1, n + 1):
        expect(page.locator("#place")).to_have_text(f"Warm-up {number} of {n}")
        look(page)
        page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="The warm-up is done")).to_be_visible()


def sit_down(server: "Server", context: BrowserContext, what: str = "test only") -> Sitting:
    """From the personal link to the first test panel; where there is no warm-up, no page is drawn before it."""
    study = server.prepare(what)
    page = context.new_page()
    if study["n_warm_up"]:
        page.goto(server.url + study["link"])
        page.get_by_role("button", name="Start").click()
        page.get_by_role("button", name="Begin").click()
        see_warm_up(page, study["n_warm_up"])
        page.get_by_role("link", name="Begin the test").click()
    else:
        page.goto(server.url + first_test_panel(context.request, server.url, study["link"]))
    sitting = Sitting(server, page, study)
    sitting.look()
    return sitting


def first_test_panel(asking: APIRequestContext, url: str, link: str) -> str:
    """Send the forms of the welcome page and of the instructions for the browser; where the first test panel is."""
    welcome = asking.get(url + link, timeout=PATIENCE_MS).text()
    start = {"form": {"csrfmiddlewaretoken": found(CSRF, welcome)}, "timeout": PATIENCE_MS}
    instructions = asking.post(url + link, **start).text()
    begin = {"form": {"csrfmiddlewaretoken": found(CSRF, instructions)}, "timeout": PATIENCE_MS}
    return found(FIRST_PANEL, asking.post(url + found(BEGIN, instructions), **begin).text())


def found(pattern: "re.Pattern[str]", page: str) -> str:
    """The part of a page that a pattern names."""
    match = pattern.search(page)
    assert match, page
    return match[1]


def expected(patch: np.ndarray, name: str, *, width: float = 1.0, level: float = 0.5) -> np.ndarray:
    """Greys of a frame, not enlarged, under a window given in units of its own white."""
    frames = panel.windowed(patch).astype(np.float64) / 255.0  # 1 is white at the start
    value = frames[FRAMES.index(name)]
    return np.clip(np.rint((value - (level - width / 2)) / width * 255), 0, 255)


def watch(context: BrowserContext, troubles: list[str]) -> None:
    """Note errors of scripts, messages on the console, and pictures that are loaded beside the viewer."""
    context.on("weberror", lambda error: troubles.append(str(error.error)))
    context.on("console", lambda message: troubles.append(message.text) if _is_trouble(message) else None)
    context.on(
        "request", lambda request: troubles.append(request.url) if request.url.endswith(".png") else None
    )


def _is_trouble(message: ConsoleMessage) -> bool:
    """Errors and warnings, but not the one that these tests cause by reading canvases back."""
    return message.type in {"error", "warning"} and "willReadFrequently" not in message.text
