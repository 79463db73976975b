"""Store patches made elsewhere as a patch set, once somebody has looked and said what is what.

Nothing here writes, logs or shows the name of a file or folder that a user brought: it may be a patient's name.
"""

import logging
import re
import shutil
from collections.abc import Callable

from django.utils import timezone

from generation import storage
from generation.core.errors import InputError
from generation.core.foreign import copying, dicom_frames, found, mapping
from generation.core.foreign.files import Kind
from generation.core.foreign.found import Found
from generation.core.patch_set import PatchSetFolder
from generation.jobs import sharing
from generation.jobs.importing import place_of
from generation.jobs.patch_looking import list_files, reporter
from generation.models import PatchImport, PatchSet
from generation.services import jobs, patch_imports, patch_sets

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


def run(patch_set_id: int, *, on_progress: Progress | None = None) -> None:
    """Fill one queued patch set."""
    row = PatchSet.objects.get(pk=patch_set_id)
    if not jobs.claim(row, now=timezone.now()):
        return
    origin = PatchImport.objects.filter(pk=row.options.get("patch_import")).first()
    try:
        _remove_remains(row)
        if origin is None:
            raise InputError("The look at these patches is gone; look at them again.")
        folder = _copy(row, origin, on_progress)
    except jobs.StoppedByUser:
        jobs.mark_stopped(row, now=timezone.now())
    except InputError as error:
        jobs.fail(row, error=error, now=timezone.now())
    except Exception as error:
        logger.error("import of patch set %s failed: %s", row.pk, place_of(error))
        jobs.fail(row, error=f"The import failed ({place_of(error)}).", now=timezone.now())
    else:
        counts = patch_sets.counted(folder)
        jobs.finish(row, now=timezone.now(), n_done=row.n_total, step_name="", **counts)
        patch_imports.forget(origin)
    finally:
        if origin is not None:
            patch_imports.leave_to_the_bucket(origin)


def give_up(row: PatchSet) -> None:
    """Leave nothing of an import that was interrupted."""
    if row.status == PatchSet.Status.STOPPED:
        _remove_remains(row)
        storage.remove(row.folder)


def _copy(row: PatchSet, origin: PatchImport, on_progress: Progress | None) -> PatchSetFolder:
    listed = list_files(origin, row)
    patches = found.find(listed, pattern=origin.pattern)
    _check_typed(row, patches)
    copied = copying.copy(
        patches,
        mapping.from_dict(row.options["mapping"]),
        row.folder,
        source=row.source,
        listed=listed,
        on_block=reporter(row, "importing", on_progress),
    )
    sharing.publish(row.folder, row)
    return copied


def _check_typed(row: PatchSet, patches: Found) -> None:
    """Refuse a name that holds a word of a patient's name or number, and take it off the row."""
    if patches.kind is not Kind.DICOM:
        return
    typed = set(re.findall(r"[^\W_]+", f"{row.name} {row.source}".lower()))
    for patch in patches.patches:
        if typed & dicom_frames.identity_words(patch.files[0].path):
            patch_imports.rename_neutrally(row)
            raise InputError(
                "The name of the patch set holds a word of a patient's name or number; import again under a neutral name."
            )


def _remove_remains(row: PatchSet) -> None:
    """Remove what a killed worker left: a draft or, killed before its last line, the whole folder."""
    for path in (row.folder, *row.folder.parent.glob(f".{row.slug}.partial-*")):
        shutil.rmtree(path, ignore_errors=True)
