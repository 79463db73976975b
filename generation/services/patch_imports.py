"""Take in patches made elsewhere: look first, then store them as a patch set, or let them go."""

import errno
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils.text import slugify

from generation import storage
from generation.core.errors import InputError
from generation.core.foreign import archive, class_words
from generation.core.foreign.mapping import Mapping
from generation.core.labels import parse_new_source
from generation.models import Job, PatchImport, PatchSet
from generation.services import import_roots, patch_sets

KEEP: Final = timedelta(days=1)  # what nobody went on with
NO_ZIP: Final = "The uploaded file is no ZIP; pack the folder of the patches into a ZIP and upload that."


def request_look(
    *,
    folder: Path | None = None,
    upload: UploadedFile | None = None,
    pattern: str = "",
    by: str = "",
    now: datetime,
) -> PatchImport:
    """Queue a look at a folder or an uploaded ZIP; looks of earlier days are removed."""
    class_words.pattern_of(pattern)
    sweep(now=now)
    row = PatchImport(token=secrets.token_hex(8), pattern=pattern.strip(), created_by=by, created_at=now)
    if folder is not None:
        row.origin_folder = str(import_roots.checked(folder, what="patches"))
        row.save()
        return row
    if upload is None:
        raise InputError("Give a folder of this machine, or choose a ZIP to upload.", field="folder")
    with _removed_on_error(row.folder):
        _store_upload(upload, row.archive_path)
        storage.publish(row.archive_path)
        leave_to_the_bucket(row)
        row.save()  # after the bytes: a row is never without its archive
    return row


@transaction.atomic
def show(*, row: PatchImport, mapping: Mapping) -> None:
    """Keep a mapping for its preview."""
    PatchImport.objects.filter(pk=row.pk).update(mapping=mapping.as_dict())
    row.refresh_from_db()


@transaction.atomic
def request_copy(
    *, row: PatchImport, mapping: Mapping, source: str, name: str = "", now: datetime
) -> PatchSet:
    """Queue the import of what a look found."""
    source = parse_new_source(source)
    row = PatchImport.objects.select_for_update().get(pk=row.pk)
    survey = row.survey
    if row.status != Job.Status.FINISHED or survey is None:
        raise InputError(f"The look is {row.status}; wait until it has finished, then import.")
    if survey.n_faults:
        raise InputError(
            f"{survey.n_faults} of {survey.n_patches} patches cannot be imported; mend or remove them, then look again."
        )
    if row.patch_set is not None and row.patch_set.status not in (Job.Status.FAILED, Job.Status.STOPPED):
        raise InputError(
            f'These patches are already imported as "{row.patch_set.name}"; look again to import them once more.'
        )
    for word in survey.words:
        mapping.lesion_class(word)
    if not any(mapping.lesion_class(word) for word in survey.words):
        raise InputError(
            "Every patch would be left out; choose a lesion class for at least one word.", field="classes"
        )
    options = {"patch_import": row.pk, "mapping": mapping.as_dict()}
    made = patch_sets.create(
        name,
        default=f"{source} patches",
        source=source,
        options=options,
        frame_set=mapping.frame_set.to_json(),
        n_total=survey.n_patches,
        now=now,
    )
    PatchImport.objects.filter(pk=row.pk).update(patch_set=made, mapping=mapping.as_dict())
    return made


def discard(row: PatchImport) -> None:
    """Remove a look that nobody goes on with, and its files."""
    if row.is_active or (row.patch_set is not None and row.patch_set.is_active):
        raise InputError("The job is still running; stop it first.")
    forget(row)
    row.delete()


def forget(row: PatchImport) -> None:
    """Remove the files of an import and forget where it came from: its names may be those of patients."""
    storage.remove(row.folder)
    PatchImport.objects.filter(pk=row.pk).update(origin_folder="")
    # SQLite keeps earlier pages in its write-ahead log until it is told to empty it.
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def leave_to_the_bucket(row: PatchImport) -> None:
    """Keep nothing of an import on this machine where a bucket holds what is needed of it: names may be those of patients."""
    if storage.is_shared():
        storage.remove_local(row.folder)


def sweep(*, now: datetime) -> None:
    """Remove looks of earlier days with their files, and files that no row knows."""
    old = PatchImport.objects.filter(created_at__lt=now - KEEP).select_related("patch_set")
    for row in old:
        if not row.is_active and not (row.patch_set is not None and row.patch_set.is_active):
            forget(row)
            row.delete()
    known = set(PatchImport.objects.values_list("token", flat=True))
    place = settings.READERSTUDY_DATA / "patch_imports"
    for folder in (*place.glob("*"), *storage.fetched_folder(place).glob("*")):
        if folder.name not in known and _is_old(folder, now):
            shutil.rmtree(folder, ignore_errors=True)
    for file in Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*.upload*"):
        if _is_old(file, now):
            file.unlink(missing_ok=True)


def _is_old(path: Path, now: datetime) -> bool:
    """Whether something was written so long ago that whoever wrote it is gone."""
    try:
        return now.timestamp() - path.stat().st_mtime > KEEP.total_seconds()
    except FileNotFoundError:
        return False


def rename_neutrally(patch_set: PatchSet) -> None:
    """Take away a name that holds a patient's name."""
    name = f"Import {patch_set.pk}"
    PatchSet.objects.filter(pk=patch_set.pk).update(name=name, slug=slugify(name))
    patch_set.refresh_from_db()


def _store_upload(upload: UploadedFile, path: Path) -> None:
    """Put an uploaded ZIP in its place; what it is, its first bytes say, not its name."""
    limit = settings.MAX_UPLOAD_MB << 20
    if (upload.size or 0) > limit:
        raise InputError(too_large(), field="archive")
    upload.seek(0)
    if not archive.is_zip(upload.read(4)):
        raise InputError(NO_ZIP, field="archive")
    upload.seek(0)
    path.parent.mkdir(parents=True)
    with path.open("xb") as file:
        for chunk in upload.chunks():
            file.write(chunk)


def too_large() -> str:
    """Say that an upload is too large."""
    return (
        f"The file is larger than {settings.MAX_UPLOAD_MB:,} MB, the most that may be uploaded; "
        "put it into a folder of the server instead, or upload it in parts."
    )


@contextmanager
def _removed_on_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        storage.remove(folder)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError(archive.disk_full_sentence(settings.READERSTUDY_DATA), field="archive") from None
        raise
    except BaseException:
        storage.remove(folder)
        raise
