"""The import form in a real browser: what was typed outlives a look at the folder, and the look can be stopped."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.serving import Server
from tests.browser.test_designer import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def test_typed_values_are_there_after_a_look(server: Server, chromium: Browser, tmp_path: Path) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        sign_in(page, server, server.prepare("admin"), "/desk/cohorts/new/")
        page.get_by_label("Folder").fill(str(tmp_path))
        page.get_by_label("Name").fill("Aachen 2018")
        page.get_by_label("The cohort has no T2").check()
        page.get_by_role("button", name="Look first").click()
        page.get_by_role("button", name="Stop looking").click()  # no worker runs: the look was still queued
        page.get_by_role("link", name="Back to the form").click()
        expect(page.get_by_label("Folder")).to_have_value(str(tmp_path))
        expect(page.get_by_label("Name")).to_have_value("Aachen 2018")
        expect(page.get_by_label("The cohort has no T2")).to_be_checked()
        # Another tab knows nothing of it: the name of a folder may be a patient's.
        other = context.new_page()
        other.goto(page.url)
        expect(other.get_by_label("Folder")).to_have_value("")
