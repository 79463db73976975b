"""The display check, through its page and without JavaScript; and what is exported of it."""

import csv
import re

import pytest
from django.core import signing
from django.core.management import call_command
from django.urls import reverse

from readerstudy.core.arrival import NUMBER, Arrival, ExpertiseQuestion
from readerstudy.models import ReadingSession, Study
from readerstudy.selectors import arrival as selectors
from readerstudy.services import studies
from readerstudy.views.arrival import _PATTERN_SALT
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_study, small_protocol

pytestmark = pytest.mark.django_db

MEASURED = {
    "window_width": "1440",
    "window_height": "900",
    "screen_width": "1920",
    "screen_height": "1080",
    "device_pixel_ratio": "2",
    "colour_depth": "24",
}


@pytest.fixture
def study() -> Study:
    arrival = Arrival(questions=(ExpertiseQuestion("=Years", NUMBER),), display_check=True)
    return make_study(protocol=small_protocol(arrival=arrival))


@pytest.fixture
def reader(study) -> ReadingBrowser:
    """In front of the display check."""
    browser = ReadingBrowser(make_invitation(study, "Rosa Radiologist"))
    browser.open()
    browser.press()
    browser.press(question_1="12")
    assert "Check your display" in browser.text
    return browser


def seen(reader: ReadingBrowser, **changes: str) -> dict[str, str]:
    """What a reader answers who sees everything."""
    _, dark, bright, n_steps = signing.loads(reader.form().fields["pattern"], salt=_PATTERN_SALT)
    right = {"dark_place": str(dark), "bright_place": str(bright), "n_steps_counted": str(n_steps)}
    return {**right, "ambient_light": "dimmed", **MEASURED, **changes}


def stored() -> list[dict[str, object]]:
    return ReadingSession.objects.get().display


class TestCheck:
    def test_page_shows_what_it_signed(self, reader):
        _, dark, bright, n_steps = signing.loads(reader.form().fields["pattern"], salt=_PATTERN_SALT)
        assert f"display/ramp-{n_steps}.svg" in reader.text
        fields = re.findall(r'<div class="field field--\w+">(.*?)</div>', reader.text, re.DOTALL)
        places = [
            [index for index, part in enumerate(field.split("<label")) if "quarter__square--here" in part]
            for field in fields
        ]
        assert places == [[dark], [bright]]

    def test_patches_lie_elsewhere_at_other_loads(self, reader):
        patterns = set()
        for _ in range(12):
            reader.open(reader.address)
            patterns.add(tuple(signing.loads(reader.form().fields["pattern"], salt=_PATTERN_SALT)[1:]))
        assert len(patterns) > 3  # of 80; fewer has a chance below 1e-12

    def test_passing_goes_on_and_is_stored_with_its_time(self, reader):
        reader.press(**seen(reader))
        assert "How it works" in reader.text
        (check,) = stored()
        assert check["is_passed"] is True
        assert (check["window_width"], check["device_pixel_ratio"]) == (1440, 2.0)
        assert re.match(r"\d{4}-\d\d-\d\dT", check["checked_at"])

    def test_failing_warns_lets_repeat_and_lets_go_on(self, reader):
        reader.press(**seen(reader, dark_place="0", ambient_light="daylight", window_width="390"))
        assert "Your display could do better" in reader.text
        for sentence in ("Dark greys run together.", "There is daylight", "The window is small, 390 × 900"):
            assert sentence in reader.text
        assert "Bright greys" not in reader.text
        reader.follow_link()  # Check again
        reader.press(**seen(reader))
        assert "How it works" in reader.text
        assert [check["is_passed"] for check in stored()] == [True, False]  # latest first

    def test_going_on_with_a_failed_check_is_recorded_and_not_asked_again(self, reader):
        reader.press(**seen(reader, bright_place="0"))
        reader.open(re.search(r'class="go go--quiet" href="([^"]+)"', reader.text).group(1))
        assert "How it works" in reader.text
        reader.press()
        assert "Warm-up 1 of 6" in reader.text
        assert [check["reasons"] for check in stored()] == [["bright_patch"]]

    def test_without_javascript_size_is_unknown_and_the_rest_counts(self, reader):
        assert "could not be measured" in reader.text
        reader.press(**seen(reader, **dict.fromkeys(MEASURED, "")))
        (check,) = stored()
        assert (check["is_passed"], check["window_width"], check["ambient_light"]) == (True, None, "dimmed")

    def test_missing_answers_are_named_and_the_same_patches_shown_again(self, reader):
        pattern = signing.loads(reader.form().fields["pattern"], salt=_PATTERN_SALT)
        response = reader.press(**seen(reader, n_steps_counted="", ambient_light=""))
        assert response.status_code == 400
        assert "2 answers are missing" in reader.text
        assert 'id="n_steps_counted-fault"' in reader.text
        assert 'id="ambient_light-fault"' in reader.text
        assert re.search(rf'name="dark_place" value="{pattern[1]}" checked', reader.text)
        assert signing.loads(reader.form().fields["pattern"], salt=_PATTERN_SALT) == pattern
        assert stored() is None

    def test_forged_or_strangers_pattern_is_shown_anew(self, reader, study):
        other = ReadingBrowser(make_invitation(study, "Olga Other"))
        other.open()
        other.press()
        other.press(question_1="3")
        strange = other.form().fields["pattern"]
        for pattern in ("", "forged", strange):
            response = reader.press(**{**seen(reader), "pattern": pattern})
            assert response.status_code == 400
            assert "open for too long" in reader.text
        assert not ReadingSession.objects.exclude(display=None).exists()

    def test_number_of_stored_checks_is_limited(self, reader):
        address = reader.address
        for _ in range(52):
            reader.open(address)
            reader.press(**seen(reader))
        assert len(stored()) == 50


