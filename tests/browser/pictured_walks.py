"""The ways of a reader through the reading room, with a picture of every page."""

from collections.abc import Callable
from typing import Final

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pictured_reader import Reader, answer, point, press, run, to_test
from tests.browser.sitting import look


def arrival(reader: Reader) -> None:
    """From the personal link to the break, and what can lie over a panel."""
    with reader.window() as (context, page):
        before_reading(reader, page)
        warming_up(reader, page)
        testing(reader, page)
        interruptions(reader, context, page)


def before_reading(reader: Reader, page: Page) -> None:
    """The steps between the link and the first panel."""
    reader.open(page, "main")
    reader.save(page, "arrival", whole=True)
    press(page, "Start")
    reader.save(page, "consent", whole=True)
    page.get_by_role("link", name="I do not take part").click()
    reader.save(page, "declined", whole=True)
    page.go_back()
    press(page, "I agree and take part")
    reader.save(page, "expertise", whole=True)
    page.get_by_label("Years of experience").fill("many")
    press(page, "Go on")
    expect(page.get_by_role("alert")).to_be_visible()
    reader.save(page, "expertise-error", whole=True)
    page.get_by_label("Radiologist, breast imaging").check()
    page.get_by_label("Years of experience").fill("12")
    press(page, "Go on")
    page.locator(".quarter:has(.quarter__square--here) input").first.check()
    reader.save(page, "display-check", whole=True)
    for name in ("dark_place", "bright_place", "n_steps_counted"):
        page.locator(f'input[name="{name}"][value="0"]').check()
    page.get_by_label("Daylight").check()
    press(page, "Check")
    reader.save(page, "display-result", whole=True)
    page.get_by_role("link", name="Go on as it is").click()
    look(page)
    reader.save(page, "instructions")
    page.locator("#practice-title").evaluate("(title) => title.scrollIntoView()")
    point(reader, page, "T1_post1", 50, 15)
    reader.save(page, "practice")
    press(page, "Begin the warm-up")


def warming_up(reader: Reader, page: Page) -> None:
    """Panels with their origin."""
    look(page)
    reader.save(page, "warm-up")
    while page.get_by_role("link", name="Begin the test").count() == 0:
        before = page.locator("#place").inner_text()
        look(page)
        page.get_by_role("button", name="Next").click()
        page.wait_for_function(
            "(before) => document.querySelector('#place')?.textContent !== before", arg=before
        )
    reader.save(page, "before-test", whole=True)
    page.get_by_role("link", name="Begin the test").click()


def testing(reader: Reader, page: Page) -> None:
    """Panels whose origin is hidden, and what can be done with them."""
    look(page)
    page.mouse.move(2, 2)
    answer(page, "fj", confidence="4")
    look(page)
    reader.save(page, "test-seven-frames")
    point(reader, page, "T1_post1", 32, 32)
    reader.save(page, "test-cross-hair")
    page.keyboard.press("i")
    page.keyboard.down("m")
    reader.save(page, "test-magnified-inverted")
    page.keyboard.up("m")
    page.keyboard.press("i")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    reader.save(page, "help")
    page.keyboard.press("Escape")
    page.locator(".comment__open").click()
    page.keyboard.type("Rim sharper than I would expect after post 2")
    reader.save(page, "comment")
    page.keyboard.press("Enter")
    answer(page, "jjfjffjf", confidence="2")
    expect(page.locator("[data-cover=break]")).to_be_visible()
    reader.save(page, "break")
    page.keyboard.press("Enter")
    look(page)


def interruptions(reader: Reader, context: BrowserContext, page: Page) -> None:
    """Another window, the network away, a pause."""
    second = context.new_page()
    second.goto(page.url)
    look(second)
    expect(page.locator("[data-cover=moved]")).to_be_visible()
    reader.save(page, "moved")
    second.close()
    press(page, "Continue here")
    look(page)
    page.wait_for_load_state("networkidle")
    context.set_offline(True)
    answer(page, "fjf", confidence="3")
    look(page)
    reader.save(page, "offline")
    while page.locator("[data-cover=away]").is_hidden():
        answer(page, "j", confidence="3")
        page.wait_for_timeout(50)
    reader.save(page, "waiting")
    context.set_offline(False)
    look(page)
    page.locator("#pause").click()
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    reader.save(page, "pause", whole=True)


