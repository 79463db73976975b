"""Studies for the desk."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from generation.core.labels import LESION_CLASSES, LesionClass
from readerstudy.core.names import source_title
from readerstudy.core.protocol import Protocol
from readerstudy.core.session_state import Phase, SessionState
from readerstudy.models import AuditEvent, Case, Reader, Study
from readerstudy.selectors import access


def studies() -> QuerySet[Study]:
    """Every study, with how many readers it has and how many are through."""
    readers = Reader.objects.filter(study=OuterRef("pk"))
    return Study.objects.annotate(
        n_cases=_number(Case.objects.filter(study=OuterRef("pk"))),
        n_readers=_number(readers),
        n_finished=_number(readers.filter(invitation__session__state=SessionState.FINISHED)),
    )


def _number(rows: "QuerySet[Any]") -> Coalesce:
    """Count the rows of each study on their own; joined, cases and readers would be multiplied first."""
    counted = rows.order_by().values("study").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def of_account(user: access.Account) -> QuerySet[Study]:
    """The studies that an account sees, with the same counts."""
    return studies().filter(pk__in=access.studies_of(user).values("pk"))


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One source of a protocol, for a table."""

    source: str
    pool: str
    test: list[int]
    warm_up: list[int]

    @property
    def title(self) -> str:
        return source_title(self.source)

    @property
    def n_test(self) -> int:
        return sum(self.test)

    @property
    def n_warm_up(self) -> int:
        return sum(self.warm_up)


def quota_lines(study: Study, protocol: Protocol) -> list[QuotaLine]:
    """The protocol's quotas, one line per source, with the pool each is drawn from."""
    pools = {pool.source: pool.name for pool in study.pools.select_related("patch_set")}
    return [
        QuotaLine(
            source=source,
            pool=pools.get(source, ""),
            test=_numbers(protocol, Phase.TEST, source),
            warm_up=_numbers(protocol, Phase.WARM_UP, source),
        )
        for source in protocol.sources
    ]


def audit_events(study: Study) -> QuerySet[AuditEvent]:
    """A study's audit log, newest first."""
    return study.audit_events.all()


def n_of_status(among: QuerySet[Study]) -> Counter[str]:
    """How many of some studies are in each status."""
    return Counter(among.values_list("status", flat=True))


def _numbers(protocol: Protocol, phase: Phase, source: str) -> list[int]:
    per_class: dict[LesionClass, int] = dict(protocol.quotas(phase).get(source, {}))
    return [per_class.get(lesion_class, 0) for lesion_class in LESION_CLASSES]
