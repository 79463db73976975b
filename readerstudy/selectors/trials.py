"""Trials as rows of the trial CSV."""

from collections.abc import Iterator

from django.db.models import Count

from readerstudy.core.session_state import Phase
from readerstudy.core.trial_csv import TEST, WARM_UP, TrialRow
from readerstudy.core.viewer_log import columns
from readerstudy.models import Response, Study, Trial
from readerstudy.selectors import rules

_PHASE_NAMES = {Phase.WARM_UP: WARM_UP, Phase.TEST: TEST}
_CHUNK = 500
_MEASURED = ("hidden_ms", "n_hidden", "waited_ms")


def trial_rows(study: Study) -> Iterator[TrialRow]:
    """Every trial of a closed study, by reader, warm-up first, in the order shown; names of readers never leave."""
    rules.check_can_see_results(study)
    return _rows(study)


def _rows(study: Study) -> Iterator[TrialRow]:
    trials = (
        Trial.objects.filter(session__invitation__reader__study=study)
        .select_related("case", "response", "session__invitation__reader")
        .annotate(n_withdrawn=Count("withdrawn_responses"))
        .order_by(
            "session__invitation__reader__pseudonym", "-phase", "position"
        )  # "warm_up" sorts after "test"
    )
    for trial in trials.iterator(chunk_size=_CHUNK):
        response = getattr(trial, "response", None)
        reader = trial.session.reader
        yield TrialRow(
            reader=reader.pseudonym,
            group=reader.group,
            case=trial.case.public_id,
            origin=trial.case.source,
            tissue=trial.case.lesion_class,
            phase=_PHASE_NAMES[Phase(trial.phase)],
            order=trial.position,
            answer=response.answer if response else "",
            confidence=response.confidence if response else None,
            rt_ms=response.rt_ms if response else None,
            extra={
                "role": trial.role,
                **_said(response),
                "n_withdrawn": str(trial.n_withdrawn) if trial.phase == Phase.TEST else "",
                "served_at": trial.served_at.isoformat() if trial.served_at else "",
                "done_at": trial.done_at.isoformat() if trial.done_at else "",
                "order_seed": str(trial.session.seed),
                "order_algorithm": trial.session.algorithm,
                **columns(response.viewer if response else None),
            },
        )


def _said(response: Response | None) -> dict[str, str]:
    """How an answer came about; empty where there is none, or where a browser without JavaScript measured nothing."""
    if response is None:
        return dict.fromkeys(("is_timeout", "comment", *_MEASURED, "version"), "")
    measured = {name: "" if (value := getattr(response, name)) is None else str(value) for name in _MEASURED}
    is_timeout = "1" if response.is_timeout else "0"
    return {
        "is_timeout": is_timeout,
        "comment": response.comment,
        **measured,
        "version": str(response.version),
    }
