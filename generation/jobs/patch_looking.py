"""Look at patches made elsewhere: unpack them where they were uploaded, read every one, keep some for the preview.

Nothing here writes, logs or shows the name of a file or folder that a user brought: it may be a patient's name.
"""

import io
import json
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils import timezone

from generation import storage
from generation.core.errors import InputError
from generation.core.foreign import archive, files, found, proposal, survey
from generation.core.foreign.files import SourceFile
from generation.jobs import sharing
from generation.jobs.importing import place_of
from generation.models import Job, PatchImport
from generation.services import import_roots, jobs, patch_imports

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_REPORTS = 0.5

Progress = Callable[[int, int], None]


def run(patch_import_id: int, *, on_progress: Progress | None = None) -> None:
    """Do one queued look."""
    row = PatchImport.objects.get(pk=patch_import_id)
    if not jobs.claim(row, now=timezone.now()):
        return
    try:
        listed = _unpacked(row, row) if row.is_upload else list_files(row, row)
        told = reporter(row, "looking", on_progress)
        seen, previews = survey.look(found.find(listed, pattern=row.pattern), on_patch=told)
        _keep_previews(row, previews)
        sharing.publish(row.preview_path, row)
        mapping = proposal.propose(seen).as_dict() if not seen.n_faults else {}
        jobs.finish(
            row, now=timezone.now(), found=seen.as_dict(), mapping=mapping, n_done=row.n_total, step_name=""
        )
    except jobs.StoppedByUser:
        jobs.mark_stopped(row, now=timezone.now())
    except InputError as error:
        jobs.fail(row, error=error, now=timezone.now())
    except Exception as error:
        logger.error("look at patches %s failed: %s", row.pk, place_of(error))
        jobs.fail(row, error=f"The look failed ({place_of(error)}).", now=timezone.now())
    finally:
        row.refresh_from_db()
        if row.status in (Job.Status.FAILED, Job.Status.STOPPED):
            patch_imports.forget(row)
        else:
            patch_imports.leave_to_the_bucket(row)


def list_files(row: PatchImport, job: Job) -> tuple[SourceFile, ...]:
    """The files of an import: in its folder, or as they were unpacked; a worker that shares a bucket unpacks them anew."""
    if row.is_upload and storage.is_shared():
        return _unpacked(row, job)
    if not row.is_upload:
        return files.of_folder(import_roots.checked(Path(row.origin_folder), what="patches"))
    try:
        named = json.loads(_names_path(row).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError("The uploaded files are gone; upload the ZIP again.") from None
    return tuple(SourceFile(tuple(parts), row.folder / "files" / name) for parts, name in named)


def reporter(row: Job, step_name: str, on_progress: Progress | None = None) -> Progress:
    """A progress callback that writes to the row now and then, and stops the job if that was asked for."""
    last = 0.0

    def told(done: int, total: int) -> None:
        nonlocal last
        row.n_total = total
        if on_progress:
            on_progress(done, total)
        if done == total or time.monotonic() - last > SECONDS_BETWEEN_REPORTS:
            last = time.monotonic()
            jobs.report(row, n_done=done, n_total=total, step_name=step_name, now=timezone.now())

    return told


def _unpacked(row: PatchImport, job: Job) -> tuple[SourceFile, ...]:
    """Unpack the archive; a worker that was killed while it did may have left a part, or, killed after it, all files."""
    target = row.folder / "files"
    path = storage.piece(row.archive_path, tell=sharing.beating(job))
    if path is None and not storage.is_shared() and _names_path(row).is_file():
        return list_files(row, job)  # the archive is removed when the names are written
    shutil.rmtree(target, ignore_errors=True)
    if path is None:
        raise InputError("The uploaded file is gone; upload it again.")
    row.folder.mkdir(parents=True, exist_ok=True)  # another machine may have taken the upload
    listed = archive.unpack(
        path,
        target,
        max_bytes=settings.MAX_UNPACKED_MB << 20,
        on_entry=reporter(job, "unpacking"),
    )
    _names_path(row).write_text(
        json.dumps([[file.parts, file.path.name] for file in listed]), encoding="utf-8"
    )
    storage.remove_local(row.archive_path)
    return listed


def _names_path(row: PatchImport) -> Path:
    return row.folder / "names.json"


def _keep_previews(row: PatchImport, previews: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]") -> None:
    """Store some patches beside the look, by an atomic write."""
    row.folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.save(buffer, previews, allow_pickle=False)
    draft = row.preview_path.with_suffix(".draft")
    try:
        draft.write_bytes(buffer.getvalue())
        draft.replace(row.preview_path)
    except OSError:
        raise InputError(archive.disk_full_sentence(settings.READERSTUDY_DATA)) from None
