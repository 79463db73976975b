"""Compute a frozen study's fingerprint and every reader's order again, and say what differs."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.core.errors import InputError
from readerstudy.models import Study
from readerstudy.selectors.verification import verification


class Command(BaseCommand):
    help = (
        "Verify a frozen study: fingerprint (protocol and every case's pixels), quotas, and the order of every session "
        "from its seed. Exit code 0 only if nothing differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="slug of the study, as in its address")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["study"]
        study = Study.objects.filter(slug=slug).first()
        if study is None:
            known = ", ".join(Study.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f'There is no study "{slug}"; the studies here are: {known}.')
        try:
            found = verification(study)
        except InputError as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            facts = {"study": study.slug, "fingerprint_stored": study.fingerprint} | found.to_json()
            self.stdout.write(json.dumps(facts, indent=1, sort_keys=True))
        else:
            for difference in found.differences:
                self.stdout.write(f"{difference.kind}: {difference.sentence}")
        compared = f"{found.n_cases} cases, {found.n_sessions} sessions, {found.n_trials} trials compared"
        if not found.is_same:
            n = len(found.differences)
            raise CommandError(f"{n} difference{'s' if n > 1 else ''}; {compared}.", returncode=1)
        if not options["json"]:
            self.stdout.write(f"Nothing differs: {compared}. Fingerprint {found.fingerprint}.")
