"""Changing a study that is frozen: never itself, always as a new version beside it."""

from datetime import datetime

from django.db import transaction

from readerstudy.core.reasons import parse_reason
from readerstudy.models import Study, StudyRole
from readerstudy.selectors import access, rules
from readerstudy.services import audit

_LONGEST_STEM = 80


@transaction.atomic
def amend(*, study: Study, reason: str, by: str, now: datetime) -> Study:
    """Begin the next version as a draft with the same protocol, pools and people at the desk; readers stay behind."""
    study = Study.objects.select_for_update().get(pk=study.pk)
    access.check_owns(study, by, doing="Amending")
    rules.check_can_amend(study)
    reason = parse_reason(reason, of="the amendment")
    draft = Study.objects.create(
        name=study.name,
        slug=_slug(study),
        protocol=study.protocol,
        frame_set=study.frame_set,
        letter_subject=study.letter_subject,
        letter_note=study.letter_note,
        created_at=now,
        version=study.version + 1,
        amends=study,
        amendment_reason=reason,
    )
    chosen = list(study.pools.all())
    draft.pools.set(chosen)
    StudyRole.objects.bulk_create(
        StudyRole(study=draft, user=row.user, role=row.role, granted_by=by, granted_at=now)
        for row in study.roles.select_related("user")
    )
    audit.write(
        study=study,
        actor=by,
        verb="study.amended",
        now=now,
        version=draft.version,
        draft=draft.slug,
        reason=reason,
    )
    audit.write(
        study=draft,
        actor=by,
        verb="study.made_as_amendment",
        now=now,
        version=draft.version,
        amended_version=study.version,
        amended=study.slug,
        amended_fingerprint=study.fingerprint,
        reason=reason,
        protocol=draft.protocol,
        pools=sorted(pool.slug for pool in chosen),
    )
    return draft


def _slug(study: Study) -> str:
    """The address of the next version, told from that of the first."""
    stem = study.slug.removesuffix(f"-version-{study.version}")[:_LONGEST_STEM].rstrip("-")
    slug = wanted = f"{stem}-version-{study.version + 1}"
    number = 2
    while Study.objects.filter(slug=slug).exists():
        slug, number = f"{wanted}-{number}", number + 1
    return slug
