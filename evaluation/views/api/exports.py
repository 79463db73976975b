"""Files of a study, one by one and all together."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from ninja import Router

from evaluation.core import archive
from evaluation.selectors import exports, results
from evaluation.views.api.results import unsealed
from generation.views.api.schemas import answers
from readerstudy.core.trial_csv import write_rows
from readerstudy.selectors import study_files, trials

CSV: Final = "text/csv"
ZIP: Final = "application/zip"

router = Router(tags=["Results and exports"])


def _file(
    name: str, summary: str, description: str, kind: str = CSV
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The address of a file of a study, and what the document says of it."""
    content = {"type": "string"} if kind == CSV else {"type": "string", "format": "binary"}
    told = {"description": description, "content": {kind: {"schema": content}}}
    return router.get(
        f"/studies/{{slug:slug}}/results/{name}",
        response=answers(None),
        summary=summary,
        openapi_extra={"responses": {200: told}},
    )


@_file("table3", "Get Table 3 as CSV", "Table 3")
def result_table3(request: HttpRequest, slug: str) -> HttpResponseBase:
    return _sent(results.table3_lines(unsealed(slug)), f"{slug}-table3.csv")


@_file("table2", "Get Table 2 as CSV", "Table 2: the scores of the study's own pools")
def result_table2(request: HttpRequest, slug: str) -> HttpResponseBase:
    return _sent(exports.table2_lines(unsealed(slug)), f"{slug}-table2.csv")


@_file("trials", "Get every trial as CSV", "Every trial, line by line")
def result_trials(request: HttpRequest, slug: str) -> HttpResponseBase:
    return _sent(write_rows(trials.trial_rows(unsealed(slug))), f"{slug}-trials.csv")


@_file(
    "readers",
    "Get what readers said before the first panel, as CSV",
    "One line for each reader, under pseudonyms",
)
def result_readers(request: HttpRequest, slug: str) -> HttpResponseBase:
    return _sent(study_files.reader_lines(unsealed(slug)), f"{slug}-readers.csv")


@_file(
    "everything",
    "Get everything as one ZIP",
    "Every file, with a manifest of hashes and a data dictionary",
    ZIP,
)
def result_everything(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Made while it is sent; whoever breaks off the download ends the work."""
    study, now = unsealed(slug), timezone.now()
    members = exports.members(study, now=now)
    pieces = archive.zip_pieces(members, exports.manifest_of(study, now=now), at=now)
    return _sent(pieces, f"{slug}-everything.zip", ZIP)


def _sent(
    pieces: Iterable[str | bytes], name: str, kind: str = f"{CSV}; charset=utf-8"
) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(pieces, content_type=kind, headers=headers)
