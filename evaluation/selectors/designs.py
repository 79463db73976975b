"""Read what a study's protocol says to a reporting checklist."""

from evaluation.core.report.checklist import Design
from readerstudy.core.conduct import LABELLED
from readerstudy.core.session_state import Phase
from readerstudy.models import ReadingSession, Study
from readerstudy.selectors import rules


def of_study(study: Study) -> Design:
    """Design of a closed study."""
    rules.check_can_see_results(study)
    protocol = study.rules
    conduct = protocol.conduct
    algorithms = (
        ReadingSession.objects.filter(invitation__reader__study=study)
        .order_by("algorithm")
        .values_list("algorithm", flat=True)
        .distinct()
    )
    return Design(
        question=protocol.question,
        order_algorithms=tuple(algorithms),
        case_seed=protocol.seed,
        n_warm_up=(protocol.n_real(Phase.WARM_UP), protocol.n_synthetic(Phase.WARM_UP)),
        is_origin_told_first=conduct.warm_up_mode == LABELLED,
        time_limit_seconds=conduct.time_limit_seconds,
        repeat_distance=conduct.repeat_distance if conduct.n_repeats else None,
        n_shared_patients=len(study.shared_patients),
        n_planned=protocol.n_of(Phase.TEST),
        fingerprint=study.fingerprint,
        frozen_on=f"{study.frozen_at:%Y-%m-%d}" if study.frozen_at else "",
        closed_on=f"{study.closed_at:%Y-%m-%d}" if study.closed_at else "",
    )
