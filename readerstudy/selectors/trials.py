"""Trials as rows of the trial CSV."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from readerstudy.core.session_state import Phase
from readerstudy.core.trial_csv import TEST, WARM_UP, TrialRow
from readerstudy.core.unblinding import AFTER_COLUMN
from readerstudy.core.viewer_log import columns
from readerstudy.models import ReadingSession, Study, WithdrawnResponse
from readerstudy.selectors import rules

_PHASE_NAMES = {Phase.WARM_UP: WARM_UP, Phase.TEST: TEST}
_CHUNK = 500
_MEASURED = ("hidden_ms", "n_hidden", "waited_ms")
_SAID = (
    "answer",
    "confidence",
    "rt_ms",
    "is_timeout",
    "comment",
    *_MEASURED,
    "version",
    "answered_at",
    "viewer",
)
_TRIAL = (
    *("pk", "role", "position", "served_at", "done_at"),
    *("case__public_id", "case__source", "case__lesion_class"),
    *(f"response__{name}" for name in _SAID),
)


def trial_rows(study: Study) -> Iterator[TrialRow]:
    """Every trial of a closed or unblinded study, by reader, warm-up first, in the order shown; names of readers never leave."""
    rules.check_can_see_results(study)
    return _rows(study)


def _rows(study: Study) -> Iterator[TrialRow]:
    """Session by session, so that neither the database nor this process holds or sorts them all."""
    sessions = ReadingSession.objects.filter(invitation__reader__study=study)
    ordered = sessions.select_related("invitation__reader").order_by("invitation__reader__pseudonym")
    for session in list(ordered):
        for phase in (Phase.WARM_UP, Phase.TEST):
            yield from _rows_of(session, phase, study.unblinded_at)


def _rows_of(session: ReadingSession, phase: Phase, unblinded_at: datetime | None) -> Iterator[TrialRow]:
    """Values only: to build three models for every trial takes as long as all the rest."""
    reader = session.reader
    trials = session.trials.filter(phase=phase).order_by("position")
    n_withdrawn = Counter(
        WithdrawnResponse.objects.filter(trial__session=session, trial__phase=phase).values_list(
            "trial_id", flat=True
        )
    )
    for trial in trials.values(*_TRIAL).iterator(chunk_size=_CHUNK):
        yield TrialRow(
            reader=reader.pseudonym,
            group=reader.group,
            case=trial["case__public_id"],
            origin=trial["case__source"],
            tissue=trial["case__lesion_class"],
            phase=_PHASE_NAMES[phase],
            order=trial["position"],
            answer=trial["response__answer"] or "",
            confidence=trial["response__confidence"],
            rt_ms=trial["response__rt_ms"],
            extra={
                "role": trial["role"],
                **_said(trial),
                "n_withdrawn": str(n_withdrawn[trial["pk"]]) if phase is Phase.TEST else "",
                "served_at": trial["served_at"].isoformat() if trial["served_at"] else "",
                "done_at": trial["done_at"].isoformat() if trial["done_at"] else "",
                **_came_after(trial["response__answered_at"], unblinded_at),
                "order_seed": str(session.seed),
                "order_algorithm": session.algorithm,
                **columns(trial["response__viewer"]),
            },
        )


def _came_after(answered_at: datetime | None, unblinded_at: datetime | None) -> dict[str, str]:
    """Whether an answer came after early unblinding; a column only of studies that were unblinded."""
    if unblinded_at is None:
        return {}
    return {AFTER_COLUMN: "" if answered_at is None else str(int(answered_at > unblinded_at))}


def _said(trial: dict[str, Any]) -> dict[str, str]:
    """How an answer came about; empty where there is none, or where a browser without JavaScript measured nothing."""
    if trial["response__version"] is None:
        return dict.fromkeys(("is_timeout", "comment", *_MEASURED, "version"), "")
    measured = {
        name: "" if (value := trial[f"response__{name}"]) is None else str(value) for name in _MEASURED
    }
    return {
        "is_timeout": "1" if trial["response__is_timeout"] else "0",
        "comment": trial["response__comment"],
        **measured,
        "version": str(trial["response__version"]),
    }
