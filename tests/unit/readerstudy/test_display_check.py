"""The display check: levels, patterns, answers, measures, verdict."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from readerstudy.core import display_check as checks
from readerstudy.core.display_check import AmbientLight, DisplayCheck, Fault, Pattern, Reason, read

PROJECT = Path(__file__).resolve().parents[3]
PATTERN = Pattern(dark_place=3, bright_place=1, n_steps=11)
SEEN = {"dark_place": "3", "bright_place": "1", "n_steps_counted": "11", "ambient_light": "dimmed"}
MEASURED = {
    "window_width": "1440",
    "window_height": "900",
    "screen_width": "1920",
    "screen_height": "1080",
    "device_pixel_ratio": "1.25",
    "colour_depth": "24",
}
GOOD = DisplayCheck(True, True, 11, 11, AmbientLight.DIMMED, 1440, 900, 1920, 1080, 1.25, 24)


class TestLevels:
    def test_patches_are_5_and_95_percent_of_255(self):
        """SMPTE RP 133: 5 % in 0 %, 95 % in 100 %; .05 x 255 = 12.75 and .95 x 255 = 242.25, to whole levels."""
        assert (checks.DARK_PATCH, checks.BRIGHT_PATCH) == (round(0.05 * 255), round(0.95 * 255)) == (13, 242)

    def test_stylesheet_draws_these_levels(self):
        css = (PROJECT / "static" / "css" / "display.css").read_text()
        found = re.findall(r"--(field|square): rgb\((\d+) (\d+) (\d+)\)", css)
        drawn = [(name, {int(red), int(green), int(blue)}) for name, red, green, blue in found]
        assert drawn == [
            ("field", {checks.BLACK}),
            ("square", {checks.DARK_PATCH}),
            ("field", {checks.WHITE}),
            ("square", {checks.BRIGHT_PATCH}),
        ]

    @pytest.mark.parametrize("n_steps", checks.RAMP_STEPS)
    def test_ramp_files_draw_equal_steps(self, n_steps):
        root = ElementTree.parse(PROJECT / "static" / "display" / f"ramp-{n_steps}.svg").getroot()  # noqa: S314
        fills = [rect.get("fill") for rect in root]
        assert fills == [f"#{level:02x}{level:02x}{level:02x}" for level in checks.ramp_levels(n_steps)]

    def test_ramp_of_11_is_smptes_in_steps_of_10_percent(self):
        """25.5 apart: 0, 25.5, 51 .. 255, a half rounded to the even level."""
        assert checks.ramp_levels(11) == (0, 26, 51, 76, 102, 128, 153, 178, 204, 230, 255)


class TestPattern:
    def test_every_place_and_number_of_steps_comes_up_alike(self):
        """400 draws of 4 places: 100 +- 4 standard deviations of 8.7; of 5 numbers: 80 +- 4 x 8."""
        rng = np.random.default_rng(1)
        drawn = [checks.draw_pattern(rng) for _ in range(400)]
        for values, expected, slack in (
            ([one.dark_place for one in drawn], 100, 35),
            ([one.bright_place for one in drawn], 100, 35),
            ([one.n_steps for one in drawn], 80, 32),
        ):
            _, counts = np.unique(values, return_counts=True)
            assert len(counts) == 400 // expected
            assert abs(counts - expected).max() < slack

    @pytest.mark.parametrize("wrong", [(0, 1, 11), (1, 5, 11), (1, 1, 7)])
    def test_impossible_pattern_is_refused(self, wrong):
        with pytest.raises(ValueError, match="not a pattern"):
            Pattern(*wrong)


class TestRead:
    def test_answers_are_compared_with_what_was_shown(self):
        assert read(SEEN | MEASURED, PATTERN).check == GOOD

    @pytest.mark.parametrize("name", checks.QUESTIONS)
    def test_every_question_must_be_answered(self, name):
        form = read({**SEEN, name: ""}, PATTERN)
        assert (form.check, form.faults) == (None, {name: Fault.MISSING})

    @pytest.mark.parametrize(
        ("name", "text"),
        [("dark_place", "5"), ("bright_place", "-1"), ("n_steps_counted", "13"), ("ambient_light", "noon")],
    )
    def test_answers_not_offered_are_refused(self, name, text):
        assert read({**SEEN, name: text}, PATTERN).faults == {name: Fault.NOT_OFFERED}

    @pytest.mark.parametrize("text", ["", "wide", "-5", "0", "nan", "inf", "1e9", "9" * 400])
    def test_odd_measures_count_as_not_measured(self, text):
        check = read(SEEN | MEASURED | {"window_width": text}, PATTERN).check
        assert check == replace(GOOD, window_width=None)
        assert not check.is_measured

    def test_without_measures_the_patches_alone_decide(self):
        check = read(SEEN, PATTERN).check
        assert (check.is_measured, check.is_passed, check.device_pixel_ratio) == (False, True, None)


class TestVerdict:
    def test_good_display_passes(self):
        assert (GOOD.reasons, GOOD.is_passed) == ((), True)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"is_dark_patch_seen": False}, Reason.DARK_PATCH),
            ({"is_bright_patch_seen": False}, Reason.BRIGHT_PATCH),
            ({"n_steps_counted": 10}, Reason.RAMP),
            ({"n_steps_counted": 12}, Reason.RAMP),
            ({"n_steps_counted": 0}, Reason.RAMP),
            ({"ambient_light": AmbientLight.DAYLIGHT}, Reason.DAYLIGHT),
            ({"window_width": 699}, Reason.SMALL_WINDOW),
            ({"window_height": 499}, Reason.SMALL_WINDOW),
            ({"colour_depth": 16}, Reason.FEW_COLOURS),
            ({"device_pixel_ratio": 0.9}, Reason.ZOOMED_OUT),
        ],
    )
    def test_each_fault_has_its_reason(self, changes, reason):
        check = replace(GOOD, **changes)
        assert (check.reasons, check.is_passed) == ((reason,), False)

    @pytest.mark.parametrize(
        "changes",
        [
            {"window_width": 700, "window_height": 500},
            {"ambient_light": AmbientLight.OFFICE},
            {"colour_depth": 30},
            {"device_pixel_ratio": 1.0},
        ],
    )
    def test_limits_themselves_pass(self, changes):
        assert replace(GOOD, **changes).is_passed

    def test_place_unseen_is_never_right(self):
        check = read({**SEEN, "dark_place": "0", "bright_place": "0", "n_steps_counted": "0"}, PATTERN).check
        assert check.reasons == (Reason.DARK_PATCH, Reason.BRIGHT_PATCH, Reason.RAMP)


class TestStored:
    def test_comes_back_as_it_was(self):
        stored = GOOD.at("2026-03-02T09:00:00+00:00").to_json()
        assert checks.from_json(stored) == replace(GOOD, checked_at="2026-03-02T09:00:00+00:00")
        assert (stored["is_passed"], stored["reasons"], stored["ambient_light"]) == (True, [], "dimmed")
