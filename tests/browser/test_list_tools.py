"""What stands above a list in a real browser: its labels in one line, and its controls with all that is beside them."""

import itertools
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.serving import Server

SIZES = ((1440, 900), (390, 844))
LISTS = ("/desk/studies/", "/desk/accounts/", "/desk/pools/", "/desk/cohorts/", "/desk/audit/")
PLACES = """(tools) => [...tools.querySelectorAll("label, .field > input, select, .button, .list-tools__found")].map((one) => {
  const words = document.createRange();
  words.selectNodeContents(one);
  const box = one.matches(".list-tools__found") ? words.getBoundingClientRect() : one.getBoundingClientRect();
  const kind = one.matches("label") ? "label" : one.matches(".list-tools__found") ? "found" : "control";
  return { kind, top: box.top, middle: (box.top + box.bottom) / 2, height: box.height };
})"""
LINE = 30  # pixels within which things stand beside one another

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


@pytest.fixture
def desk(server: Server, chromium: Browser) -> Iterator[Page]:
    admin = server.prepare("admin")
    server.prepare("study")
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{server.url}/desk/")
        page.get_by_label("Username").fill(admin["user"])
        page.get_by_label("Password", exact=True).fill(admin["password"])
        with page.expect_navigation():
            page.keyboard.press("Enter")
        yield page


def test_labels_and_controls_of_a_row_stand_in_one_line(server: Server, desk: Page) -> None:
    n_compared = 0
    for width, height in SIZES:
        desk.set_viewport_size({"width": width, "height": height})
        for path in LISTS:
            desk.goto(server.url + path)
            expect(desk.locator("h1")).to_be_visible()
            for tools in desk.locator(".list-tools").all():
                found = tools.evaluate(PLACES)
                for kinds in ({"label"}, {"control", "found"}):
                    alike = [one for one in found if one["kind"] in kinds]
                    for first, second in itertools.combinations(alike, 2):
                        if abs(first["middle"] - second["middle"]) < LINE:
                            n_compared += 1
                            assert abs(first["middle"] - second["middle"]) < 1, (path, width, first, second)
                assert len({round(one["height"]) for one in found if one["kind"] == "control"}) == 1
    assert n_compared > len(LISTS)
