"""How a reader gets on, from times alone."""

from datetime import UTC, datetime, timedelta

from readerstudy.core.pace import Given, Pace, of_answers

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def answers(*seconds: float | None, every: timedelta = timedelta(seconds=10)) -> list[Given]:
    return [Given(START + number * every, value) for number, value in enumerate(seconds)]


def test_nothing_answered_is_no_pace() -> None:
    assert of_answers([]) == Pace(None, 0, None)


def test_pace_is_the_median_of_the_last_20() -> None:
    # 30 panels: the first ten took 100 s, the last twenty 1 .. 20 s, whose median is 10.5.
    given = answers(*[100.0] * 10, *map(float, range(1, 21)))
    assert of_answers(given).seconds == 10.5


def test_panels_without_a_time_are_left_out_of_the_median() -> None:
    assert of_answers(answers(None, 4.0, None, 6.0)).seconds == 5.0


def test_the_order_of_the_rows_does_not_matter() -> None:
    given = answers(*map(float, range(1, 30)))
    assert of_answers(given[::-1]) == of_answers(given)


def test_five_minutes_between_two_panels_are_a_pause_and_less_are_not() -> None:
    at = [timedelta(), timedelta(minutes=4, seconds=59), timedelta(minutes=9, seconds=59), timedelta(hours=2)]
    pace = of_answers([Given(START + length, 0.0) for length in at])
    # Gaps of 4:59, 5:00 and 1:50:01.
    assert (pace.n_pauses, pace.longest_pause) == (2, timedelta(hours=1, minutes=50, seconds=1))


def test_looking_long_at_one_panel_is_no_pause() -> None:
    given = [Given(START, 3.0), Given(START + timedelta(minutes=10), 590.0)]
    assert of_answers(given).n_pauses == 0
