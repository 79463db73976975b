"""A real server with a data folder of its own, and a real Chromium."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from tests.browser import serving
from tests.browser.serving import Server
from tests.browser.sitting import LARGE, Sitting, sit_down, watch

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One instance for all tests."""
    made = serving.create(tmp_path_factory.mktemp("instance"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def mortal_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An instance for one test, which may kill it."""
    made = serving.create(tmp_path_factory.mktemp("mortal"))
    made.start()
    yield made
    made.stop()


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
