"""`manage.py breast_regions COHORT`: the twin of the page Breast regions."""

import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from generation.core.errors import InputError
from generation.models import Cohort
from generation.selectors import cohorts
from generation.services import regions


class Command(BaseCommand):
    help = "List the breast regions of a cohort, write their pictures, approve or refuse them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cohort", help="slug of the cohort")
        parser.add_argument("--sheets", type=Path, metavar="DIR", help="copy the pictures to this folder")
        parser.add_argument("--approve", nargs="+", default=[], metavar="PSEUDONYM")
        parser.add_argument("--refuse", nargs="+", default=[], metavar="PSEUDONYM")
        parser.add_argument("--approve-all", action="store_true", help="approve all that wait")

    def handle(self, *args: Any, **options: Any) -> None:
        cohort = Cohort.objects.filter(slug=options["cohort"]).first()
        if cohort is None:
            known = ", ".join(Cohort.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f'There is no cohort "{options["cohort"]}"; the cohorts are: {known}.')
        by, now = regions.by_command(), timezone.now()
        try:
            regions.refuse(cohort=cohort, pseudonyms=options["refuse"], by=by, now=now)
            regions.approve(cohort=cohort, pseudonyms=options["approve"], by=by, now=now)
        except InputError as error:
            raise CommandError(str(error)) from None
        if options["approve_all"]:
            regions.approve_waiting(cohort=cohort, by=by, now=now)
        for patient in cohort.patients.all():
            who = f", {patient.region_by}, {patient.region_at:%Y-%m-%d %H:%M}" if patient.region_at else ""
            self.stdout.write(f"{patient.pseudonym}: {patient.get_region_status_display()}{who}")
            if options["sheets"] and (sheet := cohorts.region_sheet(patient)):
                options["sheets"].mkdir(parents=True, exist_ok=True)
                shutil.copy(sheet, options["sheets"] / f"{patient.pseudonym}.jpg")
