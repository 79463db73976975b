"""Pictures of every page of the reading room, or with --desk of the desk: `python -m tests.browser.screenshots OUT`.

Starts an instance in a folder of its own, reads there as a reader would in windows of three sizes, the smallest by
touch, and saves OUT/NAME-WIDTH.png. The panels take two minutes to make; a folder named with --data keeps them.
At the desk an admin looks at every page in windows of two sizes, saved as OUT/NAME-WIDTH.jpg.
"""

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from readerstudy.serving.address import Address, choose
from tests.browser import pictured_desk_walk, serving
from tests.browser.conftest import ARGUMENTS, NAMES
from tests.browser.pictured_reader import SIZES, Reader, run
from tests.browser.pictured_walks import WALKS
from tests.browser.serving import Server

PORT: Final = 18900  # away from those of the tests


def take(data: Path, out: Path, walks: list[str], widths: list[int]) -> None:
    """Take the pictures of the reading room."""
    numbers = [number for number, (width, _) in enumerate(SIZES) if width in widths]
    serving.create(data)
    studies = json.loads(run(data, "all").splitlines()[-1])
    with opened(data) as (server, browser):
        for number in numbers:
            for walk in walks:
                WALKS[walk](Reader(server, browser, studies, number, out))


def take_desk(data: Path, out: Path, pages: list[str]) -> None:
    """Take the pictures of the desk."""
    serving.create(data)
    names = json.loads(
        serving.run_python(data, "-m", "tests.browser.pictured_desk", timeout=1800).splitlines()[-1]
    )
    with opened(data) as (server, browser):
        pictured_desk_walk.take(server, browser, names, out, pages)


@contextmanager
def opened(data: Path) -> Iterator[tuple[Server, Browser]]:
    """An instance that is made, served, and a browser in front of it."""
    server = Server(data, choose(Address("127.0.0.1", PORT), any_port=True))
    server.start()
    path = os.environ.get("CHROMIUM") or next(
        (found for name in NAMES if (found := shutil.which(name))), None
    )
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=arguments)
            yield server, browser
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
    parser.add_argument("--desk", action="store_true", help="the desk instead")
    parser.add_argument("--page", action="append", default=[], help="only this page of the desk")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        if asked.desk:
            take_desk(asked.data or Path(scratch), asked.out, asked.page)
            return
        take(
            asked.data or Path(scratch),
            asked.out,
            asked.walk or list(WALKS),
            asked.width or [w for w, _ in SIZES],
        )


if __name__ == "__main__":
    main()
