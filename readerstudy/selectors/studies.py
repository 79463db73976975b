"""Studies for the desk."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from generation.core.labels import LESION_CLASSES, LesionClass
from readerstudy.core.names import source_title
from readerstudy.core.protocol import Protocol
from readerstudy.core.session_state import Phase, SessionState
from readerstudy.models import AuditEvent, Study


def studies() -> QuerySet[Study]:
    """Every study, with how many readers it has and how many are through."""
    finished = Q(readers__invitation__session__state=SessionState.FINISHED)
    return Study.objects.annotate(
        n_cases=Count("cases", distinct=True),
        n_readers=Count("readers", distinct=True),
        n_finished=Count("readers", filter=finished, distinct=True),
    )


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


def n_of_status() -> Counter[str]:
    """How many studies are in each status."""
    return Counter(Study.objects.values_list("status", flat=True))


def _numbers(protocol: Protocol, phase: Phase, source: str) -> list[int]:
    per_class: dict[LesionClass, int] = dict(protocol.quotas(phase).get(source, {}))
    return [per_class.get(lesion_class, 0) for lesion_class in LESION_CLASSES]
