"""Pictures of every page of the reading room: `python -m tests.browser.screenshots OUT [--data FOLDER]`.

Starts an instance in a folder of its own, reads there as a reader would in windows of three sizes, the smallest by
touch, and saves OUT/NAME-WIDTH.png. The panels take two minutes to make; a folder named with --data keeps them.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import serving
from tests.browser.conftest import ARGUMENTS, NAMES
from tests.browser.serving import PROJECT, Server, environment
from tests.browser.sitting import look

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES: Final = ((1440, 900), (1024, 768), (390, 844))
PHONE: Final = 390
N_GREYS: Final = 128
PAINTED = "() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 150))"


@dataclass
class Reader:
    """One reader of the pictured studies in front of one window size."""

    server: Server
    browser: Browser
    studies: dict[str, Any]
    number: int
    out: Path
    size: tuple[int, int] = field(init=False)
    has_script: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self.size = SIZES[self.number]

    @property
    def is_touch(self) -> bool:
        return self.size[0] == PHONE

    @contextmanager
    def window(self, **options: Any) -> "Iterator[tuple[BrowserContext, Page]]":
        """A browser that remembers nothing."""
        width, height = self.size
        touch = {"has_touch": True, "is_mobile": True} if self.is_touch else {}
        with self.browser.new_context(
            viewport={"width": width, "height": height}, **touch, **options
        ) as context:
            yield context, context.new_page()

    def open(self, page: Page, study: str, *, other: bool = False) -> None:
        """Open a personal link of a study; each window has two readers."""
        page.goto(self.server.url + self.studies[study]["links"][self.number + len(SIZES) * other])

    def save(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Keep a picture of the window, or of the whole page."""
        if self.has_script:
            page.evaluate(PAINTED)
        path = self.out / f"{name}-{self.size[0]}.png"
        page.screenshot(path=path, full_page=whole)
        shrink(path)


