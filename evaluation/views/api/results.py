"""Results of a study, once they may be seen."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Router, Schema

from evaluation.selectors import analyses, results
from evaluation.services import study_analyses
from generation.views.api.schemas import Progress, answers, progress_of, queued
from generation.views.api.stopping import stopped
from readerstudy.models import Study
from readerstudy.selectors import rules

router = Router(tags=["Results and exports"])


class AnalysisOut(Schema):
    """The analysis of a study that is closed or unblinded."""

    job: Progress | None = Field(description="Null where none was begun.")
    files: list[str] = Field(description="Names; get each at /results/files/{name}.")


class StatisticsOut(Schema):
    """Every statistic with its method, as statistics.json holds them."""

    records: list[dict[str, Any]]


@router.get("/studies/{slug:slug}/results", response=answers(AnalysisOut), summary="See the analysis")
def result(request: HttpRequest, slug: str) -> Any:
    study = unsealed(slug)
    return analysis_out(study)


@router.post(
    "/studies/{slug:slug}/results/analyse", response=answers(AnalysisOut, 202), summary="Analyse again"
)
def result_analyse(request: HttpRequest, slug: str) -> Any:
    """Queues the analysis, or begins it again unless it is at work."""
    study = unsealed(slug)
    study_analyses.start(study=study, now=timezone.now())
    return queued(analysis_out(study))


@router.post("/studies/{slug:slug}/results/stop", response=answers(AnalysisOut), summary="Stop the analysis")
def result_stop(request: HttpRequest, slug: str) -> Any:
    study = unsealed(slug)
    analysis = analyses.of_study(study)
    if analysis is None:
        raise Http404("no analysis was begun")
    stopped(analysis, kind="analysis")
    return analysis_out(study)


@router.get(
    "/studies/{slug:slug}/results/statistics", response=answers(StatisticsOut), summary="Get every statistic"
)
def result_statistics(request: HttpRequest, slug: str) -> Any:
    """Before the analysis is done, those of accuracy alone."""
    study = unsealed(slug)
    path = analyses.file_of(study, analyses.STATISTICS)
    text = path.read_text(encoding="utf-8") if path else results.statistics_text(study)
    return {"records": json.loads(text)}


@router.get(
    "/studies/{slug:slug}/results/files/{str:name}",
    response=answers(None),
    summary="Get a file of the analysis",
    openapi_extra={
        "responses": {
            200: {
                "description": "The file",
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            }
        }
    },
)
def result_file(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    path = analyses.file_of(unsealed(slug), name)
    if path is None:
        raise Http404("no such file")
    return HttpResponse(
        path.read_bytes(),
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{slug}-{name}"', "Cache-Control": "no-store"},
    )


def analysis_out(study: Study) -> dict[str, Any]:
    """Describe the analysis of a study."""
    analysis = analyses.of_study(study)
    return {
        "job": progress_of(analysis) if analysis else None,
        "files": list(analysis.files) if analysis else [],
    }


def unsealed(slug: str) -> Study:
    """A study whose results may be seen; what asks too early is refused with a sentence."""
    study = get_object_or_404(Study, slug=slug)
    rules.check_can_see_results(study)
    return study
