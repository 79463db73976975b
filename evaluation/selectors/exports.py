"""Everything that a study gives away, file by file; each is read when its turn comes, line by line."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import readerstudy
from evaluation.core import data_dictionary, table2
from evaluation.core.archive import PIECE, Manifest, Member, Written
from evaluation.models import StudyAnalysis
from evaluation.selectors import analyses, metric_runs, results
from generation import storage
from readerstudy.core import trial_csv
from readerstudy.core.unblinding import moment
from readerstudy.models import Study
from readerstudy.selectors import rules, study_files, trials, unblinding

FORMAT: Final = 1  # of the manifest
README: Final = "README.txt"
_ABOUT: Final = {
    "trials.csv": "every trial of every reader, warm-up first, in the order shown",
    "trials.ndjson": "the same as JSON, one object a line",
    "readers.csv": "readers by pseudonym: group, consent, expertise, display",
    analyses.TABLE3: "Table 3: fraction of correctly classified panels per reader and origin",
    "table2.csv": "Table 2: newest scores of the study's generated pools",
    "study.json": "protocol, fingerprint, times, chain of amendments, early unblinding",
    "audit.csv": "who did what when; readers by pseudonym",
    "data-dictionary.csv": "every column of these files",
    "data-dictionary.md": "the same, to be read",
}


def check_can_export(study: Study) -> None:
    """What holds results leaves only when results can be seen."""
    rules.check_can_see_results(study)


def members(study: Study, *, now: datetime) -> list[Member]:
    """The files of an export without its manifest; what the analysis has not written yet is left out."""
    check_can_export(study)
    analysis = analyses.of_study(study)
    found = [*_own(study), *_of_analysis(study, analysis), *_explaining()]
    readme = Member(README, "what this is", lambda: [_readme(study, analysis, found, now=now)])
    return [readme, *found]


def listed(study: Study, *, now: datetime) -> list[tuple[str, str]]:
    """Names and descriptions of the files of an export."""
    return [(one.name, one.about) for one in members(study, now=now)]


def manifest_of(study: Study, *, now: datetime) -> Manifest:
    """What writes the manifest once the files are written."""

    def manifest(written: list[Written]) -> str:
        analysis = analyses.of_study(study)
        facts = {
            "format": FORMAT,
            "study": study.slug,
            "name": study.name,
            "version": study.version,
            "status": study.status,
            "fingerprint_sha256": study.fingerprint,
            "notices": list(unblinding.notices(study)),
            "made_at": now.isoformat(),
            "software": {"name": "Reader Study", "version": readerstudy.__version__},
            "analysed_at": _analysed_at(analysis),
            "files": [one.to_json() for one in written],
        }
        return json.dumps(facts, indent=1, ensure_ascii=False) + "\n"

    return manifest


def table2_lines(study: Study) -> Iterator[str]:
    """table2.csv of a study's own pools."""
    return table2.csv_lines(metric_runs.table2_rows(metric_runs.of_study(study)))


def _own(study: Study) -> Iterator[Member]:
    """Files made from the database."""
    yield _member("trials.csv", lambda: trial_csv.write_rows(trials.trial_rows(study)))
    yield _member("trials.ndjson", lambda: trial_csv.write_json_lines(trials.trial_rows(study)))
    yield _member("readers.csv", lambda: study_files.reader_lines(study))
    yield _member("table2.csv", lambda: table2_lines(study))
    yield _member("study.json", lambda: [_study_json(study)])
    yield _member("audit.csv", lambda: study_files.audit_lines(study))


def _of_analysis(study: Study, analysis: StudyAnalysis | None) -> Iterator[Member]:
    """What the worker wrote; Table 3 and the script are there without it."""
    names = [name for name in analysis.files if name != analyses.PAGE] if analysis else []
    found = {name: storage.piece(analysis.folder, name) for name in names} if analysis else {}
    there = {name: path for name, path in found.items() if path is not None}
    if analyses.TABLE3 not in there:
        yield _member(analyses.TABLE3, lambda: results.table3_lines(study))
    for name, path in sorted(there.items()):
        about = analyses.DOWNLOADS.get(name) or _ABOUT.get(name, "figure of the report")
        yield Member(name, about, partial(_bytes_of, path))
    if analyses.SCRIPT not in there:
        yield Member(analyses.SCRIPT, analyses.DOWNLOADS[analyses.SCRIPT], lambda: [analyses.script()])


def _explaining() -> Iterator[Member]:
    yield _member("data-dictionary.csv", data_dictionary.csv_lines)
    yield _member("data-dictionary.md", lambda: [data_dictionary.to_markdown()])


def _member(name: str, pieces: Callable[[], Iterable[str | bytes]]) -> Member:
    return Member(name, _ABOUT[name], pieces)


def _bytes_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _study_json(study: Study) -> str:
    return json.dumps(study_files.facts(study), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _analysed_at(analysis: StudyAnalysis | None) -> str | None:
    time: Any = analysis.finished_at if analysis and analysis.files else None
    return time.isoformat() if time else None


def _readme(study: Study, analysis: StudyAnalysis | None, found: list[Member], *, now: datetime) -> str:
    """A page of plain text that needs no other."""
    told = [f"READ WITH CARE: {notice}\n" for notice in unblinding.notices(study)]
    at = _analysed_at(analysis)
    lines = [
        f'Export of the reader study "{study.name}", version {study.version}',
        "",
        f"Made {moment(now)} by Reader Study {readerstudy.__version__}; the study is {study.status}.",
        f"Fingerprint of protocol and cases (SHA-256): {study.fingerprint}",
        f"Analysed {at}."
        if at
        else "Not analysed yet: report, statistics and figures are missing. Run the analysis first.",
        "",
        *told,
        "Files",
        *(f"  {one.name:<24} {one.about}" for one in found),
        "  manifest.json            every file with its size and SHA-256",
        "",
        "Again from trials.csv alone:",
        "  manage.py analyse_trials trials.csv --out results",
        "  Rscript reproduce.R trials.csv",
        "",
        "A cell that a spreadsheet would run as a formula begins with an apostrophe. Readers appear under pseudonyms.",
    ]
    return "\n".join(lines) + "\n"
