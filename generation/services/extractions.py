"""Parts of an extraction: one per patient, claimed by one conditional UPDATE and counted when they are finished."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from generation import storage
from generation.core.errors import InputError
from generation.models import Job, PatchSet, PatchSetPart, Patient
from generation.services import jobs
from generation.services.patience import patiently
from generation.services.recovery import SILENT_AFTER_RESTART

_Status = PatchSetPart.Status


def plan(patch_set: PatchSet) -> None:
    """Make the rows of the parts; the caller holds the transaction that makes the patch set."""
    if patch_set.cohort is None:
        return
    refused = Patient.RegionStatus.REFUSED
    PatchSetPart.objects.bulk_create(
        PatchSetPart(
            patch_set=patch_set, pseudonym=patient.pseudonym, has_region=patient.region_status != refused
        )
        for patient in patch_set.cohort.patients.all()
    )


def claim(patch_set: PatchSet, *, now: datetime) -> bool:
    """Take a queued extraction; its parts wait until `begin` has looked at those there are."""
    return jobs.claim(patch_set, now=now, assembling_at=now)


def begin(patch_set: PatchSet, *, sound: Iterable[str], now: datetime) -> list[PatchSetPart]:
    """Keep the finished parts that are sound and let all others be made; returns those to make."""
    if not patch_set.parts.exists():  # queued before extractions had parts
        plan(patch_set)
    kept = patch_set.parts.filter(status=_Status.FINISHED, pseudonym__in=sound)
    patch_set.parts.exclude(pk__in=list(kept.values_list("pk", flat=True))).update(
        status=_Status.WAITING, sha256=""
    )
    patch_set.n_done, patch_set.n_total = kept.count(), patch_set.parts.count()
    PatchSet.objects.filter(pk=patch_set.pk).update(
        n_done=patch_set.n_done,
        n_total=patch_set.n_total,
        step_name="extracting",
        beat_at=Now(),
        assembling_at=None,
    )
    return list(patch_set.parts.filter(status=_Status.WAITING))


def claim_part(part: PatchSetPart, *, now: datetime) -> bool:
    """Take a part that waits; False means that another worker has it, or that it is made."""
    waits = PatchSetPart.objects.filter(
        pk=part.pk,
        status=_Status.WAITING,
        patch_set__status=Job.Status.RUNNING,
        patch_set__assembling_at=None,
    )
    if waits.update(status=_Status.RUNNING) != 1:
        return False
    _running(part.patch_set_id).update(beat_at=Now())
    return True


@patiently
def finish_part(part: PatchSetPart, *, sha256: str, now: datetime) -> None:
    """Store the hash of a part that was made, and count it once."""
    with transaction.atomic():
        mine = PatchSetPart.objects.filter(pk=part.pk, status=_Status.RUNNING)
        if mine.update(status=_Status.FINISHED, sha256=sha256) == 1:
            _running(part.patch_set_id).update(
                n_done=F("n_done") + 1, step_name=f"extracted {part.pseudonym}", beat_at=Now()
            )


def claim_assembly(patch_set: PatchSet, *, now: datetime) -> bool:
    """Take the last step; True for one worker alone, once no part is missing."""
    if patch_set.parts.exclude(status=_Status.FINISHED).exists():
        return False
    return (
        PatchSet.objects.filter(pk=patch_set.pk, status=Job.Status.RUNNING, assembling_at=None).update(
            assembling_at=now, step_name="joining the parts", beat_at=Now()
        )
        == 1
    )


@transaction.atomic
def resume(*, patch_set: PatchSet, now: datetime) -> None:
    """Queue an extraction again that was stopped, failed, or whose worker is gone; finished parts are kept."""
    if patch_set.cohort_id is None:
        raise InputError(f'Patch set "{patch_set.name}" was not extracted from a cohort; make it again.')
    rows = PatchSet.objects.filter(pk=patch_set.pk)
    closed = rows.filter(status__in=[Job.Status.STOPPED, Job.Status.FAILED])
    silent = rows.filter(
        status__in=[Job.Status.RUNNING, Job.Status.STOPPING], beat_at__lt=now - SILENT_AFTER_RESTART
    )
    fields = {"status": Job.Status.QUEUED, "error": "", "finished_at": None}
    if closed.update(**fields) + silent.update(**fields) != 1:
        patch_set.refresh_from_db()
        raise InputError(
            f'The extraction "{patch_set.name}" is {patch_set.status}; only one that was stopped, failed or has been silent for a minute can be resumed.'
        )
    patch_set.refresh_from_db()


def discard(*, patch_set: PatchSet) -> None:
    """Remove an extraction that was stopped or failed, with the parts it had."""
    closed = PatchSet.objects.filter(
        pk=patch_set.pk, cohort__isnull=False, status__in=[Job.Status.STOPPED, Job.Status.FAILED]
    )
    folder = patch_set.parts_folder
    if not closed.exists():
        raise InputError(
            f'The extraction "{patch_set.name}" is {patch_set.status}; only one that was stopped or failed can be discarded.'
        )
    closed.delete()
    storage.remove(folder)
    storage.remove(patch_set.folder)


def forgotten_parts() -> list[Path]:
    """Folders of parts that no unfinished extraction needs: of a worker killed after its last line."""
    folder: Path = settings.READERSTUDY_DATA / "patch_sets"
    needed = {
        row.parts_folder.name
        for row in PatchSet.objects.exclude(status=Job.Status.FINISHED).filter(checkpoint=None)
    }
    return [path for path in folder.glob(".*.parts") if path.name not in needed]


def _running(patch_set_id: int) -> QuerySet[PatchSet]:
    return PatchSet.objects.filter(pk=patch_set_id, status__in=[Job.Status.RUNNING, Job.Status.STOPPING])
