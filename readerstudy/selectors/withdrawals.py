"""How many readers left a study, for every place that reports its results."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from readerstudy.core.arrival import DELETE
from readerstudy.models import Reader, ReadingSession, Study


@dataclass(frozen=True, slots=True)
class Withdrawals:
    """Readers who left a study.

    Attributes
    ----------
    n : all who left
    n_kept : those whose answers are still there, and are analysed
    is_deleting : whether the protocol deletes their answers
    """

    n: int
    n_kept: int
    is_deleting: bool

    def to_json(self) -> dict[str, int | bool]:
        """Plain data for study.json."""
        return {"n": self.n, "n_with_answers_kept": self.n_kept, "answers_deleted": self.is_deleting}

    @property
    def sentence(self) -> str:
        """What to report; empty if nobody left."""
        if not self.n:
            return ""
        who = f"{self.n} reader{'' if self.n == 1 else 's'} withdrew from the study"
        if self.is_deleting:
            return f"{who}; as the protocol says, their answers were deleted and are in no number here."
        if not self.n_kept:
            return f"{who} before reading anything."
        return f"{who}; as the protocol says, the answers given before ({self.n_kept} of {self.n}) are kept and analysed."


def of_study(study: Study) -> Withdrawals:
    """Count who left."""
    left = Reader.objects.filter(study=study, withdrawn_at__isnull=False)
    session = ReadingSession.objects.filter(invitation__reader=OuterRef("pk"))
    return Withdrawals(
        n=left.count(),
        n_kept=left.filter(Exists(session)).count(),
        is_deleting=study.rules.arrival.withdrawal == DELETE,
    )
