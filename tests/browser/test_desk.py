"""The desk in a real browser: signing in, every page at three widths, pages that follow running work."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.serving import Server

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
        assert page.url == f"{server.url}/desk/"
        yield page
    assert troubles == []


def test_first_tab_stop_skips_the_navigation(desk: Page) -> None:
    desk.keyboard.press("Tab")
    expect(desk.locator(":focus")).to_have_text("Skip to content")
    desk.keyboard.press("Enter")
    assert desk.url.endswith("#main")


def test_no_page_is_wider_than_its_window(server: Server, desk: Page) -> None:
    slug = server.prepare("study")["slug"]
    too_wide = []
    for path in PAGES:
        for width in WIDTHS:
            desk.set_viewport_size({"width": width, "height": 844})
            answer = desk.goto(server.url + path.format(slug=slug))
            assert answer is not None
            assert answer.ok, path
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
    expect(row).to_contain_text("75 %", timeout=15_000)
    assert desk.evaluate("window.notReloaded")
    server.prepare("training finished")
    expect(row).to_have_count(0, timeout=15_000)
    assert desk.locator("[data-refresh]").count() == 0


def test_personal_link_can_be_copied(server: Server, desk: Page) -> None:
    study = server.prepare("study")
    desk.goto(f"{server.url}/desk/studies/{study['slug']}/readers/")
    button = desk.locator("[data-copy]")
    button.click()
    expect(button).to_have_text("Copied")
    assert desk.evaluate("navigator.clipboard.readText()") == server.url + study["link"]


def test_signing_out_closes_the_desk(server: Server, desk: Page) -> None:
    desk.get_by_role("button", name="Sign out").click()
    desk.goto(f"{server.url}/desk/studies/")
    assert desk.url == f"{server.url}/sign-in/?next=/desk/studies/"
