"""Parts of the room on their own: the clock, sending in turn, and a browser that keeps nothing."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.serving import Server
from tests.browser.sitting import Sitting, sit_down

BROKEN_DATABASE = "IDBFactory.prototype.open = () => { throw new Error('keeps nothing') }"
NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })"

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def call(sitting: Sitting, module: str, body: str) -> Any:
    """Run a function on a module of the room."""
    return sitting.page.evaluate(
        f"async () => {{ const module = await import('/static/js/reading/{module}.js');"
        f"const wait = (ms) => new Promise((done) => setTimeout(done, ms)); {body} }}"
    )


class TestClock:
    def test_does_not_count_time_in_another_window(self, sitting: Sitting) -> None:
        seen, at = call(
            sitting,
            "clock",
            """const clock = new module.Clock(), at = [];
               const now = () => at.push(performance.now());
               now();
               clock.start(at[0]);
               await wait(100);
               now();
               dispatchEvent(new Event("blur"));
               now();
               await wait(300);
               now();
               dispatchEvent(new Event("focus"));
               now();
               await wait(50);
               now();
               const seen = clock.read();
               now();
               return [seen, at];""",
        )
        start, leaving, left, coming, back, reading, read = at
        assert seen["nAway"] == 1
        # A busy machine may hold the page up between any two lines.
        assert coming - left - 1 <= seen["away"] <= back - leaving + 1
        assert (
            (leaving - start) + (reading - back) - 1 <= seen["seen"] <= (left - start) + (read - coming) + 1
        )

    def test_a_covered_panel_is_not_seen(self, sitting: Sitting) -> None:
        seen = call(
            sitting,
            "clock",
            """const clock = new module.Clock(), start = performance.now();
               clock.start(start - 1000, { seen: 500, away: 20, nAway: 1 });
               clock.cover(true);
               const held = performance.now() - start, before = clock.read();
               await wait(100);
               return [before, clock.read(), held];""",
        )
        assert -1 <= seen[0]["seen"] - 1500 <= seen[2] + 1  # 500 of an earlier look, 1000 of this one
        assert seen[1]["seen"] == pytest.approx(seen[0]["seen"], abs=1)
        assert seen[1]["nAway"] == 2


class TestTurn:
    @pytest.mark.parametrize("without_locks", [False, True])
    def test_one_at_a_time(self, server: Server, context: BrowserContext, without_locks: bool) -> None:
        # Browsers have the Web Locks API only for https and for this machine; a hospital's intranet may have neither.
        if without_locks:
            context.add_init_script(NO_LOCKS)
        sitting = sit_down(server, context, "test only")
        steps = call(
            sitting,
            "turn",
            """const steps = [];
               const step = async (name) => { steps.push(`${name} begins`); await wait(60); steps.push(`${name} ends`); };
               await Promise.all([1, 2, 3].map((name) => module.inTurn("a name", () => step(name))));
               return steps;""",
        )
        assert len(steps) == 6
        for begins, ends in zip(steps[::2], steps[1::2], strict=True):
            assert ends == begins.replace("begins", "ends")


class TestRetry:
    def test_waits_longer_each_time_until_something_works(self, sitting: Sitting) -> None:
        waits = call(
            sitting,
            "retry",
            """const waits = [];
               window.setTimeout = ((real) => (run, ms) => real(run, (waits.push(ms), 0)))(window.setTimeout);
               const retry = new module.Retry();
               for (let i = 0; i < 7; i++) await retry.pause();
               retry.worked();
               await retry.pause();
               return waits;""",
        )
        assert waits == [1000, 2000, 4000, 8000, 16000, 30000, 30000, 1000]


def test_without_locks_and_without_a_database_answers_are_stored(
    server: Server, context: BrowserContext
) -> None:
    context.add_init_script(NO_LOCKS)
    context.add_init_script(BROKEN_DATABASE)
    sitting = sit_down(server, context, "test only")
    sitting.answer("fjf")
    sitting.has_stored("fjf")
