"""Write the trials and the protocol of a closed study into a folder."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.core.errors import InputError
from readerstudy.core import reader_csv
from readerstudy.core.trial_csv import write_rows
from readerstudy.models import Study
from readerstudy.selectors import arrival
from readerstudy.selectors.trials import trial_rows


class Command(BaseCommand):
    help = (
        "Export a closed study: trials.csv (one row per trial), readers.csv (one row per reader: expertise, display) "
        "and study.json (protocol, fingerprint, dates)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="slug of the study, as in its address")
        parser.add_argument("--out", type=Path, required=True, help="folder to write into; made if missing")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, out = options["study"], options["out"]
        study = Study.objects.filter(slug=slug).first()
        if study is None:
            known = ", ".join(Study.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f'There is no study "{slug}"; the studies here are: {known}.')
        try:
            rows = trial_rows(study)
        except InputError as error:
            raise CommandError(str(error)) from None
        out.mkdir(parents=True, exist_ok=True)
        with (out / "trials.csv").open("w", encoding="utf-8", newline="") as file:
            file.writelines(write_rows(rows))
        with (out / "readers.csv").open("w", encoding="utf-8", newline="") as file:
            file.writelines(reader_csv.write_rows(arrival.rows(study), arrival.labels(study)))
        facts = {
            "name": study.name,
            "protocol": study.protocol,
            "fingerprint_sha256": study.fingerprint,
            "shared_patients": study.shared_patients,
            "frozen_at": _iso(study.frozen_at),
            "opened_at": _iso(study.opened_at),
            "closed_at": _iso(study.closed_at),
        }
        (out / "study.json").write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        self.stdout.write(f"{out / 'trials.csv'}, {out / 'readers.csv'} and {out / 'study.json'} written.")


def _iso(time: Any) -> str | None:
    return time.isoformat() if time else None
