"""axe-core finds nothing on any page: WCAG 2.0, 2.1 and 2.2, levels A and AA, on a large screen and on a phone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.serving import Server
from tests.browser.sitting import look, see_warm_up

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
    "/desk/studies/{draft}/preview/",
    "/desk/power/",
    "/desk/studies/{study}/",
    "/desk/studies/{study}/readers/",
    "/desk/studies/{study}/verify/",
    "/desk/studies/{study}/audit/",
    "/desk/studies/{study}/results/",
    "/desk/studies/{closed}/",
    "/desk/studies/{closed}/results/",
    "/desk/studies/{analysed}/results/",
    "/desk/studies/{analysed}/results/statistics/",
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

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.slow,
    pytest.mark.timeout(900),
]  # axe takes seconds per page, and there are many


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


def test_every_page_of_the_reading_room(server: Server, context: BrowserContext, chromium: Browser) -> None:
    study = server.prepare("study")
    page = context.new_page()
    axe = Inspector(page)
    page.goto(server.url + study["link"])
    axe.inspect("arrival")
    page.get_by_role("button", name="Start").click()
    axe.inspect("instructions")
    page.get_by_role("button", name="Begin the warm-up").click()
    for number in range(1, N_WARM_UP + 1):
        expect(page.locator("#place")).to_have_text(f"Warm-up {number} of {N_WARM_UP}")
        look(page)
        if number in (1, N_WARM_UP):  # one of the two may be real, the other synthetic
            axe.inspect(f"warm-up {number}")
        page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="The warm-up is done")).to_be_visible()
    axe.inspect("before the test")
    page.get_by_role("link", name="Begin the test").click()
    look(page)
    axe.inspect("test")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    axe.inspect("help")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Pause").click()
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    axe.inspect("pause")
    page.get_by_role("link", name="Continue").click()
    look(page)
    with chromium.new_context(storage_state=context.storage_state()) as old:
        old.route("**/js/**", lambda route: route.abort())  # no script: two forms for one trial
        forms = [old.new_page(), old.new_page()]
        for form in forms:
            form.goto(page.url)
        forms[0].get_by_role("button", name="Real").click()
        expect(forms[0].locator(".bar__place")).to_have_text(f"Trial 2 of {N_TEST}")
        forms[1].get_by_role("button", name="Synthetic").click()
        expect(forms[1].locator("h1")).to_have_text("Already answered")
        other = Inspector(forms[1])
        other.inspect("conflict")
    page.goto(server.url + study["link"])
    axe.inspect("arrival again")
    page.get_by_role("button", name="Continue").click()
    for number in range(2, N_TEST + 1):
        expect(page.locator(".bar__place")).to_have_text(f"Trial {number} of {N_TEST}")
        look(page)
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
    see_warm_up(page)
    page.get_by_role("link", name="Begin the test").click()
    look(page)
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
        "analysed": server.prepare("analysed study")["slug"],
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


def test_the_report_of_a_study(server: Server, chromium: Browser) -> None:
    admin, slug = server.prepare("admin"), server.prepare("analysed study")["slug"]
    with chromium.new_context() as context, chromium.new_context(viewport=SIZES[0]) as other:
        page = context.new_page()
        page.goto(f"{server.url}/desk/")
        page.get_by_label("Username").fill(admin["user"])
        page.get_by_label("Password").fill(admin["password"])
        page.keyboard.press("Enter")
        page.wait_for_url(f"{server.url}/desk/")
        response = page.request.get(f"{server.url}/desk/studies/{slug}/results/files/report.html")
        assert response.status == 200
        # Served, it lets nothing run, axe included; its text is the same as a file.
        report = other.new_page()
        report.set_content(response.text())
        axe = Inspector(report)
        axe.inspect("report")
        report.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        axe.inspect("report, appendix open")
        assert axe.found == {}


def test_axe_finds_a_planted_violation(context: BrowserContext) -> None:
    page = context.new_page()
    page.set_content(
        '<!doctype html><html lang="en"><title>x</title><main><h1>x</h1><img src="data:,"></main>'
    )
    axe = Inspector(page)
    axe.inspect("planted")
    assert [found for found in axe.found["planted, 390 px"] if found.startswith("image-alt (critical)")]
