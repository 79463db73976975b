"""Designing a study in a real browser: power that follows the numbers, questions, errors, the preview of a trial."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import Server
from tests.browser.pictured_reader import PAINTED
from tests.browser.sitting import until

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def admin(server: Server) -> dict[str, str]:
    server.prepare("draft study")  # so that there are pools
    return server.prepare("admin")


def sign_in(page: Page, server: Server, admin: dict[str, str], path: str) -> None:
    page.goto(server.url + path)
    page.get_by_label("Username").fill(admin["user"])
    page.get_by_label("Password").fill(admin["password"])
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.fixture
def designer(server: Server, admin: dict[str, str], chromium: Browser) -> Iterator[Page]:
    """The form of a new study; no script may fail there."""
    troubles: list[str] = []
    with chromium.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
        sign_in(page, server, admin, "/desk/studies/new/")
        yield page
    assert troubles == []


def line_of(page: Page, source: str) -> Locator:
    """A line of the table about one reader."""
    return page.get_by_role("region", name="One reader").get_by_role("row", name=re.compile(f"^{source} "))


def power_of(page: Page, source: str) -> str:
    """What one reader's answers to a source can show against guessing."""
    return line_of(page, source).get_by_role("cell").nth(1).inner_text()


def test_power_follows_the_numbers(designer: Page) -> None:
    expect(designer.get_by_role("region", name="One reader")).to_be_visible()
    assert power_of(designer, "Real") == "87 %"
    for lesion_class in ("benign", "malignant", "no findings"):
        designer.get_by_label(f"Real, {lesion_class}").fill("40")
    # Exact power of 120 panels against .5 at a true .60: .54.
    expect(line_of(designer, "Real")).to_contain_text("12054 %")
    expect(designer.get_by_role("link", name="What can this study show?")).to_have_attribute(
        "href", re.compile("panels_real=120&")
    )


def test_assumptions_and_margin_count_and_are_not_sent_with_the_study(designer: Page) -> None:
    designer.get_by_text("What is assumed of readers").click()
    accuracy = designer.get_by_label("True accuracy, %")
    accuracy.fill("50")
    expect(designer.get_by_text("because at 50 % there is nothing to tell from guessing")).to_be_visible()
    expect(accuracy).to_be_focused()
    accuracy.fill("0")
    expect(designer.get_by_text("Ensure this value is greater than or equal to 1")).to_be_visible()
    accuracy.fill("60")
    designer.get_by_label("Margin of equivalence").fill("20")
    # TOST with +-20 points: 480 panels always show it.
    expect(line_of(designer, "All")).to_contain_text("> 99 %")
    sent = designer.evaluate("[...new FormData(document.querySelector('.designer')).keys()]")
    assert "margin" not in sent
    assert "accuracy" not in sent
    assert "equivalence_margin_points" in sent


def hold(page: Page, address: str) -> list[Route]:
    """Keep what the page asks for there from arriving."""
    held: list[Route] = []
    page.route(address, lambda route: held.append(route))
    return held


def let_arrive(page: Page, held: list[Route]) -> None:
    """Let the first of it arrive, and the page do with it what it wants to do."""
    with page.expect_response(held[0].request.url) as answer:
        held[0].continue_()
    answer.value.finished()
    page.evaluate(PAINTED)


def test_a_press_is_not_lost_when_the_power_arrives_under_it(designer: Page) -> None:
    held = hold(designer, "**/desk/power/**")
    designer.reload()
    until(designer, lambda: len(held) == 1)
    part = designer.locator("[data-power-part]")
    button = designer.get_by_role("button", name="Make the draft")
    designer.evaluate(
        "addEventListener('submit', (event) => { event.preventDefault(); window.wasPressed = true; })"
    )
    designer.get_by_label("Name", exact=True).fill("A study")
    button.hover()
    designer.mouse.down()
    let_arrive(designer, held)
    expect(part).to_be_hidden()
    designer.mouse.up()
    assert designer.evaluate("window.wasPressed") is True
    expect(part).to_be_visible()


def test_a_press_is_not_lost_when_the_panel_arrives_under_it(server: Server, designer: Page) -> None:
    slug = server.prepare("draft study")["slug"]
    held = hold(designer, "**/preview/*.bin")
    designer.goto(f"{server.url}/desk/studies/{slug}/preview/")
    until(designer, lambda: len(held) == 1)
    tools = designer.locator("[data-needs-viewer]").first
    designer.locator(".bar__pause").hover()
    designer.mouse.down()
    let_arrive(designer, held)
    expect(tools).to_be_hidden()
    with designer.expect_navigation():
        designer.mouse.up()
    expect(designer).to_have_url(re.compile(f"/desk/studies/{slug}/$"))


def test_choices_are_asked_for_where_there_are_choices(designer: Page) -> None:
    row = designer.get_by_role("group", name="Question 2")
    expect(row.get_by_label("Choices")).to_be_hidden()
    row.get_by_label("Answer", exact=True).select_option("one of the choices")
    expect(row.get_by_label("Choices")).to_be_visible()


def test_a_refused_form_says_why_first_and_leads_to_the_field(designer: Page) -> None:
    designer.get_by_label("Time limit per panel").fill("3")
    designer.get_by_role("button", name="Make the draft").click()
    summary = designer.get_by_role("alert").first
    expect(summary).to_contain_text("The draft was not saved.")
    expect(summary).to_be_in_viewport()
    summary.get_by_role("link", name="Time limit per panel").click()
    field = designer.get_by_label("Time limit per panel")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")


def test_the_preview_reads_like_a_trial_and_stores_nothing(server: Server, designer: Page) -> None:
    slug = server.prepare("draft study")["slug"]
    before = server.rows("SELECT COUNT(*) FROM readerstudy_trial")
    designer.goto(f"{server.url}/desk/studies/{slug}/preview/")
    expect(designer.locator("#panel.is-painted")).to_be_attached()
    expect(designer.get_by_text("Preview: a warm-up panel, nothing is stored")).to_be_visible()
    designer.keyboard.press("i")
    expect(designer.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "true")
    with designer.expect_navigation():
        designer.keyboard.press("f")
    expect(designer).to_have_url(re.compile(f"/{slug}/preview/2/$"))
    expect(designer.locator("#panel.is-painted")).to_be_attached()
    with designer.expect_navigation():
        designer.keyboard.press("Escape")
    expect(designer).to_have_url(re.compile(f"/desk/studies/{slug}/$"))
    assert server.rows("SELECT COUNT(*) FROM readerstudy_trial") == before


def test_without_javascript_links_lead_to_the_same(
    server: Server, admin: dict[str, str], chromium: Browser
) -> None:
    slug = server.prepare("draft study")["slug"]
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, server, admin, "/desk/studies/new/")
        with page.expect_navigation():
            page.get_by_role("link", name="What can this study show?").click()
        assert power_of(page, "Real") == "87 %"
        page.get_by_label("Real panels").fill("120")
        with page.expect_navigation():
            page.get_by_role("button", name="Compute").click()
        assert power_of(page, "Real") == "54 %"
        page.goto(f"{server.url}/desk/studies/{slug}/preview/")
        picture = page.get_by_role("img", name="Panel of seven frames")
        assert picture.evaluate("image => image.naturalWidth") > 0
