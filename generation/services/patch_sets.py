"""Queue extractions, and give rows to patch sets."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from generation.core.errors import InputError
from generation.core.extraction_options import ExtractionOptions
from generation.core.labels import LESION_CLASSES, REAL
from generation.core.patch_set import PatchSetFolder
from generation.models import Cohort, PatchSet
from generation.services import extractions, naming, regions


@transaction.atomic
def request_extraction(
    *, cohort: Cohort, options: ExtractionOptions, name: str = "", now: datetime
) -> PatchSet:
    """Queue the extraction of a cohort that is completely imported."""
    if cohort.status != Cohort.Status.FINISHED:
        raise InputError(
            f'Cohort "{cohort.name}" is {cohort.status}; wait until its import is finished, then extract it.'
        )
    regions.check_decided(cohort, options)
    row = create(
        name,
        default=f"{cohort.name[:70]}, seed {options.seed}",
        source=REAL,
        cohort=cohort,
        seed=options.seed,
        options=options.as_dict(),
        now=now,
    )
    extractions.plan(row)
    return row


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
