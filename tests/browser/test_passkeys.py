"""Passkeys with a real browser and a virtual authenticator, under the Content-Security-Policy of every page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(server: Server, chromium: Browser) -> Iterator[Page]:
    """A browser on a computer that can hold passkeys; no page may raise an error."""
    troubles: list[str] = []
    with chromium.new_context() as context:
        page = context.new_page()
        page.on(
            "console", lambda one: troubles.append(one.text) if one.type in {"error", "warning"} else None
        )
        page.on("pageerror", lambda error: troubles.append(str(error)))
        devices = context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield page
    assert troubles == []


def sign_in(page: Page, url: str, account: dict[str, str]) -> None:
    page.goto(f"{url}/sign-in/")
    page.get_by_label("Username").fill(account["user"])
    page.get_by_label("Password").fill(account["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{url}/desk/")


def test_a_passkey_is_added_and_signs_in_without_a_password(server: Server, page: Page) -> None:
    url, account = (
        server.url.replace("127.0.0.1", "localhost"),
        server.prepare("account"),
    )  # not under an IP address
    sign_in(page, url, account)
    page.goto(f"{url}/account/passkeys/add/")
    page.get_by_label("Password").fill(account["password"])  # asked for once more
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{url}/desk/")
    expect(page.get_by_text(account["user"])).to_be_visible()


def test_a_page_says_why_it_did_not_work(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/sign-in/")  # an IP address
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_have_text(
        "Passkeys need a host name and HTTPS; they do not work under an IP address."
    )