class TestAnotherComputer:
    def test_only_the_display_is_asked_about_again(self, reader, study):
        reader.press(**seen(reader))
        reader.press()
        reader.press()
        assert "Warm-up 2 of 6" in reader.text
        elsewhere = ReadingBrowser(study.readers.get().invitation)
        elsewhere.open()
        elsewhere.press()
        assert "Check your display" in elsewhere.text
        assert "Step " not in elsewhere.text
        elsewhere.press(**seen(elsewhere, ambient_light="office"))
        assert "Warm-up 2 of 6" in elsewhere.text
        assert [check["ambient_light"] for check in stored()] == ["office", "dimmed"]
        reader.open()
        reader.press()
        assert "Warm-up 2 of 6" in reader.text  # checked here before

    def test_finished_reader_is_not_asked(self, reader, study):
        reader.press(**seen(reader))
        reader.press()
        reader.see_warm_up()
        for _ in range(12):
            reader.press("real")
        assert "All done" in reader.text
        for page in ("display", "display_result", "instructions", "expertise"):
            reader.open(reverse(f"reading:{page}", args=[ReadingSession.objects.get().public_id]))
            assert "All done" in reader.text


class TestRows:
    def test_desk_sees_what_was_said_and_no_result(self, reader, study):
        reader.press(**seen(reader, dark_place="0"))
        make_invitation(study, "Nora New", "layperson")
        first, second = selectors.rows(study)
        assert (first.reader, first.group, dict(first.expertise)) == ("R01", "radiologist", {"=Years": 12})
        assert [check.is_passed for check in first.checks] == [False]
        assert (second.reader, second.checks, dict(second.expertise)) == ("R02", [], {})
        assert "Rosa" not in repr(first)

    def test_rows_take_one_query(self, reader, study, django_assert_num_queries):
        make_invitation(study, "Nora New", "layperson")
        with django_assert_num_queries(1):
            assert len(list(selectors.rows(study))) == 2

    def test_export_of_a_closed_study(self, reader, study, tmp_path):
        reader.press(**seen(reader))
        studies.close(study=study, by=ADMIN, now=NOW)
        call_command("export_study", study.slug, out=tmp_path)
        with (tmp_path / "readers.csv").open(encoding="utf-8", newline="") as file:
            (row,) = csv.DictReader(file)
        assert (row["reader"], row["expertise: =Years"], row["display_is_passed"]) == ("R01", "12", "true")
        assert "Rosa" not in (tmp_path / "readers.csv").read_text()
