"""From the key that answers a panel to the next panel on the screen: the reading room against a page per panel.

Chromium reads from gunicorn, on this machine and through a proxy that adds 150 ms to every round trip. A time begins
with the key event's own time stamp and ends with the second animation frame after the next panel was drawn: the first
of the two shows it. The page per panel is the form that works without JavaScript, with only so much script as presses
its button and takes the time.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import delay
from tests.browser import serving

N_ROOM = 220  # answers
N_PAGES = 40
LOOK_MS = 300  # at each panel: a hasty reader
ROUND_TRIP_MS = 150
TARGET_MS = 50

# Notes in window.latencies how long each key took to the next panel, and what Chromium's own Event Timing says.
WATCH_ROOM = """
window.latencies = [];
window.events = [];
addEventListener("keydown", (event) => {
  const panel = document.getElementById("panel");
  const before = panel.dataset.token;
  requestAnimationFrame(function look() {
    const isNext = panel.dataset.token !== before && !document.body.classList.contains("is-covered");
    requestAnimationFrame(isNext ? () => window.latencies.push(performance.now() - event.timeStamp) : look);
  });
}, true);
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.name === "keydown") window.events.push(entry.duration);
}).observe({ type: "event", durationThreshold: 16 });
"""

# Stands in for the room's script: the picture of the form, the two keys, and the time since the last page's key.
PAGE_BY_PAGE = """
const template = document.createElement("template");
template.innerHTML = document.getElementById("picture").textContent;
document.getElementById("panel").append(template.content);
await document.querySelector("#panel img").decode();
const frame = () => new Promise(requestAnimationFrame);
await frame();
await frame();
const now = () => performance.timeOrigin + performance.now();
const pressed = Number(sessionStorage.getItem("pressed") ?? 0);
window.latencies = pressed ? [now() - pressed] : [];
document.getElementById("panel").classList.add("is-painted");
addEventListener("keydown", (event) => {
  sessionStorage.setItem("pressed", performance.timeOrigin + event.timeStamp);
  document.querySelector(event.key === "f" ? ".answer--real" : ".answer--synthetic").click();
}, { once: true });
"""


@dataclass(frozen=True)
class Taken:
    """Milliseconds from key to paint."""

    name: str
    ms: list[float]
    note: str = ""

    def line(self) -> str:
        p50, p95 = np.percentile(self.ms, [50, 95])
        return f"  {self.name:<44}{len(self.ms):>4}{p50:>9.1f}{p95:>9.1f}{max(self.ms):>9.1f}  {self.note}".rstrip()


def begin(page: Page, address: str) -> None:
    """From the personal link to the first test panel."""
    page.goto(address)
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("link", name="Begin the test").click()
    page.wait_for_selector("#panel.is-painted", state="attached")


def read(page: Page, number: int) -> None:
    """Look at a panel and answer it."""
    page.wait_for_selector("#panel.is-painted", state="attached")
    page.wait_for_timeout(LOOK_MS)
    page.keyboard.press("fj"[number % 2])


def room(browser: Browser, address: str, name: str) -> Taken:
    """Time the reading room."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.add_init_script(WATCH_ROOM)
        begin(page, address)
        page.wait_for_load_state("networkidle")
        for number in range(N_ROOM):
            read(page, number)
            page.wait_for_function("(n) => window.latencies.length > n", arg=number)
        latencies, events = page.evaluate("[window.latencies, window.events]")
        note = f"(Event Timing p95 {np.percentile(events, 95):.0f})" if events else ""
        return Taken(name, latencies, note)


def page_by_page(browser: Browser, address: str, name: str) -> Taken:
    """Time the form that loads a page for every panel."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        context.route(
            "**/js/reading/trial*.js",
            lambda route: route.fulfill(body=PAGE_BY_PAGE, content_type="text/javascript"),
        )
        page = context.new_page()
        begin(page, address)
        latencies = []
        for number in range(N_PAGES):
            read(page, number)
            page.wait_for_selector(f'.bar__progress[value="{number + 1}"]', state="attached")
            page.wait_for_function("window.latencies?.length")
            latencies += page.evaluate("window.latencies")
        return Taken(name, latencies)


def measure(browser: Browser, server: serving.Server) -> list[Taken]:
    """All four, on one study."""
    links = iter(server.prepare("long study")["links"])
    near = server.url
    with delay.proxy(server.address.port, seconds=ROUND_TRIP_MS / 2000) as port:
        far = f"http://127.0.0.1:{port}"
        return [
            page_by_page(browser, near + next(links), "a page per panel, on this machine"),
            room(browser, near + next(links), "reading room, on this machine"),
            page_by_page(browser, far + next(links), f"a page per panel, {ROUND_TRIP_MS} ms away"),
            room(browser, far + next(links), f"reading room, {ROUND_TRIP_MS} ms away"),
        ]


def main() -> None:
    """Print the times."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    arguments = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = serving.create(Path(folder))
        server.n_workers = 0
        server.start()
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
            taken = measure(browser, server)
            browser.close()
            busy = f"{os.getloadavg()[1]:.1f} of {os.cpu_count()} processors busy"
        finally:
            server.stop()
    print(
        f"Key press to the next panel on the screen, milliseconds; the room's target is p95 {TARGET_MS} ({busy})"
    )
    print(f"  {'':<44}{'n':>4}{'p50':>9}{'p95':>9}{'max':>9}")
    for one in taken:
        print(one.line())


if __name__ == "__main__":
    main()
