"""axe-core finds nothing on any page: WCAG 2.0, 2.1 and 2.2, levels A and AA, on a large screen and on a phone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Server

LEVELS = [
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
]  # axe-core's names; 2.2 adds no rule of level A
SIZES = ({"width": 1440, "height": 900}, {"width": 390, "height": 844})
N_WARM_UP = 4
N_TEST = 12
DESK_PAGES = (
    "/desk/",
    "/desk/cohorts/",
    "/desk/cohorts/new/",
    "/desk/training/",
    "/desk/training/new/",
    "/desk/training/{training}/",
    "/desk/pools/",
    "/desk/pools/{pool}/",
    "/desk/studies/",
    "/desk/studies/new/",
    "/desk/studies/{draft}/",
    "/desk/studies/{draft}/revise/",
    "/desk/studies/{study}/",
    "/desk/studies/{study}/readers/",
    "/desk/studies/{study}/audit/",
    "/desk/studies/{study}/results/",
    "/desk/studies/{closed}/",
    "/desk/studies/{closed}/results/",
    "/desk/generators/",
    "/desk/no-such-page/",
)

RUN = """
async (levels) => {
  const results = await axe.run({ runOnly: { type: "tag", values: levels }, resultTypes: ["violations"] });
  return results.violations.map(({ id, impact, nodes }) =>
    `${id} (${impact}): ` + nodes.map((node) => `${node.target} ${node.any.map((c) => c.message)}`).join(" | "));
}
"""

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.slow]


class Inspector:
    """Runs axe-core on the page in front of it, at every size."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: dict[str, list[str]] = {}
        self.inspected: list[str] = []

    def inspect(self, name: str) -> None:
        for size in SIZES:
            self.page.set_viewport_size(size)
            self.page.evaluate(AXE_SCRIPT)
            if violations := self.page.evaluate(RUN, LEVELS):
                self.found[f"{name}, {size['width']} px"] = violations
        self.page.set_viewport_size(SIZES[0])
        self.inspected.append(name)


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    with chromium.new_context(viewport=SIZES[0]) as opened:
        yield opened


def shown(page: Page) -> None:
    """Wait until the panel is on the screen."""
    expect(page.locator("#panel.is-painted")).to_be_attached()


def test_every_page_of_the_reading_room(server: Server, context: BrowserContext) -> None:
    study = server.prepare("study")
    page = context.new_page()
    axe = Inspector(page)
    page.goto(server.url + study["link"])
    axe.inspect("arrival")
    page.get_by_role("button", name="Start").click()
    axe.inspect("instructions")
    page.get_by_role("button", name="Begin the warm-up").click()
    for number in range(N_WARM_UP):
        shown(page)
        if number in (0, N_WARM_UP - 1):  # one of the two may be real, the other synthetic
            axe.inspect(f"warm-up {number + 1}")
        page.get_by_role("button", name="Next").click()
    axe.inspect("before the test")
    page.get_by_role("link", name="Begin the test").click()
    shown(page)
    axe.inspect("test")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    axe.inspect("help")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Pause").click()
    axe.inspect("pause")
    page.get_by_role("link", name="Continue").click()
    shown(page)
    second_tab = context.new_page()
    second_tab.goto(page.url)
    shown(second_tab)
    page.get_by_role("button", name="Real").click()
    expect(page.locator(".bar__place")).to_have_text(f"Trial 2 of {N_TEST}")
    second_tab.get_by_role("button", name="Synthetic").click()
    expect(second_tab.locator("h1")).to_have_text("Already answered")
    other = Inspector(second_tab)
    other.inspect("conflict")
    page.goto(server.url + study["link"])
    axe.inspect("arrival again")
    page.get_by_role("button", name="Continue").click()
    for number in range(2, N_TEST + 1):
        expect(page.locator(".bar__place")).to_have_text(f"Trial {number} of {N_TEST}")
        shown(page)
        page.get_by_role("button", name="Real").click()
    expect(page.locator("h1")).to_have_text("All done")
    axe.inspect("finished")
    page.goto(server.url + study["link"])
    axe.inspect("arrival after the end")
    page.goto(f"{server.url}/read/i/no-such-link/")
    axe.inspect("not here")
    assert axe.found | other.found == {}
    assert len(axe.inspected + other.inspected) == 13


def test_the_page_that_asks_for_confidence(server: Server, context: BrowserContext) -> None:
    study = server.prepare("study with confidence")
    page = context.new_page()
    axe = Inspector(page)
    page.goto(server.url + study["link"])
    page.get_by_role("button", name="Start").click()
    axe.inspect("instructions with confidence")
    page.get_by_role("button", name="Begin the warm-up").click()
    for _ in range(N_WARM_UP):
        page.get_by_role("button", name="Next").click()
    page.get_by_role("link", name="Begin the test").click()
    shown(page)
    axe.inspect("test with confidence")
    page.keyboard.press("j")
    axe.inspect("test with confidence, answer chosen")
    assert axe.found == {}


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_page_of_the_desk(server: Server, chromium: Browser, colours: str) -> None:
    admin = server.prepare("admin")
    slugs = {
        "training": server.prepare("running training")["slug"],
        "draft": server.prepare("draft study")["slug"],
        "study": server.prepare("study")["slug"],
        "closed": server.prepare("closed study")["slug"],
        "pool": server.prepare("pool")["slug"],
    }
    with chromium.new_context(viewport=SIZES[0], color_scheme=colours) as context:
        page = context.new_page()
        axe = Inspector(page)
        page.goto(f"{server.url}/desk/")
        axe.inspect("sign in")
        page.get_by_label("Username").fill(admin["user"])
        page.get_by_label("Password").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Password")).to_have_value("")
        axe.inspect("sign in refused")
        page.get_by_label("Username").fill(admin["user"])
        page.get_by_label("Password").fill(admin["password"])
        page.keyboard.press("Enter")
        page.wait_for_url(f"{server.url}/desk/")
        for path in DESK_PAGES:
            page.goto(server.url + path.format(**slugs))
            axe.inspect(path)
        assert axe.found == {}


def test_axe_finds_a_planted_violation(context: BrowserContext) -> None:
    page = context.new_page()
    page.set_content(
        '<!doctype html><html lang="en"><title>x</title><main><h1>x</h1><img src="data:,"></main>'
    )
    axe = Inspector(page)
    axe.inspect("planted")
    assert [found for found in axe.found["planted, 390 px"] if found.startswith("image-alt (critical)")]
