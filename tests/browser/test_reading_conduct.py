"""What a study may set: undo, comments, a time limit, breaks, the origin after the answer, a least time to look."""

import time

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.serving import Server
from tests.browser.sitting import look, sit_down, until

OF_STUDY = """
    JOIN readerstudy_trial trial ON trial.id = judgement.trial_id
    JOIN readerstudy_case one_case ON one_case.id = trial.case_id WHERE one_case.study_id = ? ORDER BY judgement.id
"""
STANDING = f"SELECT trial.position, answer, version, comment FROM readerstudy_response judgement {OF_STUDY}"  # noqa: S608
WITHDRAWN = f"SELECT trial.position, answer, version FROM readerstudy_withdrawnresponse judgement {OF_STUDY}"  # noqa: S608
TIMED = f"SELECT trial.position, answer, is_timeout, rt_ms FROM readerstudy_response judgement {OF_STUDY}"  # noqa: S608
BY_PHASE = f"SELECT trial.phase, trial.position, answer FROM readerstudy_response judgement {OF_STUDY}"  # noqa: S608
LIMIT_SECONDS = LOOKING_SECONDS = 10  # in prepare.py: long enough for a busy machine to press a key before

NOTE_TIME_LEFT = """
document.addEventListener("DOMContentLoaded", () => {
  const number = document.querySelector("#countdown [data-seconds]");
  if (!number) return;
  const note = () => window.timeLeft.at(-1) !== number.textContent && window.timeLeft.push(number.textContent);
  window.timeLeft = [number.textContent];
  new MutationObserver(note).observe(number, { childList: true, characterData: true, subtree: true });
});
"""

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def test_undo_shows_the_last_panel_again_and_keeps_both_answers(
    server: Server, context: BrowserContext
) -> None:
    sitting = sit_down(server, context, "study with undo and comments")
    undo = sitting.page.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    first = sitting.token
    sitting.answer("f")
    sitting.press("u")
    sitting.at("Trial 1 of 12")
    assert sitting.token == first
    expect(undo).to_be_disabled()  # one answer can be taken back, not all of them
    sitting.press("u")
    sitting.answer("jf")
    undo.click()
    sitting.at("Trial 2 of 12")
    sitting.answer("f")
    study = sitting.study["study"]
    until(sitting.page, lambda: len(server.rows(STANDING, study)) == 2)
    assert server.rows(STANDING, study) == [(1, "fake", 2, ""), (2, "real", 2, "")]
    assert server.rows(WITHDRAWN, study) == [(1, "real", 1), (2, "real", 1)]


def test_undo_after_a_reload(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "study with undo and comments")
    sitting.answer("f")
    sitting.has_stored("f")
    sitting.page.reload()
    sitting.press("u")
    sitting.at("Trial 1 of 12")
    sitting.answer("j")
    until(sitting.page, lambda: server.rows(STANDING, sitting.study["study"]) == [(1, "fake", 2, "")])


def test_what_is_typed_as_a_comment_is_no_answer(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "study with undo and comments")
    sitting.press("t")
    field = sitting.page.get_by_label("Comment (optional)")
    expect(field).to_be_focused()
    sitting.page.keyboard.type("fuzzy, just at the rim?")
    sitting.at("Trial 1 of 12")
    sitting.page.keyboard.press("Enter")
    expect(field).not_to_be_focused()
    sitting.answer("f")
    expect(field).to_be_hidden()
    sitting.answer("j")
    until(sitting.page, lambda: len(server.rows(STANDING, sitting.study["study"])) == 2)
    comments = [comment for *_, comment in server.rows(STANDING, sitting.study["study"])]
    assert comments == ["fuzzy, just at the rim?", ""]


