"""What a study's result pages show besides Table 3, as plain data: written once, read at every visit."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from evaluation.core.report.sections import Section

if TYPE_CHECKING:  # a page is read by web processes, which need not load what draws figures
    from evaluation.core.report.document import Document

FORMAT: Final = 2  # a page of another one is written anew by running the analysis again


def to_json(document: "Document") -> str:
    """Write what pages show besides Table 3, as plain data; figures lie beside it as files."""
    plain = {
        "format": FORMAT,
        "findings": [{"sentence": one.sentence, "whom": one.whom} for one in document.findings],
        "chance": [asdict(one) for one in document.chance],
        "panel": [asdict(one) for one in document.panel],
        "groups": [asdict(one) for one in document.groups],
        "contrasts": [asdict(one) for one in document.contrasts],
        "agreement": [asdict(one) for one in document.agreement],
        "times": [asdict(one) for one in document.times],
        "pictures": [
            {"name": one.name, "title": one.title, "caption": one.caption} for one in document.pictures
        ],
        "methods": document.methods,
        "references": document.references,
        "sections": [_plain(one) for one in document.sections],
        "level_percent": document.level_percent,
    }
    if document.left_out:
        plain["left_out"] = document.left_out
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _plain(section: Section) -> dict[str, object]:
    """A section as the page reads it: each line beside what is particular to it."""
    parts = [
        {"title": one.title, "common": one.common, "rows": [(asdict(line), how) for line, how in one.rows]}
        for one in section.parts
    ]
    return {"family": asdict(section.family), "parts": parts}
