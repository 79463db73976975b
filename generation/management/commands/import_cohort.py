"""Import a folder of scans as a cohort."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from generation.core import patient_folder
from generation.core.errors import InputError
from generation.jobs import importing
from generation.management.progress import ProgressBar
from generation.models import Cohort
from generation.services import cohorts


class Command(BaseCommand):
    help = "Import a folder of scans, one sub-folder per patient, as a cohort."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder", type=Path, metavar="DIR", help="one sub-folder per patient, or one patient's folder"
        )
        parser.add_argument("--name", help="name of the cohort (default: the folder's name)")
        parser.add_argument("--note", default="", help="a remark shown on the cohort's page")
        parser.add_argument("--dry-run", action="store_true", help="check every patient and import nothing")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["dry_run"]:
                self._look(options["folder"], as_json=options["json"])
            else:
                self._import(options)
        except InputError as error:
            raise CommandError(str(error)) from error

    def _look(self, folder: Path, *, as_json: bool) -> None:
        findings = [
            finding.as_dict()
            for finding in tqdm(importing.look(folder), unit="patient", disable=None, leave=False)
        ]
        ignored = patient_folder.find_patients(folder).ignored
        n_bad = sum(bool(finding["error"]) for finding in findings)
        if as_json:
            self.stdout.write(
                json.dumps(
                    {
                        "folder": str(folder),
                        "can_import": not n_bad,
                        "ignored": ignored,
                        "patients": findings,
                    },
                    indent=1,
                )
            )
        else:
            for finding in findings:
                self.stdout.write(_sentence(finding))
            for name in ignored:
                self.stdout.write(f"--   {name} holds no frame and is left out")
        if n_bad:
            raise CommandError(
                f"{n_bad} of {len(findings)} patients cannot be imported; nothing would be imported."
            )
        if not as_json:
            self.stdout.write(f"{len(findings)} patients can be imported.")

    def _import(self, options: dict[str, Any]) -> None:
        folder: Path = options["folder"]
        name = options["name"] or folder.resolve().name
        cohort = cohorts.request_import(folder=folder, name=name, note=options["note"], now=timezone.now())
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
            self.stdout.write(
                f"Cohort {cohort.slug}: {n_patients} patients imported. Next: manage.py extract_patches {cohort.slug}"
            )


def _sentence(finding: dict[str, Any]) -> str:
    if finding["error"]:
        return f"no   {finding['error']}"
    lesions = (
        ", ".join(f"{lesion['lesion']} {lesion['lesion_class']}" for lesion in finding["lesions"]) or "none"
    )
    size = " x ".join(str(n) for n in finding["geometry"]["T1"]["size"])
    return f"yes  {finding['patient']}: T1 {size}, lesions: {lesions}"
