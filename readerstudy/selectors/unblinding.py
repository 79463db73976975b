"""What a result has to say about who knew what when: early unblinding, and amendments made knowing results."""

from django.db.models import Count, Q

from readerstudy.core.session_state import Phase
from readerstudy.core.unblinding import EarlyUnblinding, moment
from readerstudy.models import Response, Study


def of_study(study: Study) -> EarlyUnblinding | None:
    """The early unblinding of a study with the responses that came before and after it."""
    if study.unblinded_at is None:
        return None
    responses = Response.objects.filter(
        trial__session__invitation__reader__study=study, trial__phase=Phase.TEST
    )
    counts = responses.aggregate(
        n=Count("pk"), n_after=Count("pk", filter=Q(answered_at__gt=study.unblinded_at))
    )
    return EarlyUnblinding(
        by=study.unblinded_by,
        at=study.unblinded_at,
        reason=study.unblinding_reason,
        n_before=counts["n"] - counts["n_after"],
        n_after=counts["n_after"],
    )


def notices(study: Study) -> tuple[str, ...]:
    """Sentences that stand on every result of a study; none where all went as planned."""
    own = of_study(study)
    return (*([own.sentence] if own else []), *made_knowing(study))


def made_knowing(study: Study) -> list[str]:
    """Earlier versions whose results could be seen when this one was made."""
    found = []
    earlier = study.amends
    while earlier is not None:
        seen_at = min(filter(None, (earlier.unblinded_at, earlier.closed_at)), default=None)
        if seen_at is not None and seen_at < study.created_at:
            how = "unblinded early" if earlier.unblinded_at == seen_at else "closed"
            found.append(
                f"This version was made on {moment(study.created_at)}, after version {earlier.version} had been {how} "
                f"on {moment(seen_at)} and its results could be seen."
            )
        earlier = earlier.amends
    return found
