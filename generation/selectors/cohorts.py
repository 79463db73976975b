"""Read cohorts, their patients and Table 1."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from django.db.models import Count, Q, QuerySet

from generation import storage
from generation.core.labels import LesionClass
from generation.models import Cohort, Lesion, PatchSet, Patient
from generation.selectors import patch_sets

TABLE1_COLUMNS = (
    "cohort",
    "patch_set",
    "subjects",
    "lesions_benign",
    "lesions_malignant",
    "patches_benign",
    "patches_malignant",
    "patches_healthy",
)


@dataclass(frozen=True)
class Table1Row:
    """One line of Table 1 of the paper: a cohort and, once it is extracted, one of its patch sets."""

    cohort: Cohort
    patch_set: PatchSet | None
    n_subjects: int
    n_benign_lesions: int
    n_malignant_lesions: int


def all_cohorts() -> QuerySet[Cohort]:
    """Cohorts, newest first, with their numbers of patients and lesions."""
    benign, malignant = LesionClass.BENIGN.value, LesionClass.MALIGNANT.value
    return Cohort.objects.annotate(
        n_patients=Count("patients", distinct=True),
        n_benign_lesions=Count(
            "patients__lesions", filter=Q(patients__lesions__lesion_class=benign), distinct=True
        ),
        n_malignant_lesions=Count(
            "patients__lesions", filter=Q(patients__lesions__lesion_class=malignant), distinct=True
        ),
    )


@dataclass(frozen=True)
class PatientLine:
    """One patient as a page shows it."""

    pseudonym: str
    lesions: tuple[Lesion, ...]
    t1_size: str
    t1_spacing: str
    t2_size: str
    t2_spacing: str
    found: tuple[str, ...]  # what the import found out, in sentences
    lesions_known: bool


def patients_of(cohort: Cohort) -> list[PatientLine]:
    """Patients by pseudonym, with their lesions and scanned grids."""
    return [
        PatientLine(
            patient.pseudonym,
            tuple(patient.lesions.all()),
            *_grid(patient, "T1"),
            *_grid(patient, "T2"),
            found=tuple(patient.facts.get("found", ())),
            lesions_known=patient.facts.get("lesions_known", True),
        )
        for patient in cohort.patients.prefetch_related("lesions")
    ]


@dataclass(frozen=True)
class RegionCount:
    """How many patients have a breast region in one state; the empty state is all of them."""

    status: str
    words: str
    n: int


def region_counts(cohort: Cohort) -> list[RegionCount]:
    """Patients by the state of their breast region, all of them first."""
    found = dict(cohort.patients.values_list("region_status").annotate(n=Count("pk")).order_by())
    every = RegionCount("", "patient" if sum(found.values()) == 1 else "patients", sum(found.values()))
    states = Patient.RegionStatus
    return [every, *(RegionCount(str(one), str(one.label).lower(), found.get(one, 0)) for one in states)]


def region_sheet(patient: Patient) -> Path | None:
    """Picture of the automatic breast region, if there is one."""
    return storage.piece(patient.folder, patient.region_sheet.name)


def _grid(patient: Patient, series: str) -> tuple[str, str]:
    grid = patient.geometry[series]
    return " × ".join(str(n) for n in grid["size"]), " × ".join(f"{mm:.2f}" for mm in grid["spacing_mm"])


def table1(cohort: Cohort) -> list[Table1Row]:
    """Table 1: one line per finished extraction, or one without patches before the first."""
    lesions = Lesion.objects.filter(patient__cohort=cohort)
    made: list[PatchSet | None] = [*patch_sets.finished_of(cohort)]
    return [
        Table1Row(
            cohort=cohort,
            patch_set=patch_set,
            n_subjects=cohort.patients.count(),
            n_benign_lesions=lesions.filter(lesion_class=LesionClass.BENIGN.value).count(),
            n_malignant_lesions=lesions.filter(lesion_class=LesionClass.MALIGNANT.value).count(),
        )
        for patch_set in made or [None]
    ]


def table1_csv(cohort: Cohort) -> Iterator[str]:
    """Lines of Table 1 as CSV; cells of patches are empty before the first extraction."""
    yield _line(TABLE1_COLUMNS)
    for row in table1(cohort):
        made = row.patch_set
        patches = (made.n_benign, made.n_malignant, made.n_no_findings) if made else ("", "", "")
        slug = made.slug if made else ""
        yield _line(
            (cohort.slug, slug, row.n_subjects, row.n_benign_lesions, row.n_malignant_lesions, *patches)
        )


def _line(cells: tuple[object, ...]) -> str:
    text = StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
