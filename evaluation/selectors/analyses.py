"""Read what the analysis of a closed study wrote."""

import json
from importlib import resources
from pathlib import Path
from typing import Any, Final

from evaluation.core.report import page as pages
from evaluation.models import StudyAnalysis
from generation import storage
from readerstudy.models import Study
from readerstudy.selectors import rules

TABLE3: Final = "table3.csv"
STATISTICS: Final = "statistics.json"
REPORT: Final = "report.html"
CASES: Final = "cases.csv"
IMRMC: Final = "imrmc.txt"
SCRIPT: Final = "reproduce.R"
PAGE: Final = "page.json"
# What a visitor may take along, with what it is.
DOWNLOADS: Final = {
    REPORT: "Report, one file that prints",
    STATISTICS: "Every statistic with its method",
    CASES: "Every case with how often it fooled readers",
    IMRMC: "Scores in the format of iMRMC",
    SCRIPT: "R script that repeats the main results from the trial CSV",
}


def figure_name(name: str) -> str:
    """File of a figure."""
    return f"figure-{name}.svg"


def script() -> str:
    """The R script that reproduces the main results from the trial CSV."""
    return resources.files("evaluation.assets").joinpath(SCRIPT).read_text(encoding="utf-8")


def of_study(study: Study) -> StudyAnalysis | None:
    """The analysis of a study, at work or done."""
    return StudyAnalysis.objects.filter(study=study).first()


def page_of(analysis: StudyAnalysis) -> dict[str, Any] | None:
    """What the results page shows besides Table 3; None until it is there in the form of this version."""
    rules.check_can_see_results(analysis.study)
    path = storage.piece(analysis.folder, PAGE) if PAGE in analysis.files else None
    if path is None:
        return None
    page: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return page if page.get("format") == pages.FORMAT else None


def downloads_of(analysis: StudyAnalysis) -> list[tuple[str, str]]:
    """Names and descriptions of the files that can be taken along."""
    return [(name, words) for name, words in DOWNLOADS.items() if name in analysis.files]


def file_of(study: Study, name: str) -> Path | None:
    """A file of the analysis by its name; nothing but what the analysis listed can be reached."""
    rules.check_can_see_results(study)
    analysis = of_study(study)
    if analysis is None or name not in analysis.files:
        return None
    return storage.piece(analysis.folder, name)
