"""Fill a patch set with the patches of a cohort.

An extraction is made of parts, one per patient. A worker of the queue sends one message for each and ends; whoever finishes the
last part joins all. So no task waits for another, and one worker alone comes to the end as well. A command makes the parts
itself. Either may take up what the other left.
"""

import logging
import shutil
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from celery import current_app, group
from django.conf import settings
from django.utils import timezone

from generation import storage
from generation.core import cohort_extraction, patch_part
from generation.core.cohort_extraction import PartWish
from generation.core.errors import InputError
from generation.core.extraction_options import ExtractionOptions
from generation.jobs import sharing
from generation.models import Cohort, PatchSet, PatchSetPart
from generation.services import extractions, jobs, patch_sets

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]

PART_TASK = "generation.extract_part"


def run(patch_set_id: int, *, n_jobs: int = 1, on_progress: Progress | None = None) -> None:
    """Fill one queued patch set, here and now."""
    row = PatchSet.objects.select_related("cohort").get(pk=patch_set_id)
    if not extractions.claim(row, now=timezone.now()):
        return
    on_progress = on_progress or (lambda done, total: None)
    with _closed_when_it_ends_badly(row):
        _make_parts(row, _begin(row), n_jobs, on_progress)
        _join_if_complete(row)


def begin(patch_set_id: int) -> None:
    """Fill one queued patch set by the workers of the queue, one message per patient."""
    row = PatchSet.objects.select_related("cohort").get(pk=patch_set_id)
    if not extractions.claim(row, now=timezone.now()):
        return
    with _closed_when_it_ends_badly(row):
        _send(_begin(row))
        _join_if_complete(row)  # if nothing was missing


def run_part(part_id: int) -> None:
    """Make one part; whoever makes the last one joins all. A message that comes twice does nothing."""
    part = PatchSetPart.objects.select_related("patch_set__cohort").filter(pk=part_id).first()
    if part is None:
        return
    row = part.patch_set
    if row.status == PatchSet.Status.STOPPING:
        jobs.mark_stopped(row, now=timezone.now())
        return
    if not extractions.claim_part(part, now=timezone.now()):
        return
    row.refresh_from_db()  # the extraction may have been taken up again since it was read
    with _closed_when_it_ends_badly(row):
        _, sha256 = cohort_extraction.make_part(
            _wish(part, row), ExtractionOptions.parse(row.options), row.parts_folder
        )
        sharing.publish(row.parts_folder / part.pseudonym, row)
        extractions.finish_part(part, sha256=sha256, now=timezone.now())
        _stop_if_wished(row)
        _join_if_complete(row)


def give_up(row: PatchSet) -> int:
    """Leave whole parts alone of an extraction that was interrupted; returns how many there are."""
    if row.status == PatchSet.Status.STOPPED:
        _remove_remains(row.folder)
        for draft in row.parts_folder.glob(".*.partial-*"):
            shutil.rmtree(draft, ignore_errors=True)
    return row.parts.filter(status=PatchSetPart.Status.FINISHED).count()


@contextmanager
def _closed_when_it_ends_badly(row: PatchSet) -> Iterator[None]:
    try:
        yield
    except jobs.StoppedByUser:
        jobs.mark_stopped(row, now=timezone.now())
    except InputError as error:
        jobs.fail(row, error=error, now=timezone.now())
    except Exception as error:
        logger.exception("patch set %s failed", row.slug)
        jobs.fail(row, error=error, now=timezone.now())


def _begin(row: PatchSet) -> list[PatchSetPart]:
    """Look which parts are there and sound; returns those to make."""
    _cohort_of(row)
    _remove_remains(row.folder)
    for forgotten in extractions.forgotten_parts():
        storage.remove(forgotten)
    row.parts_folder.mkdir(parents=True, exist_ok=True)
    return extractions.begin(row, sound=_sound(row), now=timezone.now())


def _sound(row: PatchSet) -> list[str]:
    """Pseudonyms of the finished parts whose files have the hash that was stored when they were made."""
    finished = row.parts.filter(status=PatchSetPart.Status.FINISHED)
    return [part.pseudonym for part in finished if part.sha256 and _sha256_of(part, row) == part.sha256]


