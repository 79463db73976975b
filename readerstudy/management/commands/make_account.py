"""`manage.py make_account USER`: an account of the desk, and the link by which its owner sets the password."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from generation.core.errors import InputError
from readerstudy.selectors.accounts import ADMINISTRATOR, KINDS, password_path
from readerstudy.services import accounts


class Command(BaseCommand):
    help = "Make an account of the desk, the first administrator for example, and print the link to set its password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user_name", help="what they sign in with")
        parser.add_argument(
            "--kind", choices=list(KINDS), default=ADMINISTRATOR, help=f"default: {ADMINISTRATOR}"
        )
        parser.add_argument("--name", default="", help="their name")
        parser.add_argument("--email", default="", help="their e-mail address; nothing is sent to it now")
        parser.add_argument(
            "--url", default="", help="address of this instance, such as https://study.example.org"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = accounts.create(
                user_name=options["user_name"],
                kind=options["kind"],
                name=options["name"],
                email=options["email"],
                by="the command line",
                now=timezone.now(),
            )
        except InputError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{user.username} is made ({options['kind']}). The link works once and for three days:"
        )
        self.stdout.write(f"{options['url'].rstrip('/')}{password_path(user)}")
