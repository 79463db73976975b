"""`manage.py serve`: web server and workers of this instance, looked after until Ctrl+C."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from generation.core.errors import InputError
from readerstudy.serving import address, serve

DEFAULT_BIND = "127.0.0.1:8000"


class Command(BaseCommand):
    help = "Serve this instance: web server, worker and GPU worker, looked after until Ctrl+C or SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--bind",
            default=DEFAULT_BIND,
            metavar="HOST:PORT",
            help=f"where to listen (default {DEFAULT_BIND})",
        )
        parser.add_argument(
            "--any-port", action="store_true", help="take the next free port if that one is taken"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            chosen = address.choose(address.Address.parse(options["bind"]), any_port=options["any_port"])
            serve.prepare()
            serve.serve(
                chosen,
                data=settings.READERSTUDY_DATA,
                say=lambda line: self.stdout.write(line),
                on_ready=lambda: self.stdout.write(
                    self.style.SUCCESS(f"Serving at {chosen.url} (Ctrl+C stops)")
                ),
            )
        except InputError as error:
            raise CommandError(str(error)) from None
