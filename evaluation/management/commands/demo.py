"""`manage.py demo`: a complete small study on this machine, set up once and served."""

import os
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from evaluation.demo import account, patches, reading, work
from generation.core.errors import InputError
from readerstudy.serving import instance, serve
from readerstudy.serving.address import Address, choose

DEFAULT_PORT = 8000


class Command(BaseCommand):
    help = "Set up a complete small study (phantom cohort, generators, pools, an open study) and serve it. Running it again goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--train",
            action="store_true",
            help="train the generators from scratch (about two hours on two cores) instead of using those that ship with the project",
        )
        parser.add_argument("--no-serve", action="store_false", dest="serve", help="set up only")
        parser.add_argument(
            "--port",
            type=int,
            default=DEFAULT_PORT,
            help=f"port to listen on, or the next free one (default {DEFAULT_PORT})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        data: Path = settings.READERSTUDY_DATA
        try:
            instance.check_not_served(data)
            credentials = self._set_up(data, train=options["train"])
            if not options["serve"]:
                self.stdout.write("The demonstration is set up.")
                return
            address = choose(Address("127.0.0.1", options["port"]), any_port=True)
            self._begin("Starting the web server and the workers")
            serve.serve(
                address, data=data, say=self._say, on_ready=lambda: self._tell(address, credentials, data)
            )
        except InputError as error:
            raise CommandError(str(error)) from None

    def _set_up(self, data: Path, *, train: bool) -> account.Credentials:
        n_processes = os.cpu_count() or 1
        kept_in = data / "demo" / "credentials.txt"
        with self._step("Database and static files"):
            serve.prepare()
            credentials = account.ensure_admin(kept_in)
        with self._step(f"Phantom cohort of {patches.N_PATIENTS} patients"):
            cohort = patches.ensure_cohort(data / "demo" / "phantom", n_processes=n_processes)
        with self._step("Extraction of its patches"):
            real = patches.ensure_real_patches(cohort, n_processes=n_processes)
        synthetic = []
        for source in patches.GENERATORS:
            with self._step(f"{'Training of a' if train else 'Patches of the'} {source.upper()}"):
                checkpoint = (
                    patches.trained_generator(source, real) if train else patches.shipped_generator(source)
                )
                synthetic.append(patches.ensure_synthetic_patches(checkpoint))
        with self._step("Pools, study and invitations"):
            pools = reading.ensure_pools([real, *synthetic])
            study = reading.ensure_study(
                pools, name=reading.TRAINED_STUDY_NAME if train else reading.STUDY_NAME
            )
            credentials = account.Credentials(credentials.password, reading.ensure_links(study))
            account.write(kept_in, credentials)
            work.ensure_training(real)
            work.ensure_scores(real, synthetic)
        return credentials

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        """Say what is being done, and how long it took."""
        self._begin(name)
        started = time.monotonic()
        yield
        self.stdout.write(f"  done in {time.monotonic() - started:.1f} s")

    def _begin(self, name: str) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(name))
        self.stdout.flush()

    def _say(self, line: str) -> None:
        self.stdout.write(f"  {line}")
        self.stdout.flush()

    def _tell(self, address: Address, credentials: account.Credentials, data: Path) -> None:
        """Print how to get in."""
        lines = [
            "",
            self.style.SUCCESS(f"Serving at {address.url}"),
            "",
            f"  Desk          {address.url}/desk/",
            f"                user {account.USER_NAME}, password {credentials.password}",
            *(f"  {group.capitalize():<13} {address.url}{path}" for group, path in credentials.links.items()),
            "",
            f"  Kept in {data}; the password and the links are in demo/credentials.txt.",
            "  Ctrl+C stops everything; the same command goes on where it stopped.",
            "",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
