"""Extract the patches of a cohort into a patch set."""

from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from generation.core.errors import InputError
from generation.core.extraction_options import HEALTHY_PER_BREAST_SLICE, ExtractionOptions
from generation.core.intensity import IntensityRange
from generation.jobs import extracting
from generation.management import stopping
from generation.management.progress import ProgressBar
from generation.models import Cohort, PatchSet
from generation.services import extractions, patch_sets, regions

MAX_JOBS = 256


class Command(BaseCommand):
    help = "Extract lesion and healthy patches of a cohort into a patch set."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cohort", help="slug of the cohort, or with --resume of the patch set")
        parser.add_argument("--seed", type=int, default=1, help="seed of the healthy centres (default 1)")
        parser.add_argument(
            "--healthy-per-breast-slice",
            type=int,
            default=HEALTHY_PER_BREAST_SLICE,
            metavar="N",
            help=f"healthy patches per breast and axial slice (default {HEALTHY_PER_BREAST_SLICE}, as in the paper)",
        )
        parser.add_argument(
            "--intensity-range",
            choices=[choice.value for choice in IntensityRange],
            default=IntensityRange.MIN_MAX.value,
            help="scanned values that become 0 and 1023 (default min-max, as in the paper)",
        )
        parser.add_argument("--name", default="", help="name of the patch set")
        parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")
        parser.add_argument(
            "--approve-regions",
            action="store_true",
            help="approve the automatic breast regions that wait for it; see manage.py breast_regions",
        )
        parser.add_argument(
            "--resume",
            action="store_true",
            help="go on with an extraction that was stopped, failed or killed; finished patients are kept",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["jobs"] <= MAX_JOBS:
            raise CommandError(
                f"--jobs is {options['jobs']}; write a number of processes from 1 to {MAX_JOBS}."
            )
        with stopping.on_signals("Stopped; nothing was extracted.") as interruption:
            row = self._extract(options, interruption)
        row.refresh_from_db()
        if row.status != PatchSet.Status.FINISHED:
            raise CommandError(row.error or f"The extraction is {row.status}.")
        self.stdout.write(
            f"Patch set {row.slug}: {row.n_benign} benign, {row.n_malignant} malignant, {row.n_no_findings} healthy patches in {row.folder}"
        )

    def _extract(self, options: dict[str, Any], interruption: stopping.Interruption) -> PatchSet:
        try:
            with interruption.held():
                row = self._resumed(options["cohort"]) if options["resume"] else self._requested(options)
                interruption.ends_with(partial(_give_up, row))
        except InputError as error:
            raise CommandError(str(error)) from error
        with ProgressBar("patient") as bar:
            extracting.run(row.pk, n_jobs=options["jobs"], on_progress=bar.show)
        return row

    def _requested(self, options: dict[str, Any]) -> PatchSet:
        cohort = Cohort.objects.filter(slug=options["cohort"]).first()
        if cohort is None:
            known = ", ".join(Cohort.objects.values_list("slug", flat=True)) or "none yet"
            raise InputError(f'There is no cohort "{options["cohort"]}"; the cohorts are: {known}.')
        chosen = ExtractionOptions.parse(options)
        if options["approve_regions"]:
            regions.approve_waiting(cohort=cohort, by=regions.by_command(), now=timezone.now())
        elif chosen.healthy_per_breast_slice and (waiting := regions.waiting(cohort)):
            raise InputError(
                f"The breast regions of {len(waiting)} patients were found automatically and wait for approval "
                f"({regions.listed([row.pseudonym for row in waiting])}); look at them with manage.py breast_regions {cohort.slug}, "
                "or give --approve-regions."
            )
        return patch_sets.request_extraction(
            cohort=cohort, options=chosen, name=options["name"], now=timezone.now()
        )

    def _resumed(self, slug: str) -> PatchSet:
        row = PatchSet.objects.filter(slug=slug, cohort__isnull=False).first()
        if row is None:
            unfinished = PatchSet.objects.filter(cohort__isnull=False).exclude(
                status=PatchSet.Status.FINISHED
            )
            known = ", ".join(unfinished.values_list("slug", flat=True)) or "none"
            raise InputError(f'There is no extraction "{slug}"; unfinished are: {known}.')
        extractions.resume(patch_set=row, now=timezone.now())
        return row


def _give_up(row: PatchSet) -> str:
    is_stopped = stopping.mark_stopped(row)
    n_kept = extracting.give_up(row)
    if not is_stopped:
        return f"The extraction had ended before it was to be stopped: patch set {row.slug} is {row.status}."
    return (
        f"Stopped; the patches of {n_kept} of {row.parts.count()} patients are kept: "
        f"`manage.py extract_patches {row.slug} --resume` goes on with the others."
    )
