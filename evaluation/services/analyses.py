"""Write the files of an analysis: tables, records, report, and the forms that other software reads."""

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from importlib import resources
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string

import readerstudy
from evaluation.core import case_table, interchange, records, table3
from evaluation.core.analysis import Analysis, AnalysisOptions
from evaluation.core.chance_records import margin_note
from evaluation.core.report import checklist, document, page
from evaluation.core.report.checklist import Design
from evaluation.core.report.document import Document
from evaluation.selectors.analyses import CASES, IMRMC, PAGE, REPORT, SCRIPT, STATISTICS, TABLE3, figure_name
from generation.core.errors import InputError


def write(
    analysis: Analysis,
    folder: Path,
    *,
    title: str,
    facts: Sequence[tuple[str, str]] = (),
    made_on: date | None = None,
    design: Design | None = None,
) -> tuple[str, ...]:
    """Write every file or none, and return their names.

    What the trials do not allow, as iMRMC's input without reals, is left out. `design` is what the protocol fixed.
    """
    options, composed = analysis.options, document.compose(analysis, design)
    files = {
        TABLE3: "".join(table3.csv_lines(analysis.accuracy, method=options.method, level=options.level)),
        STATISTICS: records.to_json(analysis.records),
        CASES: "".join(case_table.csv_lines(case_table.tabulate(analysis.readings), level=options.level)),
        REPORT: report_html(composed, analysis.options, title=title, facts=facts, made_on=made_on),
        SCRIPT: script(),
        PAGE: page.to_json(composed),
        **{figure_name(picture.name): f"{picture.svg}\n" for picture in composed.pictures},
    }
    with suppress(InputError):  # names or kinds of panels that the format cannot carry
        files[IMRMC] = "".join(interchange.imrmc_lines(analysis.readings))
    _write_together(files.items(), folder)
    return tuple(files)


def report_html(
    composed: Document,
    options: AnalysisOptions,
    *,
    title: str,
    facts: Sequence[tuple[str, str]] = (),
    made_on: date | None = None,
) -> str:
    """Render the report as one file that needs no other."""
    return render_to_string(
        "evaluation/report.html",
        {
            "document": composed,
            "title": title,
            "facts": facts,
            "made_on": made_on,
            "margin": margin_note(options.margin),
            "guidelines": checklist.REFERENCES,
            "style": (settings.BASE_DIR / "static" / "css" / "report.css").read_text(encoding="utf-8"),
            "version": readerstudy.__version__,
        },
    )


def script() -> str:
    """The R script that reproduces the main results from the trial CSV."""
    return resources.files("evaluation.assets").joinpath(SCRIPT).read_text(encoding="utf-8")


def _write_together(files: Iterable[tuple[str, str]], folder: Path) -> None:
    """Write beside the folder first, so that an interrupted run leaves no half of a result."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".analysis-", dir=folder))
    try:
        for name, text in files:
            (draft / name).write_text(text, encoding="utf-8", newline="")
        for path in draft.iterdir():
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
