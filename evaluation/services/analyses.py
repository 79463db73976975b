"""Write the files of an analysis: tables, records, report, and the forms that other software reads."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import date
from pathlib import Path
from typing import Final, TextIO

from django.conf import settings
from django.template.loader import render_to_string

import readerstudy
from evaluation.core import case_table, interchange, records, table3
from evaluation.core.analysis import Analysis, AnalysisOptions
from evaluation.core.chance_records import margin_note
from evaluation.core.report import checklist, document, page
from evaluation.core.report.checklist import Design
from evaluation.core.report.document import Document
from evaluation.selectors import analyses as analysis_files
from evaluation.selectors.analyses import CASES, IMRMC, PAGE, REPORT, SCRIPT, STATISTICS, TABLE3, figure_name
from generation.core import durable
from generation.core.errors import InputError

_DRAFT: Final = ".analysis-"


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
    files: dict[str, Iterable[str]] = {
        TABLE3: table3.csv_lines(
            analysis.accuracy, method=options.method, level=options.level, notices=options.notices
        ),
        STATISTICS: records.json_pieces(analysis.records),
        CASES: case_table.csv_lines(
            case_table.tabulate(analysis.readings), level=options.level, notices=options.notices
        ),
        REPORT: [
            report_html(
                composed,
                options,
                title=title,
                facts=facts,
                made_on=made_on,
                amendment=design.amendment if design else (),
            )
        ],
        SCRIPT: [analysis_files.script()],
        PAGE: [page.to_json(composed)],
        **{figure_name(picture.name): [picture.svg, "\n"] for picture in composed.pictures},
        IMRMC: interchange.imrmc_lines(analysis.readings),
    }
    return _write_together(files, folder)


def report_html(
    composed: Document,
    options: AnalysisOptions,
    *,
    title: str,
    facts: Sequence[tuple[str, str]] = (),
    made_on: date | None = None,
    amendment: Sequence[str] = (),
) -> str:
    """Render the report as one file that needs no other."""
    return render_to_string(
        "evaluation/report.html",
        {
            "document": composed,
            "title": title,
            "facts": facts,
            "notices": options.notices,
            "amendment": amendment,
            "made_on": made_on,
            "margin": margin_note(options.margin),
            "guidelines": checklist.REFERENCES,
            "style": (settings.BASE_DIR / "static" / "css" / "report.css").read_text(encoding="utf-8"),
            "version": readerstudy.__version__,
        },
    )


def _write_together(files: Mapping[str, Iterable[str]], folder: Path) -> tuple[str, ...]:
    """Write piece by piece beside the folder first, so that an interrupted run leaves no half of a result.

    What runs that were killed left there is thrown away: an analysis is claimed by one worker at a time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{_DRAFT}*"):
        shutil.rmtree(left, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=folder))
    try:
        for name, pieces in files.items():
            # iMRMC's format cannot carry all names and kinds of panels
            with suppress(InputError) if name == IMRMC else nullcontext(), _all_of(draft / name) as file:
                file.writelines(pieces)
        written = {path.name for path in draft.iterdir()}
        for name in written:
            durable.sync(draft / name)
            (draft / name).replace(folder / name)
        durable.sync(folder)
        return tuple(name for name in files if name in written)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _all_of(path: Path) -> Iterator[TextIO]:
    """A file that is there only when it was written to its end."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
