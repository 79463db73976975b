"""Import a folder of scans as a cohort."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from generation.core.errors import InputError
from generation.core.import_options import ImportOptions, PhaseRule
from generation.jobs import importing
from generation.management import stopping
from generation.management.progress import ProgressBar
from generation.models import Cohort
from generation.services import cohorts, regions


class Command(BaseCommand):
    help = (
        "Import a folder of scans as a cohort: one sub-folder per patient with DICOM files or with our NIfTI files, "
        "or the layout of MAMA-MIA, BreastDCEDL or ODELIA. See docs/importing.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder", type=Path, metavar="DIR", help="one sub-folder per patient, or one patient's folder"
        )
        parser.add_argument("--name", help="name of the cohort; no patient's name")
        parser.add_argument("--note", default="", help="a remark shown on the cohort's page")
        parser.add_argument("--dry-run", action="store_true", help="say what was found and import nothing")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
        parser.add_argument(
            "--without-t2", action="store_true", help="import a cohort that has no T2; that frame is black"
        )
        parser.add_argument(
            "--keep-ids",
            action="store_true",
            help="keep PatientID as pseudonym where the files say that identity was removed",
        )
        parser.add_argument(
            "--phase-rule",
            choices=[rule.value for rule in PhaseRule],
            help="tell DICOM phases apart by this tag",
        )
        parser.add_argument(
            "--phases",
            metavar="A,B,C,D,E",
            help="the five phases to take, counted from 0, for instance 0,1,2,3,4",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with stopping.on_signals("Stopped; nothing was imported.") as interruption:
                chosen = importing.options_of(options)
                if options["dry_run"]:
                    self._look(options["folder"], chosen, as_json=options["json"])
                else:
                    self._import(options, chosen, interruption)
        except InputError as error:
            raise CommandError(str(error)) from error

    def _look(self, folder: Path, options: ImportOptions, *, as_json: bool) -> None:
        found, checked = importing.look(folder, options)
        bar = tqdm(checked, total=len(found.patients), unit="patient", disable=None, leave=False)
        findings = [finding.as_dict() for finding in bar]
        n_bad = sum(bool(finding["error"]) for finding in findings)
        if as_json:
            told = {
                "layout": found.layout,
                "can_import": not n_bad,
                "n_ignored": found.n_ignored,
                "patients": findings,
            }
            self.stdout.write(json.dumps(told, indent=1))
        else:
            self.stdout.write(f"Layout: {found.layout}")
            for finding in findings:
                self.stdout.write(_sentences(finding))
            if found.n_ignored:
                self.stdout.write(f"--   {found.n_ignored} sub-folders hold no scan and are left out")
        if n_bad:
            raise CommandError(
                f"{n_bad} of {len(findings)} patients cannot be imported; nothing would be imported."
            )
        if not as_json:
            self.stdout.write(f"{len(findings)} patients can be imported.")

    def _import(
        self, options: dict[str, Any], chosen: ImportOptions, interruption: stopping.Interruption
    ) -> None:
        folder: Path = options["folder"]
        name = options["name"] or cohorts.default_name(folder, now=timezone.now())
        with interruption.held():
            cohort = cohorts.request_import(
                folder=folder, name=name, note=options["note"], options=chosen.as_dict(), now=timezone.now()
            )
            interruption.ends_with(partial(_give_up, cohort))
        with ProgressBar("patient") as bar:
            importing.run(cohort.pk, on_progress=bar.show)
        cohort.refresh_from_db()
        if cohort.status != Cohort.Status.FINISHED:
            raise CommandError(cohort.error or f"The import is {cohort.status}.")
        n_patients = cohort.patients.count()
        if options["json"]:
            self.stdout.write(
                json.dumps({"cohort": cohort.slug, "folder": str(cohort.folder), "n_patients": n_patients})
            )
        else:
            next_step = "breast_regions" if regions.waiting(cohort) else "extract_patches"
            self.stdout.write(
                f"Cohort {cohort.slug}: {n_patients} patients imported. Next: manage.py {next_step} {cohort.slug}"
            )


def _give_up(cohort: Cohort) -> str:
    is_stopped = stopping.mark_stopped(cohort)
    importing.give_up(cohort)
    if not is_stopped:
        return f"The import had ended before it was to be stopped: cohort {cohort.slug} is {cohort.status}."
    return "Stopped; nothing was imported and it is forgotten where from: give the same command again to import it."


def _sentences(finding: dict[str, Any]) -> str:
    if finding["error"]:
        return f"no   {finding['error']}"
    lesions = (
        ", ".join(f"{lesion['lesion']} {lesion['lesion_class']}" for lesion in finding["lesions"]) or "none"
    )
    if not finding["lesions_known"]:
        lesions = "UNKNOWN"
    size = " x ".join(str(n) for n in finding["geometry"]["T1"]["size"])
    lines = [f"yes  {finding['patient']}: T1 {size}, lesions: {lesions}", *finding["found"]]
    return "\n     ".join(lines)
