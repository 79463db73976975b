"""`manage.py restore FILE`: bring a backup back into a new instance."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation import storage
from generation.core.errors import InputError
from readerstudy.safekeeping import archive
from readerstudy.serving import instance


class Command(BaseCommand):
    help = (
        "Restore a backup into a new instance: READERSTUDY_DATA names an empty folder and DATABASE_URL, where it is "
        "set, an empty database. Every file is checked by its hash before anything takes its place."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="tar file that `backup` wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        data = settings.READERSTUDY_DATA
        try:
            instance.check_not_served(data)
            made = archive.restore(options["file"], data)
        except InputError as error:
            raise CommandError(str(error)) from None
        call_command("migrate", interactive=False, verbosity=0)
        if storage.is_shared():
            call_command("share_files", stdout=self.stdout)
        self.stdout.write(
            f"Restored into {data}: {made.n_files} files, {made.n_bytes / 1e6:.1f} MB, {made.database} database, as of {made.made_at}."
        )