def test_time_limit_takes_one_panel_from_an_absent_reader(server: Server, context: BrowserContext) -> None:
    context.add_init_script(NOTE_TIME_LEFT)
    sitting = sit_down(server, context, "study with a time limit")
    sitting.answer("f")
    sitting.cover("Time is up")
    told = sitting.page.evaluate("window.timeLeft")
    left = [int(words.split()[0]) for words in told if words]
    assert left[-1] == LIMIT_SECONDS  # of the panel that waits beneath
    at_last = left[max(number for number, n in enumerate(left[:-1]) if n == LIMIT_SECONDS) : -1]
    assert at_last == sorted(at_last, reverse=True)
    assert len(at_last) > 2  # a busy machine may skip a second
    sitting.page.keyboard.press("f")  # comes too late
    sitting.page.wait_for_timeout(600)
    sitting.page.keyboard.press("Enter")
    sitting.at("Trial 3 of 12")
    sitting.answer("j")
    until(sitting.page, lambda: len(server.rows(TIMED, sitting.study["study"])) == 3)
    rows = server.rows(TIMED, sitting.study["study"])
    assert [row[:3] for row in rows] == [(1, "real", 0), (2, "", 1), (3, "fake", 0)]
    assert 1000 * LIMIT_SECONDS <= rows[1][3] < 120_000


def test_break_is_offered_and_the_next_panel_waits(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "study with breaks and undo")
    sitting.answer("fjfj")
    sitting.press("f")
    sitting.cover("5 of 12 done")
    expect(sitting.page.locator("#viewer")).not_to_be_visible()
    expect(sitting.page.get_by_role("button", name="Continue")).to_be_focused()
    sitting.page.keyboard.press("j")
    sitting.page.wait_for_timeout(700)
    began = time.monotonic()
    sitting.page.keyboard.press("Enter")
    sitting.at("Trial 6 of 12")
    sitting.answer("j")
    seconds = time.monotonic() - began
    sitting.has_stored("fjfjfj")
    assert sitting.stored(6)[5][1] <= 1000 * seconds  # the clock stood still during the break


def test_origin_is_told_only_for_the_stored_answer(server: Server, context: BrowserContext) -> None:
    study = server.prepare("study that reveals")
    page = context.new_page()
    page.goto(server.url + study["link"])
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Begin").click()
    said = []
    held: list[Route] = []
    for number in range(1, 5):
        expect(page.locator("#place")).to_have_text(f"Warm-up {number} of 4")
        look(page)
        expect(page.locator(".told")).to_be_hidden()
        assert page.evaluate("() => fetch(location.href + 'trials/?seat=x').then((r) => r.status)") == 409
        page.keyboard.press("f")
        expect(page.get_by_text("You said: real")).to_be_visible()
        assert server.rows(BY_PHASE, study["study"])[-1] == ("warm_up", number, "real")
        if number == 2:
            # The answer stands, also after a reload, and Enter counts before the server is heard of.
            page.route("**/seat/", lambda route: held.append(route), times=1)
            page.reload()
            expect(page.get_by_text("You said: real")).to_be_visible()
            until(page, lambda: len(held) == 1)
        said.append(page.locator(".origin:visible").inner_text())
        expect(page.get_by_role("button", name="Next")).to_be_focused()
        page.keyboard.press("Enter")
        if number == 2:
            held[0].continue_()
    expect(page.get_by_role("heading", name="The warm-up is done")).to_be_visible()
    assert (
        sorted(" ".join(words.split()[:4]) for words in said)
        == ["This panel is real"] * 2 + ["This panel is synthetic"] * 2
    )
    assert len(server.rows(BY_PHASE, study["study"])) == 4


def test_controls_open_after_the_least_time(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "study to be looked at")
    real = sitting.page.get_by_role("button", name="Real")
    expect(real).to_have_attribute("aria-disabled", "true")
    expect(
        sitting.page.get_by_text(f"Answers open after {LOOKING_SECONDS} seconds of looking.")
    ).to_be_visible()
    sitting.page.keyboard.press("f")
    real.click(force=True)
    sitting.at("Trial 1 of 12")
    expect(real).not_to_have_attribute("aria-disabled", "true")
    sitting.answer("f")
    expect(real).to_have_attribute("aria-disabled", "true")
    assert sitting.stored(1)[0][1] >= 1000 * LOOKING_SECONDS


def test_study_closed_while_somebody_reads(server: Server, context: BrowserContext) -> None:
    sitting = sit_down(server, context, "study with undo and comments")
    sitting.answer("f")
    sitting.has_stored("f")
    assert server.prepare("newest study closed")["slug"] == sitting.study["slug"]
    sitting.press("j")
    expect(sitting.cover("Reading stops here")).to_contain_text("closed")
    sitting.page.get_by_role("link", name="Load the page again").click()
    sitting.page.wait_for_load_state()
    sitting.has_stored("f")
