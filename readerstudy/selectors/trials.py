"""Trials as rows of the trial CSV."""

from collections.abc import Iterator

from readerstudy.core.session_state import Phase
from readerstudy.core.trial_csv import TEST, WARM_UP, TrialRow
from readerstudy.core.viewer_log import columns
from readerstudy.models import Study, Trial
from readerstudy.selectors import rules

_PHASE_NAMES = {Phase.WARM_UP: WARM_UP, Phase.TEST: TEST}
_CHUNK = 500


def trial_rows(study: Study) -> Iterator[TrialRow]:
    """Every trial of a closed study, by reader, warm-up first, in the order shown; names of readers never leave."""
    rules.check_can_see_results(study)
    return _rows(study)


def _rows(study: Study) -> Iterator[TrialRow]:
    trials = (
        Trial.objects.filter(session__invitation__reader__study=study)
        .select_related("case", "response", "session__invitation__reader")
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
                "served_at": trial.served_at.isoformat() if trial.served_at else "",
                "done_at": trial.done_at.isoformat() if trial.done_at else "",
                "order_seed": str(trial.session.seed),
                "order_algorithm": trial.session.algorithm,
                **columns(response.viewer if response else None),
            },
        )
