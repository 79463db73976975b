"""`manage.py backup FILE`: one file with the whole instance, while it runs."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from generation.core.errors import InputError
from readerstudy.safekeeping import archive


class Command(BaseCommand):
    help = (
        "Write a backup of this instance (database, files, key) into one tar file. Readers may go on reading. "
        "The file holds names of readers and the key of their links: keep it as you keep those."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="tar file to write; must not exist")
        parser.add_argument(
            "--without-scans", action="store_true", help="leave the imported cohorts out; patch sets stay in"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = archive.write(
                settings.READERSTUDY_DATA,
                options["file"].resolve(),
                with_scans=not options["without_scans"],
                now=timezone.now(),
            )
        except InputError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{options['file']} written: {made.n_files} files, {made.n_bytes / 1e6:.1f} MB, {made.database} database."
        )
