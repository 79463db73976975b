"""What a study gives away besides its trials: facts for study.json, the audit log, the readers."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from readerstudy.core import audit_csv, reader_csv
from readerstudy.core.audit_csv import AuditRow
from readerstudy.models import AuditEvent, Reader, Study, StudyRole
from readerstudy.selectors import arrival, rules, unblinding, versions, withdrawals

_CHUNK = 500


def facts(study: Study) -> dict[str, Any]:
    """Everything of study.json: protocol, fingerprint, dates, version chain, early unblinding."""
    told = unblinding.of_study(study)
    return {
        "name": study.name,
        "study": study.slug,
        "version": study.version,
        "status": study.status,
        "protocol": study.protocol,
        "frame_set": study.frame_set,
        "pools": _pools(study),
        "fingerprint_sha256": study.fingerprint,
        "shared_patients": study.shared_patients,
        **{
            f"{name}_at": _iso(getattr(study, f"{name}_at"))
            for name in ("created", "frozen", "opened", "closed")
        },
        "ends_at": _iso(study.ends_at),
        "early_unblinding": told.to_json() if told else None,
        "notices": list(unblinding.notices(study)),
        "withdrawals": withdrawals.of_study(study).to_json(),
        "versions": [versions.to_json(one) for one in versions.chain(study)],
    }


def reader_lines(study: Study) -> Iterator[str]:
    """readers.csv of a study whose results can be seen."""
    rules.check_can_see_results(study)
    return reader_csv.write_rows(arrival.rows(study), arrival.labels(study))


def audit_lines(study: Study) -> Iterator[str]:
    """audit.csv, oldest event first; names and addresses of readers never leave."""
    rules.check_can_see_results(study)
    readers = Reader.objects.filter(study=study)
    identities = [one for pair in readers.values_list("name", "email") for one in pair if one]
    return audit_csv.write_rows(_events(study), identities)


def _events(study: Study) -> Iterator[AuditRow]:
    pseudonyms = set(Reader.objects.filter(study=study).values_list("pseudonym", flat=True))
    roles: dict[str, list[str]] = {}
    for name, role in StudyRole.objects.filter(study=study).values_list("user__username", "role"):
        roles.setdefault(name, []).append(role)
    events = AuditEvent.objects.filter(study=study).order_by("at", "pk")
    for event in events.iterator(chunk_size=_CHUNK):
        role = "reader" if event.actor in pseudonyms else " ".join(roles.get(event.actor, ["account"]))
        yield AuditRow(event.at, event.actor, role, event.verb, event.sentence, event.data)


def _pools(study: Study) -> list[dict[str, Any]]:
    return [
        {"name": pool.name, "source": pool.source, "patch_set_sha256": pool.patch_set.sha256}
        for pool in study.pools.select_related("patch_set").order_by("patch_set__source")
    ]


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
