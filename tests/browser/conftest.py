"""A real server with a data folder of its own, and a real Chromium."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from readerstudy.serving import instance, programs
from readerstudy.serving.address import Address, choose
from tests.browser.sitting import LARGE, Sitting, sit_down, watch
from tests.conftest import PROJECT

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FIRST_PORT = 18000
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A served instance: its address, and its database seen from outside."""

    url: str
    data: Path

    def prepare(self, what: str) -> dict[str, Any]:
        """Have a process of the instance make something; see prepare.py."""
        prepared: dict[str, Any] = json.loads(
            _python(self.data, "-m", "tests.browser.prepare", what).splitlines()[-1]
        )
        return prepared

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the database."""
        connection = sqlite3.connect(f"file:{self.data / 'db.sqlite3'}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()


def _environment(data: Path) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}
    }
    return {**inherited, "READERSTUDY_DATA": str(data), "DJANGO_SETTINGS_MODULE": "readerstudy.settings"}


def _python(data: Path, *argv: str) -> str:
    done = subprocess.run(
        [sys.executable, *argv],
        cwd=PROJECT,
        env=_environment(data),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Gunicorn as `make serve` starts it, on a folder of its own."""
    data = tmp_path_factory.mktemp("instance")
    _python(data, "manage.py", "migrate", "--verbosity", "0")
    _python(data, "manage.py", "collectstatic", "--no-input", "--verbosity", "0")
    first = FIRST_PORT + 200 * int("".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", "0"))))
    address = choose(Address("127.0.0.1", first), any_port=True)
    program = programs.web_server(address, logs=data / "log")
    with (data / "web.log").open("wb") as log:
        process = subprocess.Popen(program.argv, cwd=PROJECT, env=_environment(data), stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not instance.answers(f"{address.url}/sign-in/"):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail((data / "web.log").read_text())
            time.sleep(0.1)
        yield Server(url=address.url, data=data)
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def launch(playwright: Playwright) -> Callable[[], Browser]:
    """Start a new Chromium with nothing remembered: the one that CHROMIUM names, a system one, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    path = named or next((found for name in NAMES if (found := shutil.which(name))), None)
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    if path is None and not Path(playwright.chromium.executable_path).exists():
        pytest.fail("There is no Chromium on this machine; `make test` gets one, or name one in CHROMIUM.")
    return lambda: playwright.chromium.launch(executable_path=path, args=arguments)


@pytest.fixture
def chromium(launch: Callable[[], Browser]) -> Iterator[Browser]:
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A large screen."""
    with chromium.new_context(viewport=LARGE) as made:
        yield made


@pytest.fixture(scope="module")
def seat(server: Server, launch: Callable[[], Browser]) -> Iterator[tuple[Sitting, list[str]]]:
    """One test panel at a large screen for all tests of a module, with what went wrong there."""
    troubles: list[str] = []
    browser = launch()
    with browser.new_context(viewport=LARGE) as context:
        watch(context, troubles)
        yield sit_down(server, context), troubles
    browser.close()


@pytest.fixture
def sitting(seat: tuple[Sitting, list[str]]) -> Iterator[Sitting]:
    """A panel as it comes up, for looking only; the viewer must raise no error and load no picture."""
    shared, troubles = seat
    shared.page.set_viewport_size(LARGE)
    shared.page.mouse.move(5, 5)
    shared.page.reload()
    shared.look()
    yield shared
    assert troubles == []


@pytest.fixture
def answering(server: Server, chromium: Browser) -> Iterator[Sitting]:
    """A reader of a new study, who may answer."""
    troubles: list[str] = []
    with chromium.new_context(viewport=LARGE) as context:
        watch(context, troubles)
        yield sit_down(server, context)
    assert troubles == []