def figure_4(reader: Reader) -> None:
    """The other layout, to the end of its test."""
    with reader.window() as (_, page):
        to_test(reader, page, "figure-4")
        point(reader, page, "T1_post1", 32, 32)
        page.locator("label.level").nth(3).click()
        point(reader, page, "T1_post1", 32, 32)
        reader.save(page, "test-figure-4")
        answer(page, "fjfjfjfjfjf", confidence="5")
        look(page)
        page.keyboard.press("5")
        page.keyboard.press("j")
        expect(page.get_by_role("heading", name="All done")).to_be_visible()
        reader.save(page, "finished", whole=True)
        page.goto(f"{reader.server.url}/read/nowhere/")
        reader.save(page, "not-here", whole=True)


def reveals(reader: Reader) -> None:
    """A warm-up that tells the origin once there is an answer."""
    with reader.window() as (_, page):
        reader.open(page, "reveals")
        press(page, "Start")
        press(page, "Begin the warm-up")
        look(page)
        reader.save(page, "warm-up-asked")
        page.keyboard.press("f")
        expect(page.locator(".told")).to_be_visible()
        reader.save(page, "warm-up-told")


def limited(reader: Reader) -> None:
    """A study with a time limit."""
    with reader.window() as (_, page):
        to_test(reader, page, "limited")
        page.locator("#countdown.is-ending").wait_for()
        reader.save(page, "countdown")
        expect(page.locator("[data-cover=time-up]")).to_be_visible(timeout=15_000)
        reader.save(page, "time-up")


def closed(reader: Reader) -> None:
    """A study that is closed while somebody reads."""
    study = f"closed-{reader.size[0]}"
    with reader.window() as (_, page):
        to_test(reader, page, study)
        run(reader.server.data, "close", reader.studies[study]["slug"])
        page.keyboard.press("f")
        expect(page.locator("[data-cover=closed]")).to_be_visible()
        reader.save(page, "closed-while-reading")
        reader.open(page, study)
        reader.save(page, "closed", whole=True)


def no_script(reader: Reader) -> None:
    """The same study with JavaScript off, and with two answers to one panel."""
    reader.has_script = False
    with reader.window(java_script_enabled=False) as (context, page):
        reader.open(page, "figure-4", other=True)
        press(page, "Start")
        press(page, "Begin")
        page.get_by_role("link", name="Begin the test").click()
        page.wait_for_load_state("networkidle")
        reader.save(page, "no-script-figure-4")
        second = context.new_page()
        second.goto(page.url)
        for one, name in ((second, "Real"), (page, "Synthetic")):
            one.locator("label.level").nth(2).click()
            one.get_by_role("button", name=name).click()
        expect(page.get_by_role("heading", name="Already answered")).to_be_visible()
        second.close()
        page.bring_to_front()
        reader.save(page, "conflict")
        reader.open(page, "german", other=True)
        press(page, "Start")
        press(page, "Begin")
        page.get_by_role("link", name="Begin the test").click()
        page.wait_for_load_state("networkidle")
        reader.save(page, "no-script")


def german(reader: Reader) -> None:
    """For readers of German."""
    with reader.window(locale="de-DE") as (_, page):
        reader.open(page, "main", other=True)
        reader.save(page, "german-arrival", whole=True)
        reader.open(page, "german")
        press(page, "Starten")
        look(page)
        reader.save(page, "german-instructions")
        press(page, "Beginnen")
        page.get_by_role("link", name="Test beginnen").click()
        look(page)
        reader.save(page, "german-test")


WALKS: Final[dict[str, Callable[[Reader], None]]] = {
    walk.__name__: walk for walk in (arrival, figure_4, reveals, limited, closed, no_script, german)
}
