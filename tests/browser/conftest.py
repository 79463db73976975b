"""A real server with a data folder of its own, and a real Chromium."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Playwright, expect, sync_playwright

from tests.browser import serving
from tests.browser.serving import Server
from tests.browser.sitting import LARGE, PATIENCE_MS, Sitting, sit_down, watch

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # One process for what would be three: no test is about how they are kept apart.
    "--in-process-gpu",
    "--disable-gpu-rasterization",
    "--enable-features=NetworkServiceInProcess2",
    # A browser takes only the last argument of this name: the first lines are what Playwright asks for itself. The
    # others halve the work of a new window: no pages inside the address bar, no process started in advance.
    "--disable-features="
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,OptimizationHints,PaintHolding,ThirdPartyStoragePartitioning,"
    "SpareRendererForSitePerProcess,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,WebUIOmniboxPopup",
)
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty database and the static files, made once for all workers."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    data = folder / "blank"
    with (folder / "blank.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not data.exists():
            serving.fill(folder / "filling")
            (folder / "filling").rename(data)
    return data


@pytest.fixture(scope="session")
def server(blank: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One instance for all tests of a worker."""
    made = serving.create(tmp_path_factory.mktemp("instance"), blank)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def mortal_server(blank: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An instance for one test, which may kill it."""
    made = serving.create(tmp_path_factory.mktemp("mortal"), blank)
    made.start()
    yield made
    made.kill()
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
    return lambda: patient(playwright.chromium.launch(executable_path=path, args=arguments))


def patient(browser: Browser) -> Browser:
    """A browser in whose windows every step may take as long as every expectation."""
    new_context = browser.new_context

    def new_patient_context(**options: Any) -> BrowserContext:
        opened = new_context(**options)
        opened.set_default_timeout(PATIENCE_MS)
        return opened

    browser.new_context = new_patient_context  # type: ignore[method-assign]
    return browser


@pytest.fixture(scope="session")
def chromium(launch: Callable[[], Browser]) -> Iterator[Browser]:
    """One browser for all tests of a worker: a context of it remembers nothing of another."""
    browser = launch()
    yield browser
    browser.close()


def come_to_rest(context: BrowserContext) -> None:
    """End whatever page is being opened: a window that is closed in the middle of it hangs at times."""
    for page in context.pages:
        with suppress(Error):  # a page that crashed, as one test wants it
            page.goto("about:blank", timeout=PATIENCE_MS)


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A large screen."""
    with chromium.new_context(viewport=LARGE) as opened:
        yield opened
        come_to_rest(opened)


@pytest.fixture(scope="session")
def seat(server: Server, chromium: Browser) -> Iterator[tuple[Sitting, list[str]]]:
    """One test panel at a large screen for all tests that only look, with what went wrong there."""
    troubles: list[str] = []
    with chromium.new_context(viewport=LARGE) as context:
        watch(context, troubles)
        yield sit_down(server, context), troubles


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
        found = list(troubles)  # without those of leaving
        come_to_rest(context)
    assert found == []
