"""Read what a study's protocol says to a reporting checklist."""

from evaluation.core.report.checklist import Design
from readerstudy.core.conduct import LABELLED
from readerstudy.core.session_state import Phase
from readerstudy.models import ReadingSession, Study
from readerstudy.selectors import rules, unblinding, versions


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
        notices=unblinding.notices(study),
        amendment=amendment_of(study),
    )


def amendment_of(study: Study) -> tuple[str, ...]:
    """What the report says of an amendment, a sentence for each; empty for a first version."""
    if study.amends is None:
        return ()
    changes = [change.sentence for change in versions.changes(study)]
    return (
        f"This is version {study.version} of the study; it amends version {study.amends.version}, whose fingerprint is "
        f"{study.amends.fingerprint}.",
        f"Reason: {study.amendment_reason}",
        f"Changes: {'; '.join(changes)}." if changes else "Neither protocol nor pools were changed.",
    )
