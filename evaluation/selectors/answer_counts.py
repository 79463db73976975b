"""Counts of right answers, added up by the database: a page never reads the trials of a study one by one."""

from django.db.models import Count, Q

from evaluation.core.accuracy import Accuracy, Counted, from_counts
from readerstudy.core.session_state import Phase
from readerstudy.core.trial_csv import TEST, WARM_UP
from readerstudy.models import ReadingSession, Study, Trial
from readerstudy.selectors import rules

_BY = ("session_id", "phase", "role", "case__source", "case__lesion_class")
_PHASES = {Phase.WARM_UP: WARM_UP, Phase.TEST: TEST}


def of_study(study: Study) -> Accuracy:
    """Count the correct answers of a study whose results can be seen."""
    rules.check_can_see_results(study)
    readers = {
        pk: (pseudonym, group)
        for pk, pseudonym, group in ReadingSession.objects.filter(
            invitation__reader__study=study
        ).values_list("pk", "invitation__reader__pseudonym", "invitation__reader__group")
    }
    counted = (
        Trial.objects.filter(session__invitation__reader__study=study)
        .order_by()
        .values_list(*_BY)
        .annotate(
            n=Count("pk"),
            n_real=Count("pk", filter=Q(response__answer="real")),
            n_fake=Count("pk", filter=Q(response__answer="fake")),
        )
    )
    return from_counts(
        Counted(*readers[session], _PHASES[Phase(phase)], role, origin, tissue, n, n_real, n_fake)
        for session, phase, role, origin, tissue, n, n_real, n_fake in counted.iterator(chunk_size=2000)
    )
