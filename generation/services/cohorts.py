"""Take cohorts in, and remove what a failed import left."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from generation.core.errors import InputError
from generation.core.labels import LesionClass
from generation.models import Cohort, Lesion, Patient
from generation.services.naming import MAX_NAME_LENGTH, RESERVED


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


@transaction.atomic
def request_import(*, folder: Path, name: str, slug: str = "", note: str = "", now: datetime) -> Cohort:
    """Queue the import of a folder; a name that a cohort has already is refused, unless its import came to nothing."""
    name = " ".join(name.split())
    slug = slugify(slug or name)
    if not slug or slug in RESERVED or len(name) > MAX_NAME_LENGTH:
        raise InputError(
            f'Cohort name "{name}" cannot be used; write 1 to {MAX_NAME_LENGTH} characters with at least one letter or digit.'
        )
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not a folder on this machine; give the folder that holds one sub-folder per patient."
        )
    Cohort.objects.filter(
        slug=slug, status__in=[Cohort.Status.FAILED, Cohort.Status.STOPPED], patients=None
    ).delete()
    earlier = Cohort.objects.filter(slug=slug).first()
    if earlier:
        raise InputError(
            f'Cohort "{slug}" is there already (imported from {earlier.origin_folder}); choose another name.'
        )
    try:
        with transaction.atomic():
            return Cohort.objects.create(
                name=name, slug=slug, origin_folder=str(folder.resolve()), note=note, created_at=now
            )
    except IntegrityError:
        raise InputError(f'Cohort "{slug}" is being imported at this moment; choose another name.') from None


def store_patients(cohort: Cohort, *, patients: Sequence[PatientFacts], is_phantom: bool) -> None:
    """Write the rows of all patients and lesions; the caller holds the transaction that also places the files."""
    Cohort.objects.filter(pk=cohort.pk).update(is_phantom=is_phantom)
    rows = [
        Patient(cohort=cohort, pseudonym=facts.pseudonym, geometry=facts.geometry, sha256=facts.sha256)
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
        )
        for row, facts in zip(rows, patients, strict=True)
        for lesion in facts.lesions
    )
