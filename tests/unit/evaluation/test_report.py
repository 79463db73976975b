"""What the report says, and what it must not say."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from evaluation.core.analysis import AnalysisOptions, analyse
from evaluation.core.proportions import LEVEL
from evaluation.core.records import Record
from evaluation.core.report import cells, document, findings, methods, sections
from readerstudy.core.trial_csv import TrialRow
from tests.unit.evaluation.study_factory import make_study


def trials(readers, *, n_real=40, n_fake=20, confidence=True):
    """`readers`: name -> number right of each ten; the same cases for all."""
    rows = []
    for reader, right in readers.items():
        order = 0
        for origin, n in (("real", n_real), ("dcgan", n_fake), ("wgan", n_fake)):
            for number in range(n):
                order += 1
                truth = "real" if origin == "real" else "fake"
                is_right = number % 10 < right
                answer = truth if is_right else {"real": "fake", "fake": "real"}[truth]
                level = (1 + number % 3) if confidence else None
                rows.append(
                    TrialRow(reader, "", f"{origin}{number}", origin, ("benign", "malignant")[number % 2], "test", order, answer, level, 900 + number)
                )  # fmt: skip
    return rows


def quick(rows, **options):
    return analyse(rows, AnalysisOptions(n_replicates=100, **options))


@pytest.fixture(scope="module")
def two_readers():
    return quick(trials({"R1": 8, "R2": 5}), margin=0.1)


def said_of(reader, analysis):
    """The finding about one reader."""
    (found,) = (
        one
        for one in findings.findings(analysis.accuracy, analysis.records)
        if one.sentence.startswith(f"{reader} ")
    )
    return found


class TestFindings:
    def test_a_reader_above_chance_is_said_to_be(self, two_readers):
        first = said_of("R1", two_readers)
        # 64 of 80: Wilson 69.95 to 87.30 % (Wilson 1927, by hand); exact p 6e-8.
        assert first.sentence == (
            "R1 classified 64 of 80 panels correctly: 80.0 % (95 % interval 70.0 to 87.3 %); "
            "above chance (p < .001, exact, Holm-adjusted over readers)."
        )
        assert first.whom == "this reader and panels like these"

    def test_not_differing_is_not_called_equal(self, two_readers):
        second = said_of("R2", two_readers).sentence
        # 40 of 80 lies at chance, but 80 trials cannot show equivalence within 10 points:
        # P(X >= 40 | n = 80, p = .4) = .045 and P(X <= 40 | .6) the same, so it just can; see the next test for fewer.
        assert "not shown to differ from chance (p = 1" in second
        assert "shown to lie within 10 percentage points of it" in second

    def test_few_trials_show_neither(self):
        small = quick(trials({"R1": 5}, n_real=10, n_fake=10), margin=0.1)
        sentence = said_of("R1", small).sentence
        assert sentence.endswith(
            "not shown to differ from chance (p = 1, exact, Holm-adjusted over readers), nor shown to equal it."
        )

    def test_a_margin_that_nobody_fixed_is_said_to_be_one(self):
        free = quick(trials({"R1": 5}, n_real=200, n_fake=100))
        assert "(a margin that no protocol fixed)" in said_of("R1", free).sentence

    def test_the_claim_about_readers_and_cases_comes_first(self, two_readers):
        found = findings.findings(two_readers.accuracy, two_readers.records)
        assert [one.population for one in found] == [
            *["readers and cases"] * (len(found) - 2),
            *["this reader"] * 2,
        ]

    def test_the_wider_interval_of_fixed_readers_is_told(self):
        # Four readers of equal skill whose errors are independent: by chance they differ less than their errors let expect.
        alike = quick(make_study(4, seed=3))
        sentences = [one.sentence for one in findings.findings(alike.accuracy, alike.records)]
        random, fixed = (
            next(
                one
                for one in alike.records
                if one.analysis == "mrmc_auc"
                and one.origin == "all"
                and one.group is None
                and words in one.method
            )
            for words in ("or-jackknife, random readers and", "or-jackknife, fixed readers")
        )
        assert fixed.ci_high - fixed.ci_low > random.ci_high - random.ci_low
        limits = f"{fixed.ci_low:.3f} to {fixed.ci_high:.3f}"
        said = next(one for one in sentences if "the area under" in one)
        assert said.endswith(
            f"; for these readers alone the interval is wider, {limits} (p < .001), and the safer one."
        )
        assert "the interval is wider" not in next(one for one in sentences if "accuracy over" in one)

    def test_many_readers_are_summed_up(self):
        many = quick(trials({f"R{n}": 9 if n < 8 else 5 for n in range(1, 10)}, n_real=20, n_fake=10))
        (last,) = (
            one for one in findings.findings(many.accuracy, many.records) if one.population == "this reader"
        )
        # Seven readers right in 36 of 40, exact p = 2 P(X >= 36 | 40, .5) = 1.86e-7 each (R: binom.test(36, 40)$p.value);
        # two in 20 of 40, p = 1.
        assert last.sentence == (
            "Of 9 readers, each tested alone, 7 were above chance, 0 below it and 2 not shown to differ from it (exact, "
            "Holm-adjusted over readers); their accuracy ran from 50.0 to 90.0 %."
        )

    def test_the_interval_of_a_sentence_is_that_of_table_3(self):
        exact = quick(trials({"R1": 8}), method="clopper-pearson", level=0.9)
        # R: binom.test(64, 80, conf.level = .9)$conf.int -> .7121078 .8701566
        assert "80.0 % (90 % interval 71.2 to 87.0 %)" in said_of("R1", exact).sentence
        (line,) = document.compose(exact).tables[0].lines
        assert line.cells[-1].interval == "71.2–87.0"

    @pytest.mark.parametrize("n_readers", [3, 9])
    def test_above_chance_is_not_said_without_what_one_answer_throughout_would_give(self, n_readers):
        # 10 reals, 15 + 15 fakes, all called fake: 30 of 40 are right without looking (d' = 0, Macmillan & Creelman 2005,
        # chapter 1: percent correct depends on the mix of signal and noise trials).
        rows = trials({f"R{n}": 8 for n in range(n_readers)}, n_real=10, n_fake=15)
        blind = quick([replace(one, answer="fake") for one in rows])
        said = [
            one.sentence
            for one in findings.findings(blind.accuracy, blind.records)
            if "above chance" in one.sentence
        ]
        assert said
        assert all("always answering “synthetic” would give 75.0 %" in one for one in said)

    def test_the_panel_sentence_tells_an_unequal_mix_and_its_level(self):
        rows = trials({"R1": 8, "R2": 7, "R3": 6}, n_real=10, n_fake=15)
        found = quick(rows, level=0.9)
        (said,) = (
            one.sentence
            for one in findings.findings(found.accuracy, found.records)
            if "accuracy over" in one.sentence
        )
        assert "(90 % interval " in said
        assert "so always giving one answer is 75.0 % correct" in said

    def test_one_reader_speaks_for_nobody_else(self):
        alone = quick(trials({"R1": 8}))
        found = findings.findings(alone.accuracy, alone.records)
        assert [one.population for one in found] == ["this reader"]


class TestCells:
    @pytest.mark.parametrize(
        ("value", "unit", "text"),
        [
            (0.7333, cells.PERCENT, "73.3"),
            (-0.028, cells.POINTS, "−2.8"),
            (1234.0, cells.MILLISECONDS, "1.23"),
            (3.0, cells.COUNT, "3"),
            (0.12345, cells.DECIMAL, "0.123"),
            (2.8e13, cells.FACTOR, "2.80e13"),
            (0.00002, cells.FACTOR, "2.00e−5"),
            (0.00002, cells.DECIMAL, "0.000"),
            (0.0312, cells.AREA_DIFFERENCE, "+0.031"),
            (-0.0001, cells.AREA_DIFFERENCE, "−0.000"),
            (None, cells.DECIMAL, "–"),
        ],
    )
    def test_writes_numbers_in_their_unit(self, value, unit, text):
        assert cells.number(value, unit) == text

    def test_names_both_sides_of_a_difference(self):
        record = Record(
            analysis="source_difference", origin="dcgan - wgan", estimate=0.05, ci_low=-0.02, ci_high=0.12,
            statistic=1.5, df=1, p=0.04, method="newcombe", population="this reader",
        )  # fmt: skip
        (line,) = cells.lines([record], cells.POINTS)
        assert (line.origin, line.estimate, line.interval) == ("DCGAN − WGAN", "+5.0", "−2.0 to +12.0")
        assert (line.test, line.p) == ("1.500 (df 1)", "p = .040")


class TestSections:
    def test_every_record_is_told_once(self, two_readers):
        n_lines = sum(
            len(part.lines) for section in sections.sections(two_readers.records) for part in section.parts
        )
        n_elsewhere = sum(
            one.analysis == "accuracy" or one.analysis.startswith("flow_") for one in two_readers.records
        )
        assert n_lines == len(two_readers.records) - n_elsewhere

    def test_every_analysis_of_this_software_has_a_section_of_its_own(self, two_readers):
        assert "others" not in [section.family.key for section in sections.sections(two_readers.records)]

    def test_no_title_names_one_contrast_of_times_for_all(self, two_readers):
        (part,) = (
            part
            for section in sections.sections(two_readers.records)
            for part in section.parts
            if part.analysis == "response_time_superiority"
        )
        assert {line.origin for line in part.lines} > {"wrong − right", "DCGAN − Real"}
        assert "wrong" not in part.title

    def test_an_unknown_analysis_comes_last_and_is_not_lost(self):
        record = Record(analysis="eye_tracking", method="by eye", population="this reader")
        (section,) = sections.sections([record])
        assert (section.family.key, section.parts[0].title) == ("others", "eye tracking")


class TestPart:
    def test_tells_once_what_all_lines_share(self):
        records = [
            Record(analysis="auc", estimate=0.7, method="delong; z test", population="this reader", note=note)
            for note in ("12 fakes", "9 fakes")
        ]
        part = sections.Part.of("auc", "Area", cells.lines(records, cells.DECIMAL))
        assert part.common == "delong; z test; this reader"
        assert part.hows == ("12 fakes", "9 fakes")

    def test_nothing_that_a_record_says_is_lost(self, two_readers):
        told = {
            (line.method, line.population, line.note): {*part.common.split("; "), *how.split("; ")}
            for section in sections.sections(two_readers.records)
            for part in section.parts
            for line, how in part.rows
        }
        for (method, population, note), pieces in told.items():
            assert {one for one in f"{method}; {population}; {note}".split("; ") if one} <= pieces


class TestMethods:
    def test_names_only_what_was_done(self):
        plain = quick(trials({"R1": 8}, confidence=False))
        text, references = methods.paragraph(
            plain.records, method="clopper-pearson", level=LEVEL, margin="margin 10 points"
        )
        assert "Clopper-Pearson intervals" in text
        assert "Cochran" not in text.replace("Cochran, Mantel", "")
        assert not any("McNemar" in one for one in references)

    def test_every_reference_is_there_once(self, two_readers):
        _, references = methods.paragraph(two_readers.records, method="wilson", level=LEVEL, margin="")
        assert len(references) == len(set(references))


class TestDocument:
    def test_holds_every_figure_that_the_trials_allow(self, two_readers):
        names = [picture.name for picture in document.compose(two_readers).pictures]
        assert names == ["accuracy", "confusion", "roc", "criterion", "times", "learning", "cases"]

    def test_without_confidence_there_is_no_roc_curve(self):
        plain = quick(trials({"R1": 8}, confidence=False))
        assert "roc" not in [picture.name for picture in document.compose(plain).pictures]

    def test_one_reader_makes_no_claim_about_others(self):
        assert document.compose(quick(trials({"R1": 8}))).panel == ()


class _Page(HTMLParser):
    """Addresses that a page would load, and its visible text."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.loads += [value for name, value in attrs if name in ("src", "srcset", "data") and value]
        self.loads += [dict(attrs).get("href", "")] if tag == "link" else []

    def handle_data(self, data):
        self.text.append(data)


def test_the_report_needs_nothing_else_and_never_says_indistinguishable(two_readers):
    from evaluation.services.analyses import report_html

    composed = document.compose(two_readers)
    html = report_html(
        composed, two_readers.options, title="A <study> & its readers", facts=[("Fingerprint", "9f3c")]
    )
    page = _Page()
    page.feed(html)
    text = " ".join(page.text)
    assert page.loads == []
    assert "@import" not in html
    assert "url(http" not in html
    assert "A &lt;study&gt; &amp; its readers" in html
    assert not re.search(r"indistinguishable", text, re.IGNORECASE)
    assert "nan" not in re.findall(r"\b\w+\b", text.lower())
    assert "None" not in text
