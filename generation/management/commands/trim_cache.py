"""`manage.py trim_cache --max-gb N`: make room on this machine; what is removed here lies in the bucket."""

import time
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation import storage
from generation.core.errors import InputError

REST_SECONDS: Final = 3600  # what was asked for within them may be in use


class Command(BaseCommand):
    help = (
        "Remove local copies of published files, least recently used first, until they take no more than a limit. "
        "What was used within the last hour stays, and so does everything that the bucket does not hold."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--max-gb", type=float, required=True, metavar="N", help="limit, in 10^9 bytes")

    def handle(self, *args: Any, **options: Any) -> None:
        if not storage.is_shared():
            raise CommandError("There is no bucket to fetch files from again; nothing was removed.")
        if options["max_gb"] < 0:
            raise CommandError(f"The limit is {options['max_gb']:g} GB; give 0 or a positive number.")
        found = sorted(storage.entries(), key=lambda entry: entry.used_at)
        left, removed = sum(entry.n_bytes for entry in found), 0
        try:
            for entry in found:
                if left <= options["max_gb"] * 1e9 or entry.used_at > time.time() - REST_SECONDS:
                    break
                if storage.let_go(entry):
                    left, removed = left - entry.n_bytes, removed + entry.n_bytes
        except InputError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{removed / 1e9:.2f} GB removed, {left / 1e9:.2f} GB of published files are left here."
        )
