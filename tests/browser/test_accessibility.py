"""axe-core finds nothing on any page: WCAG 2.0, 2.1 and 2.2, levels A and AA, on a large screen and on a phone."""

from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, ViewportSize, expect

from tests.browser.axe import barriers
from tests.browser.serving import Server
from tests.browser.sitting import look, see_warm_up, until

SIZES: Sequence[ViewportSize] = ({"width": 1440, "height": 900}, {"width": 390, "height": 844})
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
    "/account/",
    "/account/e-mail/",
    "/desk/accounts/",
    "/desk/accounts/new/",
    "/desk/audit/",
    "/desk/studies/{study}/people/",
    "/desk/no-such-page/",
)
FURTHER_PAGES = (
    "/account/password/",  # first: what asks for the password again does so five minutes after signing in
    "/account/app/",
    "/account/passkeys/add/",
    "/account/sessions/",
    "/account/again/",
    "/desk/accounts/{account}/",
    "/desk/tokens/",
    "/desk/api/",
    "/desk/patch-sets/",
    "/desk/patch-imports/new/",
    "/desk/training/compare/",
    "/desk/generators/runs/",
    "/desk/generators/compare/",
    "/desk/generators/readers/",
    "/desk/generators/checkpoints/",
    "/desk/studies/{study}/amend/",
    "/desk/studies/{study}/unblind/",
    "/desk/studies/{study}/readers/list/",
    "/desk/studies/{study}/readers/sheet/",
    "/desk/studies/{study}/readers/e-mail/",
    "/desk/studies/{study}/readers/R01/",
    "/desk/studies/{analysed}/results/exports/",
)
LOOKS = (("light", SIZES[0]), ("dark", SIZES[1]))  # in which every page of the desk is inspected
PLANTED = """<!doctype html><html lang="en"><title>x</title><style>
  body { background: #fff } p { color: #000 } a { display: none }
  @media (prefers-color-scheme: dark) { p { color: #eee } }
  @media (width < 600px) { a { display: block } }
</style><main><h1>Planted</h1><p>Some words</p><a href="x"></a></main>"""
POLICY_WORDS = ("Refused to", "Content Security Policy")  # how Chromium begins, or names it, on the console

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.slow,
    pytest.mark.timeout(900),  # there are many pages
]


class Inspector:
    """Runs axe-core on the page in front of it, at every size."""

    def __init__(self, page: Page, sizes: Sequence[ViewportSize] = SIZES) -> None:
        self.page = page
        self.sizes = sizes
        self.found: dict[str, list[str]] = {}
        self.inspected: list[str] = []

    def inspect(self, name: str) -> None:
        for size in self.sizes:
            self.page.set_viewport_size(size)
            if violations := barriers(self.page):
                self.found[f"{name}, {size['width']} px"] = violations
        self.page.set_viewport_size(self.sizes[0])
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
    look(page)
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
    look(page)
    axe.inspect("instructions with confidence")
    page.get_by_role("button", name="Begin the warm-up").click()
    see_warm_up(page)
    page.get_by_role("link", name="Begin the test").click()
    look(page)
    axe.inspect("test with confidence")
    page.keyboard.press("j")
    axe.inspect("test with confidence, answer chosen")
    assert axe.found == {}


@pytest.fixture(scope="module")
def slugs(server: Server) -> dict[str, str]:
    """One of everything that the desk shows."""
    return {
        "training": server.prepare("running training")["slug"],
        "draft": server.prepare("draft study")["slug"],
        "study": server.prepare("study")["slug"],
        "closed": server.prepare("closed study")["slug"],
        "analysed": server.prepare("analysed study")["slug"],
        "pool": server.prepare("pool")["slug"],
    }


class DeskInspector:
    """Signs in to the desk and runs axe-core on its pages, in every look of a page that was opened once."""

    def __init__(self, server: Server, context: BrowserContext) -> None:
        self.server = server
        self.admin = server.prepare("admin")
        self.page = context.new_page()
        self.refused = violations_of_policy(context)
        self.found: dict[str, list[str]] = {}

    def inspect(self, name: str) -> None:
        for colours, size in LOOKS:
            self.page.emulate_media(color_scheme=colours)
            self.page.set_viewport_size(size)
            if violations := barriers(self.page):
                self.found[f"{name}, {colours}, {size['width']} px"] = violations

    def visit(self, path: str) -> Response:
        """Open a page as it is on a large screen."""
        colours, size = LOOKS[0]
        self.page.emulate_media(color_scheme=colours)
        self.page.set_viewport_size(size)
        answer = self.page.goto(self.server.url + path)
        assert answer is not None
        return answer

    def sign_in(self) -> None:
        self.enter(self.admin["password"])
        self.page.wait_for_url(f"{self.server.url}/desk/")

    def enter(self, password: str) -> None:
        self.page.get_by_label("Username").fill(self.admin["user"])
        self.page.get_by_label("Password").fill(password)
        self.page.keyboard.press("Enter")


def test_every_page_of_the_desk(server: Server, context: BrowserContext, slugs: dict[str, str]) -> None:
    axe = DeskInspector(server, context)
    axe.visit("/desk/")
    axe.inspect("sign in")
    axe.enter("wrong")
    expect(axe.page.get_by_label("Password")).to_have_value("")
    expect(axe.page.get_by_role("alert").first).to_be_visible()
    axe.inspect("sign in refused")
    axe.sign_in()
    for path in DESK_PAGES:
        axe.visit(path.format(**slugs))
        axe.inspect(path)
    assert axe.found == {}
    assert axe.refused == []


def test_further_pages_of_the_desk(server: Server, context: BrowserContext, slugs: dict[str, str]) -> None:
    axe = DeskInspector(server, context)
    values = {**slugs, "account": server.prepare("account")["pk"]}
    axe.visit("/desk/")
    axe.sign_in()
    for path in FURTHER_PAGES:
        assert axe.visit(path.format(**values)).ok, path
        axe.inspect(path)
    assert axe.found == {}
    assert axe.refused == []


def test_both_looks_of_the_desk_are_inspected(server: Server, context: BrowserContext) -> None:
    """Letters that are too faint in the dark alone, and an address without a name on a small screen alone."""
    axe = DeskInspector(server, context)
    axe.page.set_content(PLANTED)
    axe.inspect("planted")
    assert set(axe.found) == {"planted, dark, 390 px"}
    assert {found.split()[0] for found in axe.found["planted, dark, 390 px"]} == {
        "color-contrast",
        "link-name",
    }


def violations_of_policy(context: BrowserContext) -> list[str]:
    """What the browser refuses to load or run from now on, because the Content-Security-Policy does not allow it."""
    refused: list[str] = []
    context.on(
        "console",
        lambda message: (
            refused.append(message.text) if any(words in message.text for words in POLICY_WORDS) else None
        ),
    )
    return refused


def test_a_planted_script_is_a_violation_of_policy(server: Server, context: BrowserContext) -> None:
    page = context.new_page()
    refused = violations_of_policy(context)
    page.goto(f"{server.url}/sign-in/")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: '1' }))")
    until(page, lambda: bool(refused))
    page.wait_for_timeout(100)  # more would come now
    assert len(refused) == 1


def test_the_report_of_a_study(server: Server, chromium: Browser, slugs: dict[str, str]) -> None:
    admin, slug = server.prepare("admin"), slugs["analysed"]
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
