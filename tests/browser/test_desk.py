"""The desk in a real browser: signing in, every page at three widths, pages that follow running work."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.serving import Server
from tests.browser.sitting import until

WIDTHS = (1440, 1024, 390)
PAGES = (
    "/desk/",
    "/desk/cohorts/",
    "/desk/cohorts/new/",
    "/desk/training/",
    "/desk/training/new/",
    "/desk/pools/",
    "/desk/studies/",
    "/desk/studies/new/",
    "/desk/studies/{slug}/",
    "/desk/studies/{slug}/readers/",
    "/desk/studies/{slug}/verify/",
    "/desk/studies/{slug}/preview/",
    "/desk/power/",
    "/desk/studies/{slug}/results/",
    "/desk/generators/",
)
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
NOTE_WORDS = """(button) => {
  window.words = [];
  const note = () => window.words.push(button.textContent);
  new MutationObserver(note).observe(button, { childList: true, characterData: true, subtree: true });
}"""

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def admin(server: Server) -> dict[str, str]:
    return server.prepare("admin")


@pytest.fixture
def desk(server: Server, admin: dict[str, str], chromium: Browser) -> Iterator[Page]:
    """The desk after signing in by keyboard; no page may raise an error."""
    troubles: list[str] = []
    with chromium.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        page.on(
            "console",
            lambda message: (
                troubles.append(f"{page.url}: {message.text}")
                if message.type in {"error", "warning"}
                else None
            ),
        )
        page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
        page.goto(f"{server.url}/desk/")
        expect(page.get_by_label("Username")).to_be_focused()
        page.keyboard.type(admin["user"])
        page.keyboard.press("Tab")
        page.keyboard.type(admin["password"])
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page).to_have_url(f"{server.url}/desk/")
        yield page
    assert troubles == []


def test_first_tab_stop_skips_the_navigation(desk: Page) -> None:
    desk.keyboard.press("Tab")
    expect(desk.locator(":focus")).to_have_text("Skip to content")
    desk.keyboard.press("Enter")
    expect(desk).to_have_url(re.compile("#main$"))


def test_no_page_is_wider_than_its_window(server: Server, desk: Page) -> None:
    slug = server.prepare("study")["slug"]
    too_wide = []
    for path in PAGES:
        answer = desk.goto(server.url + path.format(slug=slug))
        assert answer is not None
        assert answer.ok, path
        for width in WIDTHS:
            desk.set_viewport_size({"width": width, "height": 844})
            desk.evaluate(PAINTED)
            if desk.evaluate("document.documentElement.scrollWidth") > width:
                too_wide.append((path, width))
    assert too_wide == []


def test_page_follows_work_without_reloading(server: Server, desk: Page) -> None:
    run = server.prepare("running training")["name"]
    desk.goto(f"{server.url}/desk/")
    row = desk.get_by_role("row").filter(has_text=run)
    expect(row).to_contain_text("25 %")
    desk.evaluate("window.notReloaded = true")
    server.prepare("training moved on")
    expect(row).to_contain_text("75 %")
    assert desk.evaluate("window.notReloaded")
    server.prepare("training finished")
    expect(row).to_have_count(0)
    assert desk.locator("[data-refresh]").count() == 0


def test_press_is_not_lost_when_news_arrive_under_it(server: Server, desk: Page) -> None:
    server.prepare("running training")
    held: list[Route] = []
    desk.goto(f"{server.url}/desk/")
    work = desk.locator("[data-refresh]").filter(has=desk.get_by_role("link")).first
    link = work.get_by_role("link").first
    wanted = link.evaluate("(link) => link.href")
    desk.route(desk.url, lambda route: held.append(route))
    until(desk, lambda: len(held) == 1)
    link.hover()
    desk.mouse.down()
    server.prepare("training moved on")
    with desk.expect_response(desk.url) as news:
        held[0].continue_()
    news.value.finished()
    desk.evaluate(PAINTED)
    desk.unroute_all()
    desk.mouse.up()
    desk.wait_for_url(wanted)


def test_personal_link_can_be_copied(server: Server, desk: Page) -> None:
    study = server.prepare("study")
    desk.goto(f"{server.url}/desk/studies/{study['slug']}/readers/")
    button = desk.locator("[data-copy]")
    button.evaluate(NOTE_WORDS)
    button.click()
    until(desk, lambda: "Copied" in desk.evaluate("window.words"))  # it is said for two seconds only
    assert desk.evaluate("navigator.clipboard.readText()") == server.url + study["link"]


def test_signing_out_closes_the_desk(server: Server, desk: Page) -> None:
    with desk.expect_navigation():
        desk.get_by_role("button", name="Sign out").click()
    desk.goto(f"{server.url}/desk/studies/")
    expect(desk).to_have_url(f"{server.url}/sign-in/?next=/desk/studies/")
