"""Take cohorts in, and remove what a failed import left."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.text import slugify

from generation import storage
from generation.core.errors import InputError
from generation.core.import_options import ImportOptions
from generation.core.labels import LesionClass
from generation.models import Cohort, DryRun, Job, Lesion, Patient
from generation.services import regions
from generation.services.naming import MAX_NAME_LENGTH, RESERVED

NO_FOLDER: Final = (
    "This is not a folder on this machine; give the folder that holds one sub-folder per patient."
)
KEEP_DRY_RUNS: Final = timedelta(days=1)
Region = Patient.RegionStatus


class LesionFacts(Protocol):
    """What is stored of one lesion."""

    @property
    def number(self) -> int: ...
    @property
    def lesion_class(self) -> LesionClass: ...
    @property
    def volume_mm3(self) -> float: ...
    @property
    def n_slices(self) -> int: ...
    @property
    def origin(self) -> str: ...


class PatientFacts(Protocol):
    """What is stored of one patient."""

    @property
    def pseudonym(self) -> str: ...
    @property
    def geometry(self) -> dict[str, dict[str, list[float]]]: ...
    @property
    def sha256(self) -> str: ...
    @property
    def lesions(self) -> Sequence[LesionFacts]: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...
    @property
    def is_phantom(self) -> bool: ...


def pseudonym_key() -> bytes:
    """Secret for the pseudonyms of DICOM patients: the same patient gets the same one as long as the instance keeps its key."""
    return hashlib.sha256(f"pseudonyms:{settings.SECRET_KEY}".encode()).digest()


def default_name(folder: Path, *, now: datetime) -> str:
    """Name of a cohort that was given none: the folder's where patients' folders are pseudonyms, else when it was imported.

    The name of a folder with DICOM files may be the name of a patient.
    """
    try:
        inside = [folder, *(path for path in folder.iterdir() if path.is_dir())]
        is_ours = any(path.name.startswith("T1_pre.") for one in inside for path in one.iterdir())
    except OSError:
        is_ours = False
    return folder.resolve().name if is_ours else f"Import {now:%Y-%m-%d %H-%M-%S}"


@transaction.atomic
def request_import(
    *,
    folder: Path,
    name: str,
    slug: str = "",
    note: str = "",
    options: Mapping[str, Any] | None = None,
    now: datetime,
) -> Cohort:
    """Queue the import of a folder; a name that a cohort has already is refused, unless its import came to nothing."""
    name = " ".join(name.split())
    slug = slugify(slug or name)
    if not slug or slug in RESERVED or len(name) > MAX_NAME_LENGTH:
        raise InputError(
            f'Cohort name "{name}" cannot be used; write 1 to {MAX_NAME_LENGTH} characters with at least one letter or digit.'
        )
    if not folder.is_dir():
        raise InputError(NO_FOLDER)
    Cohort.objects.filter(
        slug=slug, status__in=[Cohort.Status.FAILED, Cohort.Status.STOPPED], patients=None
    ).delete()
    earlier = Cohort.objects.filter(slug=slug).first()
    if earlier:
        raise InputError(f'Cohort "{slug}" is there already; choose another name.')
    try:
        with transaction.atomic():
            return Cohort.objects.create(
                name=name,
                slug=slug,
                origin_folder=str(folder.resolve()),
                note=note,
                options=ImportOptions.parse(options or {}).as_dict(),
                created_at=now,
            )
    except IntegrityError:
        raise InputError(f'Cohort "{slug}" is being imported at this moment; choose another name.') from None


def store_patients(cohort: Cohort, *, patients: Sequence[PatientFacts], now: datetime) -> None:
    """Write the rows of all patients and lesions; the caller holds the transaction that also places the files."""
    is_phantom = any(facts.is_phantom for facts in patients)
    Cohort.objects.filter(pk=cohort.pk).update(is_phantom=is_phantom)
    rows = [
        Patient(
            cohort=cohort,
            pseudonym=facts.pseudonym,
            geometry=facts.geometry,
            sha256=facts.sha256,
            facts=dict(facts.facts),
            region_status=Region.GIVEN if facts.facts.get("has_breast_mask") else Region.WAITING,
        )
        for facts in patients
    ]
    Patient.objects.bulk_create(rows)
    Lesion.objects.bulk_create(
        Lesion(
            patient=row,
            number=lesion.number,
            lesion_class=lesion.lesion_class.value,
            volume_mm3=lesion.volume_mm3,
            n_slices=lesion.n_slices,
            origin=lesion.origin,
        )
        for row, facts in zip(rows, patients, strict=True)
        for lesion in facts.lesions
    )
    phantoms = [facts.pseudonym for facts in patients if facts.is_phantom]
    regions.approve(cohort=cohort, pseudonyms=phantoms, by=regions.PHANTOM, now=now)


@transaction.atomic
def request_dry_run(*, folder: Path, options: Mapping[str, Any] | None = None, now: datetime) -> DryRun:
    """Queue a look at a folder; looks of earlier days are removed."""
    if not folder.is_dir():
        raise InputError(NO_FOLDER)
    DryRun.objects.filter(finished_at__lt=now - KEEP_DRY_RUNS).delete()
    return DryRun.objects.create(
        origin_folder=str(folder.resolve()),
        options=ImportOptions.parse(options or {}).as_dict(),
        created_at=now,
    )


def forget_origin(row: Cohort | DryRun) -> None:
    """Forget where an import that has ended came from: the name of a folder may be the name of a patient."""
    ended = [Job.Status.FINISHED, Job.Status.FAILED, Job.Status.STOPPED]
    type(row)._default_manager.filter(pk=row.pk, status__in=ended).update(origin_folder="")
    # SQLite keeps earlier pages in its write-ahead log until it is told to empty it; PostgreSQL's log is its operator's.
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def remove_unfinished(cohort: Cohort) -> None:
    """Remove the patients that an import had published when it failed or was stopped."""
    if cohort.status in (Job.Status.FAILED, Job.Status.STOPPED) and storage.is_shared():
        storage.remove(cohort.folder)


def rename_neutrally(cohort: Cohort) -> None:
    """Take away a name and a note that hold a patient's name."""
    name = f"Import {cohort.pk}"
    Cohort.objects.filter(pk=cohort.pk).update(name=name, slug=slugify(name), note="")
