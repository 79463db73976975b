"""Analyse a trial CSV, whoever made it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evaluation.core import accuracy as accuracies
from evaluation.core import records, table3
from evaluation.core.proportions import LEVEL
from generation.core.errors import InputError
from readerstudy.core.trial_csv import read_rows


class Command(BaseCommand):
    """Twin of a study's results page, from the CSV alone."""

    help = "Write table3.csv and statistics.json from a trial CSV; reader, case, origin, tissue, answer are enough."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("trials", type=Path, help="trial CSV")
        parser.add_argument("--out", type=Path, required=True, help="folder for the results")
        parser.add_argument("--interval", choices=["wilson", "clopper-pearson"], default="wilson")
        parser.add_argument("--level", type=float, default=LEVEL, help="confidence level (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, tabulate, write."""
        method, level = options["interval"], options["level"]
        try:
            with options["trials"].open(newline="", encoding="utf-8-sig") as file:
                accuracy = accuracies.tabulate(read_rows(file))
            table = "".join(table3.csv_lines(accuracy, method=method, level=level))
            statistics = records.to_json(records.of_accuracy(accuracy, method=method, level=level))
        except OSError as error:
            raise CommandError(f"{options['trials']} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise CommandError(
                f"{options['trials']} is not UTF-8 text (byte {error.start}); save it as UTF-8."
            ) from error
        except InputError as error:
            raise CommandError(str(error)) from error
        if not accuracy.readers:
            raise CommandError(
                f"{options['trials']} holds no test trials; rows of the warm-up are not analysed."
            )
        options["out"].mkdir(parents=True, exist_ok=True)
        (options["out"] / "table3.csv").write_text(table, encoding="utf-8")
        (options["out"] / "statistics.json").write_text(statistics, encoding="utf-8")
        n_readers = len(accuracy.readers)
        n_unanswered = sum(accuracy.n_unanswered.values())
        self.stdout.write(
            f"{n_readers} reader{'s' if n_readers > 1 else ''}, {', '.join(accuracy.origins)}; left out: {n_unanswered} unanswered, "
            f"{accuracy.n_warm_up} warm-up, {accuracy.n_repeats} repeats. Wrote table3.csv and statistics.json."
        )
