"""Queue extractions, and give rows to patch sets that came from elsewhere."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from generation.core.errors import InputError
from generation.core.extraction_options import ExtractionOptions
from generation.core.labels import LESION_CLASSES, REAL, parse_source
from generation.core.patch_set import PatchSetFolder
from generation.models import Cohort, PatchSet
from generation.services import naming


@transaction.atomic
def request_extraction(
    *, cohort: Cohort, options: ExtractionOptions, name: str = "", now: datetime
) -> PatchSet:
    """Queue the extraction of a cohort that is completely imported."""
    if cohort.status != Cohort.Status.FINISHED:
        raise InputError(
            f'Cohort "{cohort.name}" is {cohort.status}; wait until its import is finished, then extract it.'
        )
    return create(
        name,
        default=f"{cohort.name[:70]}, seed {options.seed}",
        source=REAL,
        cohort=cohort,
        seed=options.seed,
        options=options.as_dict(),
        now=now,
    )


@transaction.atomic
def request_copy(*, source: str, origin_folder: Path, name: str = "", now: datetime) -> PatchSet:
    """Queue the copying of patches that somebody's own generator drew, or of reals cut elsewhere."""
    source = parse_source(source)
    options = {"origin_folder": str(origin_folder.resolve())}
    return create(name, default=f"{source} patches", source=source, options=options, now=now)


def counted(folder: PatchSetFolder) -> dict[str, Any]:
    """Fields of the row that repeat what the folder holds, for `jobs.finish`."""
    counts = folder.counts()
    return {
        "sha256": folder.sha256,
        **{f"n_{lesion_class}": counts[lesion_class] for lesion_class in LESION_CLASSES},
    }


def create(name: str, *, default: str, now: datetime, **fields: Any) -> PatchSet:
    """Make the row of a patch set that a job will fill."""
    name = naming.clean_name(name, default=default, kind="Patch set")
    slug = naming.numbered_slug(PatchSet, name)
    try:
        with transaction.atomic():
            return PatchSet.objects.create(name=name, slug=slug, created_at=now, **fields)
    except IntegrityError:
        raise InputError(f'Patch set "{slug}" is being made at this moment; choose another name.') from None
