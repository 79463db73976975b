"""A reader of whom pictures are taken: window, touch, and what is pressed."""

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.serving import PROJECT, Server, environment
from tests.browser.sitting import look

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES: Final = ((1440, 900), (1024, 768), (390, 844))
PHONE: Final = 390
N_GREYS: Final = 64
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
        touch: dict[str, Any] = {"has_touch": True, "is_mobile": True} if self.is_touch else {}
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
    picture = (
        Image.open(path).convert("RGB").quantize(N_GREYS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    )
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


def to_test(reader: Reader, page: Page, study: str, *, other: bool = False) -> None:
    """Through a study that has neither steps before reading nor a warm-up, to its first panel."""
    reader.open(page, study, other=other)
    press(page, "Start")
    press(page, "Begin")
    page.get_by_role("link", name="Begin the test").click()
    look(page)


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
