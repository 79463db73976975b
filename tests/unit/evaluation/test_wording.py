"""How numbers and names are written, on pages and in CSV."""

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