def _sha256_of(part: PatchSetPart, row: PatchSet) -> str:
    """Hash of the files of a part, whichever machine made it; empty if they are nowhere."""
    folder = row.parts_folder / part.pseudonym
    try:
        return patch_part.sha256(sharing.fetch(folder, row))
    except storage.StorageAwayError:
        raise
    except storage.StorageError as error:
        logger.warning("the part %s of %s is made again: %s", part.pseudonym, row.slug, error)
        return ""


def _send(parts: Sequence[PatchSetPart]) -> None:
    if parts:
        messages = [current_app.signature(PART_TASK, args=[part.pk], immutable=True) for part in parts]
        group(messages, app=current_app).apply_async()


def _make_parts(row: PatchSet, waiting: Sequence[PatchSetPart], n_jobs: int, on_progress: Progress) -> None:
    options = ExtractionOptions.parse(row.options)
    by_name = {part.pseudonym: part for part in waiting}
    made = row.n_done

    def wishes() -> Iterator[PartWish]:
        for part in waiting:
            if extractions.claim_part(part, now=timezone.now()):
                yield _wish(part, row)

    parts = cohort_extraction.make_parts(wishes(), options, row.parts_folder, n_jobs=n_jobs)
    with closing(parts):
        for pseudonym, sha256 in parts:
            sharing.publish(row.parts_folder / pseudonym, row)
            extractions.finish_part(by_name[pseudonym], sha256=sha256, now=timezone.now())
            made += 1
            on_progress(made, row.n_total)
            _stop_if_wished(row)


def _wish(part: PatchSetPart, row: PatchSet) -> PartWish:
    cohort = _cohort_of(row)
    imported = cohort.patients.filter(pseudonym=part.pseudonym).values_list("sha256", flat=True).first()
    return PartWish(sharing.fetch(cohort.folder / part.pseudonym, row), part.has_region, imported or "")


def _stop_if_wished(row: PatchSet) -> None:
    if PatchSet.objects.filter(pk=row.pk, status=PatchSet.Status.STOPPING).exists():
        raise jobs.StoppedByUser


def _join_if_complete(row: PatchSet) -> None:
    """Join the parts, if all are there and nobody else does."""
    if not extractions.claim_assembly(row, now=timezone.now()):
        return
    names = list(row.parts.values_list("pseudonym", flat=True))
    if len(_sound(row)) < len(names):
        raise InputError(
            "A part of the extraction was changed after it was made; resume the extraction to make it again."
        )

    def on_patient(done: int, total: int, pseudonym: str) -> None:
        jobs.report(row, n_done=total, n_total=total, step_name="joining the parts", now=timezone.now())

    cohort = _cohort_of(row)
    folder = cohort_extraction.join_parts(
        row.parts_folder,
        names,
        row.folder,
        options=ExtractionOptions.parse(row.options),
        provenance=_provenance(cohort),
        on_patient=on_patient,
    )
    sharing.publish(row.folder, row)
    jobs.finish(row, now=timezone.now(), n_done=len(names), step_name="", **patch_sets.counted(folder))
    storage.remove(row.parts_folder)


def _remove_remains(folder: Path) -> None:
    """Remove what a killed worker left: a draft or, killed before its last line, the whole folder."""
    for path in (folder, *folder.parent.glob(f".{folder.name}.partial-*")):
        shutil.rmtree(path, ignore_errors=True)


def _cohort_of(row: PatchSet) -> Cohort:
    if row.cohort is None:
        raise InputError(
            f'Patch set "{row.name}" belongs to no cohort; queue the extraction of a cohort instead.'
        )
    return row.cohort


def _provenance(cohort: Cohort) -> dict[str, object]:
    return {
        "made_by": "extraction",
        "reader_study_version": tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"][
            "version"
        ],
        "cohort": cohort.slug,
        "is_phantom": cohort.is_phantom,
        "scan_sha256": {patient.pseudonym: patient.sha256 for patient in cohort.patients.all()},
    }
