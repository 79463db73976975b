"""Approve or refuse automatic breast regions, from which healthy patches are cut."""

import getpass
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from generation.core.errors import InputError
from generation.core.extraction_options import ExtractionOptions
from generation.models import Cohort, Patient

PHANTOM: Final = "nobody: a phantom needs no approval"
_NAMED: Final = 5  # pseudonyms in a sentence
_Status = Patient.RegionStatus


@transaction.atomic
def approve(*, cohort: Cohort, pseudonyms: Sequence[str], by: str, now: datetime) -> int:
    """Say that somebody looked at these regions and they are breasts; returns how many changed."""
    return _decide(cohort, pseudonyms, _Status.APPROVED, by=by, now=now)


@transaction.atomic
def refuse(*, cohort: Cohort, pseudonyms: Sequence[str], by: str, now: datetime) -> int:
    """Say that these regions are wrong: lesions are cut out of these patients, healthy tissue is not."""
    return _decide(cohort, pseudonyms, _Status.REFUSED, by=by, now=now)


@transaction.atomic
def approve_waiting(*, cohort: Cohort, by: str, now: datetime) -> int:
    """Approve every region that nobody has decided about; returns how many."""
    return _decide(
        cohort, [patient.pseudonym for patient in waiting(cohort)], _Status.APPROVED, by=by, now=now
    )


def waiting(cohort: Cohort) -> list[Patient]:
    """Patients whose region is used and waits for approval."""
    rows = cohort.patients.filter(region_status=_Status.WAITING)
    return [patient for patient in rows if patient.are_lesions_known]


def check_decided(cohort: Cohort, options: ExtractionOptions) -> None:
    """Refuse to cut healthy patches from regions that nobody has looked at."""
    rows = waiting(cohort) if options.healthy_per_breast_slice else []
    if rows:
        raise InputError(
            f"The breast region of {len(rows)} of {cohort.patients.count()} patients was found automatically and waits for approval "
            f"({listed([row.pseudonym for row in rows])}); look at the page Breast regions and approve or refuse each, "
            "or ask for 0 healthy patches."
        )


def by_command() -> str:
    """Who decides on a command line."""
    return f"{getpass.getuser()}, by command"


def listed(pseudonyms: Sequence[str]) -> str:
    """The first few pseudonyms, and how many more there are."""
    more = len(pseudonyms) - _NAMED
    return ", ".join(pseudonyms[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _decide(
    cohort: Cohort, pseudonyms: Sequence[str], status: Patient.RegionStatus, *, by: str, now: datetime
) -> int:
    known = set(cohort.patients.values_list("pseudonym", flat=True))
    strange = sorted(set(pseudonyms) - known)
    if strange:
        raise InputError(
            f'Cohort "{cohort.slug}" has no patient {listed(strange)}; the page Breast regions lists them.'
        )
    automatic = cohort.patients.filter(pseudonym__in=pseudonyms).exclude(region_status=_Status.GIVEN)
    return automatic.exclude(region_status=status).update(
        region_status=status, region_by=by[:150], region_at=now
    )
