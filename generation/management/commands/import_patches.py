"""Import patches drawn by any generator, or reals cut elsewhere, as a patch set."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from generation.core.errors import InputError
from generation.jobs import extracting
from generation.management.progress import ProgressBar
from generation.models import PatchSet
from generation.services import patch_sets


class Command(BaseCommand):
    help = "Import a folder with patches.npy (int16, N x 7 x 64 x 64, or N x 6 without Sub) and index.csv (column lesion_class)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="holds patches.npy and index.csv")
        parser.add_argument(
            "--source", required=True, help="what drew the patches, such as stylegan-2; real for scans"
        )
        parser.add_argument("--name", default="", help="name of the patch set")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            row = patch_sets.request_copy(
                source=options["source"],
                origin_folder=options["folder"],
                name=options["name"],
                now=timezone.now(),
            )
        except InputError as error:
            raise CommandError(str(error)) from error
        with ProgressBar("patch") as bar:
            extracting.run(row.pk, on_progress=bar.show)
        row.refresh_from_db()
        if row.status != PatchSet.Status.FINISHED:
            raise CommandError(row.error or f"The import is {row.status}.")
        self.stdout.write(
            f"Patch set {row.slug}: {row.n_benign} benign, {row.n_malignant} malignant, {row.n_no_findings} healthy patches of {row.source}"
        )
