"""Fetch the published Inception-v3 weights that FID is defined by."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from evaluation.core import extractor_names
from evaluation.jobs import fetching
from evaluation.selectors import weights
from generation.core.errors import InputError


class Command(BaseCommand):
    """Puts the file where every scoring of this instance finds it."""

    help = "Fetch the Inception-v3 weights of FID (96 MB, SHA-256 checked); an interrupted download goes on where it stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--url", default=extractor_names.STANDARD_URL, help="another address of the same file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Fetch, check, say where the file is."""
        path = weights.fetched_inception()
        try:
            with tqdm(unit="B", unit_scale=True, disable=None) as bar:

                def show(done: int, total: int) -> None:
                    bar.total = total
                    bar.update(done - bar.n)

                is_new = fetching.fetch(
                    options["url"],
                    path,
                    sha256=extractor_names.STANDARD_SHA256,
                    n_bytes=extractor_names.STANDARD_BYTES,
                    on_progress=show,
                )
        except InputError as error:
            raise CommandError(str(error)) from error
        said = "Fetched" if is_new else "Already here"
        self.stdout.write(f"{said}: {path}; scorings of this instance use it, SHA-256 checked.")