def shrink(path: Path) -> None:
    """Store a picture with so few greys that a folder of them stays small, none of which the eye would miss."""
    picture = Image.open(path).convert("RGB").quantize(N_GREYS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def answer(page: Page, keys: str, *, confidence: str = "") -> None:
    """Answer panels, each once it can be seen."""
    for key in keys:
        look(page)
        before = page.locator("#panel").get_attribute("data-token")
        page.keyboard.press(confidence or "Shift")
        page.keyboard.press(key)
        page.wait_for_function(
            """(before) => {
              const panel = document.querySelector("#panel"), cover = document.querySelector("#cover");
              return !panel || panel.dataset.token !== before || !cover.hidden;
            }""",
            arg=before,
        )


def arrival(reader: Reader) -> None:
    """From the personal link to the break, and what can lie over a panel."""
    with reader.window() as (context, page):
        before_reading(reader, page)
        warming_up(reader, page)
        testing(reader, page)
        interruptions(reader, context, page)


def before_reading(reader: Reader, page: Page) -> None:
    """The steps between the link and the first panel."""
    reader.open(page, "main")
    reader.save(page, "arrival", whole=True)
    press(page, "Start")
    reader.save(page, "consent", whole=True)
    page.get_by_role("link", name="I do not take part").click()
    reader.save(page, "declined", whole=True)
    page.go_back()
    press(page, "I agree and take part")
    reader.save(page, "expertise", whole=True)
    page.get_by_label("Years of experience").fill("many")
    press(page, "Go on")
    expect(page.get_by_role("alert")).to_be_visible()
    reader.save(page, "expertise-error", whole=True)
    page.get_by_label("Radiologist, breast imaging").check()
    page.get_by_label("Years of experience").fill("12")
    press(page, "Go on")
    page.locator(".quarter:has(.quarter__square--here) input").first.check()
    reader.save(page, "display-check", whole=True)
    for name in ("dark_place", "bright_place", "n_steps_counted"):
        page.locator(f'input[name="{name}"][value="0"]').check()
    page.get_by_label("Daylight").check()
    press(page, "Check")
    reader.save(page, "display-result", whole=True)
    page.get_by_role("link", name="Go on as it is").click()
    look(page)
    reader.save(page, "instructions")
    page.locator("#practice-title").evaluate("(title) => title.scrollIntoView()")
    point(reader, page, "T1_post1", 50, 15)
    reader.save(page, "practice")
    press(page, "Begin the warm-up")


def point(reader: Reader, page: Page, name: str, column: int, row: int) -> None:
    """Put the cross-hair on a place of the patch."""
    picture = page.locator(f'[data-frame="{name}"] .frame__picture')
    box = picture.bounding_box()
    assert box is not None
    at = (box["x"] + (column + 0.5) * box["width"] / 64, box["y"] + (row + 0.5) * box["height"] / 64)
    if reader.is_touch:
        page.touchscreen.tap(*at)
    else:
        page.mouse.move(*at)


def warming_up(reader: Reader, page: Page) -> None:
    """Panels with their origin."""
    look(page)
    reader.save(page, "warm-up")
    while page.get_by_role("link", name="Begin the test").count() == 0:
        before = page.locator("#place").inner_text()
        look(page)
        page.get_by_role("button", name="Next").click()
        page.wait_for_function(
            "(before) => document.querySelector('#place')?.textContent !== before", arg=before
        )
    reader.save(page, "before-test", whole=True)
    page.get_by_role("link", name="Begin the test").click()


def testing(reader: Reader, page: Page) -> None:
    """Panels whose origin is hidden, and what can be done with them."""
    look(page)
    page.mouse.move(2, 2)
    answer(page, "fj", confidence="4")
    look(page)
    reader.save(page, "test-seven-frames")
    point(reader, page, "T1_post1", 32, 32)
    reader.save(page, "test-cross-hair")
    page.keyboard.press("i")
    page.keyboard.down("m")
    reader.save(page, "test-magnified-inverted")
    page.keyboard.up("m")
    page.keyboard.press("i")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    reader.save(page, "help")
    page.keyboard.press("Escape")
    page.locator(".comment__open").click()
    page.keyboard.type("Rim sharper than I would expect after post 2")
    reader.save(page, "comment")
    page.keyboard.press("Enter")
    answer(page, "jjfjffjf", confidence="2")
    expect(page.locator("[data-cover=break]")).to_be_visible()
    reader.save(page, "break")
    page.keyboard.press("Enter")
    look(page)


def interruptions(reader: Reader, context: BrowserContext, page: Page) -> None:
    """Another window, the network away, a pause."""
    second = context.new_page()
    second.goto(page.url)
    look(second)
    expect(page.locator("[data-cover=moved]")).to_be_visible()
    reader.save(page, "moved")
    second.close()
    press(page, "Continue here")
    look(page)
    page.wait_for_load_state("networkidle")
    context.set_offline(True)
    answer(page, "fjf", confidence="3")
    look(page)
    reader.save(page, "offline")
    while page.locator("[data-cover=away]").is_hidden():
        answer(page, "j", confidence="3")
        page.wait_for_timeout(50)
    reader.save(page, "waiting")
    context.set_offline(False)
    look(page)
    page.locator("#pause").click()
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    reader.save(page, "pause", whole=True)


def figure_4(reader: Reader) -> None:
    """The other layout, to the end of its test."""
    with reader.window() as (_, page):
        to_test(reader, page, "figure-4")
        point(reader, page, "T1_post1", 32, 32)
        page.locator("label.level").nth(3).click()
        point(reader, page, "T1_post1", 32, 32)
        reader.save(page, "test-figure-4")
        answer(page, "fjfjfjfjfjf", confidence="5")
        look(page)
        page.keyboard.press("5")
        page.keyboard.press("j")
        expect(page.get_by_role("heading", name="All done")).to_be_visible()
        reader.save(page, "finished", whole=True)
        page.goto(f"{reader.server.url}/read/nowhere/")
        reader.save(page, "not-here", whole=True)


def to_test(reader: Reader, page: Page, study: str, *, other: bool = False) -> None:
    """Through a study that has neither steps before reading nor a warm-up, to its first panel."""
    reader.open(page, study, other=other)
    press(page, "Start")
    press(page, "Begin")
    page.get_by_role("link", name="Begin the test").click()
    look(page)


def reveals(reader: Reader) -> None:
    """A warm-up that tells the origin once there is an answer."""
    with reader.window() as (_, page):
        reader.open(page, "reveals")
        press(page, "Start")
        press(page, "Begin the warm-up")
        look(page)
        reader.save(page, "warm-up-asked")
        page.keyboard.press("f")
        expect(page.locator(".told")).to_be_visible()
        reader.save(page, "warm-up-told")


def limited(reader: Reader) -> None:
    """A study with a time limit."""
    with reader.window() as (_, page):
        to_test(reader, page, "limited")
        page.locator("#countdown.is-ending").wait_for()
        reader.save(page, "countdown")
        expect(page.locator("[data-cover=time-up]")).to_be_visible(timeout=15_000)
        reader.save(page, "time-up")


def closed(reader: Reader) -> None:
    """A study that is closed while somebody reads."""
    study = f"closed-{reader.size[0]}"
    with reader.window() as (_, page):
        to_test(reader, page, study)
        run(reader.server.data, "close", reader.studies[study]["slug"])
        page.keyboard.press("f")
        expect(page.locator("[data-cover=closed]")).to_be_visible()
        reader.save(page, "closed-while-reading")
        reader.open(page, study)
        reader.save(page, "closed", whole=True)


def no_script(reader: Reader) -> None:
    """The same study with JavaScript off, and with two answers to one panel."""
    reader.has_script = False
    with reader.window(java_script_enabled=False) as (context, page):
        reader.open(page, "figure-4", other=True)
        press(page, "Start")
        press(page, "Begin")
        page.get_by_role("link", name="Begin the test").click()
        page.wait_for_load_state("networkidle")
        reader.save(page, "no-script-figure-4")
        second = context.new_page()
        second.goto(page.url)
        for one, name in ((second, "Real"), (page, "Synthetic")):
            one.locator("label.level").nth(2).click()
            one.get_by_role("button", name=name).click()
        reader.save(page, "conflict")
        reader.open(page, "german", other=True)
        press(page, "Start")
        press(page, "Begin")
        page.get_by_role("link", name="Begin the test").click()
        page.wait_for_load_state("networkidle")
        reader.save(page, "no-script")


def german(reader: Reader) -> None:
    """For readers of German."""
    with reader.window(locale="de-DE") as (_, page):
        reader.open(page, "main", other=True)
        reader.save(page, "german-arrival", whole=True)
        reader.open(page, "german")
        press(page, "Starten")
        look(page)
        reader.save(page, "german-instructions")
        press(page, "Beginnen")
        page.get_by_role("link", name="Test beginnen").click()
        look(page)
        reader.save(page, "german-test")


WALKS: Final[dict[str, Callable[[Reader], None]]] = {
    walk.__name__: walk for walk in (arrival, figure_4, reveals, limited, closed, no_script, german)
}


def run(data: Path, *argv: str) -> str:
    """Have a process of the instance make or change something; see pictured.py."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.pictured", *argv],
        cwd=PROJECT,
        env=environment(data),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def take(data: Path, out: Path, walks: list[str], widths: list[int]) -> None:
    """Take the pictures of an instance that is made or still there."""
    numbers = [number for number, (width, _) in enumerate(SIZES) if width in widths]
    server = serving.create(data)
    studies = json.loads(run(data, "all").splitlines()[-1])
    server.start()
    path = os.environ.get("CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), None)
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=arguments)
            for number in numbers:
                for walk in walks:
                    WALKS[walk](Reader(server, browser, studies, number, out))
            browser.close()
    finally:
        server.stop()


def main() -> None:
    """Read the arguments and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, help="folder of the instance; kept")
    parser.add_argument("--walk", action="append", choices=sorted(WALKS), help="only these pages")
    parser.add_argument("--width", action="append", type=int, help="only windows of this width")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        take(asked.data or Path(scratch), asked.out, asked.walk or list(WALKS), asked.width or [w for w, _ in SIZES])


if __name__ == "__main__":
    main()
