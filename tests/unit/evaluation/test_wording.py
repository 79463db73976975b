"""How numbers and names are written, on pages and in CSV."""

import pytest

from evaluation.core import csv_text, wording


class TestWording:
    def test_numbers(self) -> None:
        assert [wording.p_value(p) for p in (0.0004, 0.0078, 1.0, None)] == [
            "p < .001",
            "p = .008",
            "p = 1",
            "–",
        ]
        assert (wording.percent(0.7333), wording.percent(None)) == ("73.3", "–")
        assert [wording.percent(k / 80) for k in (51, 57, 61, 0, 80)] == [
            "63.8",
            "71.3",
            "76.3",
            "0.0",
            "100.0",
        ]
        assert (wording.points(-0.075), wording.points(0.017)) == ("−7.5", "+1.7")
        assert (wording.decimal(12.345, 1), wording.decimal(-22.67, 1)) == ("12.3", "−22.7")

    @pytest.mark.parametrize(
        ("p", "text"),
        [
            (0.0494, "p = .049"),
            (0.0496, "p = .0496"),
            (0.0497, "p = .0497"),
            (0.04996, "p = .04996"),
            (0.049999, "p = .049999"),
            (0.04999999, "p < .05"),
            (0.05, "p = .050"),
            (0.0501, "p = .050"),
            (0.0506, "p = .051"),
            (0.0094, "p = .009"),
            (0.0096, "p = .0096"),
            (0.00999, "p = .00999"),
            (0.009999999, "p < .01"),
            (0.01, "p = .010"),
            (0.0104, "p = .010"),
            (0.001, "p = .001"),
            (0.0009999, "p < .001"),
            (0.0007, "p < .001"),
            (0.0, "p < .001"),
            (0.9996, "p = 1"),
        ],
    )
    def test_a_p_value_never_reads_as_a_level_that_it_is_below(self, p: float, text: str) -> None:
        assert wording.p_value(p) == text

    def test_names(self) -> None:
        assert [wording.origin(one) for one in ("real", "all", "dcgan", "wgan", "stylegan-2")] == [
            "Real",
            "All",
            "DCGAN",
            "WGAN",
            "stylegan-2",
        ]
        assert wording.tissue("no_findings") == "no findings"

    def test_negative_numbers_are_no_formulas(self) -> None:
        assert csv_text.line(["-1.5", "-x", "@y"]) == "-1.5,'-x,'@y\n"
