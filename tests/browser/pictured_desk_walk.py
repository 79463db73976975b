"""The desk, page by page, for an admin from signing in to the files of a study."""

from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.pictured_reader import PAINTED
from tests.browser.serving import Server

SIZES: Final = ((1440, 900), (1024, 768))
MAX_HEIGHT: Final = 1200  # a longer page is cut there
MAX_BYTES: Final = 115_000
QUALITIES: Final = (82, 70, 55, 40)  # of a JPEG, until it is small enough

# File name -> address; the names in braces come from pictured_desk.py.
PAGES: Final = {
    "home": "/desk/",
    "cohorts": "/desk/cohorts/",
    "cohort-import": "/desk/cohorts/new/",
    "cohort-look": "/desk/cohorts/new/looks/{look}/",
    "cohort": "/desk/cohorts/phantom/",
    "cohort-regions": "/desk/cohorts/phantom/regions/",
    "cohort-check": "/desk/cohorts/phantom/patch-sets/{extraction}/qc/",
    "patch-sets": "/desk/patch-sets/",
    "trainings": "/desk/training/",
    "training-new": "/desk/training/new/",
    "training": "/desk/training/{training}/",
    "training-sheets": "/desk/training/{training}/sheets/",
    "training-compare": "/desk/training/compare/?run={training}",
    "pools": "/desk/pools/",
    "pool": "/desk/pools/{pool}/",
    "patch-import": "/desk/patch-imports/new/",
    "patch-import-look": "/desk/patch-imports/{patches}/",
    "generators": "/desk/generators/",
    "generators-scores": "/desk/generators/runs/{scores}/",
    "studies": "/desk/studies/",
    "study-design": "/desk/studies/new/?preset=quarter",
    "power": "/desk/power/",
    "study-draft": "/desk/studies/{draft}/",
    "study-preview": "/desk/studies/{draft}/preview/",
    "study-open": "/desk/studies/{study}/",
    "study-readers": "/desk/studies/{study}/readers/",
    "study-reader": "/desk/studies/{study}/readers/{reader}/",
    "study-invite-list": "/desk/studies/{study}/readers/list/",
    "study-letters": "/desk/studies/{study}/readers/e-mail/",
    "study-print": "/desk/studies/{study}/readers/sheet/",
    "study-people": "/desk/studies/{study}/people/",
    "study-verify": "/desk/studies/{study}/verify/",
    "study-audit": "/desk/studies/{study}/audit/",
    "study-amend": "/desk/studies/{study}/amend/",
    "study-unblind": "/desk/studies/{study}/unblind/",
    "study-closed": "/desk/studies/{closed}/",
    "results-sealed": "/desk/studies/{study}/results/",
    "results": "/desk/studies/{closed}/results/",
    "results-statistics": "/desk/studies/{closed}/results/statistics/",
    "results-files": "/desk/studies/{closed}/results/exports/",
    "detection": "/desk/generators/readers/",
    "accounts": "/desk/accounts/",
    "account-new": "/desk/accounts/new/",
    "account-of": "/desk/accounts/{account}/",
    "audit": "/desk/audit/",
    "tokens": "/desk/tokens/",
    "api": "/desk/api/",
    "account": "/account/",
    "account-app": "/account/app/",
    "not-there": "/desk/no-such-page/",
}


def take(server: Server, browser: Browser, names: dict[str, str], out: Path, wanted: list[str]) -> None:
    """Sign in at each size of a window, and keep a picture of each page."""
    for width, height in SIZES:
        with browser.new_context(viewport={"width": width, "height": height}) as context:
            page = context.new_page()
            page.goto(f"{server.url}/desk/")
            if not wanted or "sign-in" in wanted:
                save(page, out / f"sign-in-{width}.jpg")
            page.get_by_label("Username").fill(names["user"])
            page.get_by_label("Password").fill(names["password"])
            page.keyboard.press("Enter")
            page.wait_for_url(f"{server.url}/desk/")
            for name in wanted or PAGES:
                if name in PAGES:
                    visit(page, server.url + PAGES[name].format(**names), names)
                    save(page, out / f"{name}-{width}.jpg")


def visit(page: Page, address: str, names: dict[str, str]) -> None:
    """Open a page, all its pictures loaded; one that asks for the password again gets it."""
    page.goto(address)
    if "/account/again/" in page.url:
        page.get_by_label("Password").fill(names["password"])
        page.keyboard.press("Enter")
        page.wait_for_url(address)
    page.wait_for_load_state("networkidle")


def save(page: Page, path: Path) -> None:
    """Keep the page down to where it is cut, as large a file as a folder of many can bear."""
    page.evaluate(PAINTED)
    size = page.viewport_size
    assert size is not None
    tall = min(page.evaluate("document.documentElement.scrollHeight"), MAX_HEIGHT)
    page.set_viewport_size({"width": size["width"], "height": max(tall, size["height"])})
    drawn = path.with_suffix(".png")
    page.screenshot(path=drawn)
    page.set_viewport_size(size)
    with Image.open(drawn) as picture:
        for quality in QUALITIES:
            picture.convert("RGB").save(path, quality=quality, optimize=True)
            if path.stat().st_size <= MAX_BYTES:
                break
    drawn.unlink()
