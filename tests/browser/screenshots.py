"""Pictures of every page of the reading room: `python -m tests.browser.screenshots OUT [--data FOLDER]`.

Starts an instance in a folder of its own, reads there as a reader would in windows of three sizes, the smallest by
touch, and saves OUT/NAME-WIDTH.png. The panels take two minutes to make; a folder named with --data keeps them.
"""

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from readerstudy.serving.address import Address, choose
from tests.browser import serving
from tests.browser.conftest import ARGUMENTS, NAMES
from tests.browser.pictured_reader import SIZES, Reader, run
from tests.browser.pictured_walks import WALKS
from tests.browser.serving import Server

PORT: Final = 18900  # away from those of the tests


def take(data: Path, out: Path, walks: list[str], widths: list[int]) -> None:
    """Take the pictures of an instance that is made or still there."""
    numbers = [number for number, (width, _) in enumerate(SIZES) if width in widths]
    serving.create(data)
    studies = json.loads(run(data, "all").splitlines()[-1])
    server = Server(data, choose(Address("127.0.0.1", PORT), any_port=True))
    server.start()
    path = os.environ.get("CHROMIUM") or next(
        (found for name in NAMES if (found := shutil.which(name))), None
    )
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
        take(
            asked.data or Path(scratch),
            asked.out,
            asked.walk or list(WALKS),
            asked.width or [w for w, _ in SIZES],
        )


if __name__ == "__main__":
    main()
