"""Print the data dictionary."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluation.core import data_dictionary


class Command(BaseCommand):
    """Twin of docs/data-dictionary.md."""

    help = "Print what every column of an export holds: Markdown, or CSV with --csv."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--csv", action="store_true", help="as CSV, one row per column")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print."""
        text = "".join(data_dictionary.csv_lines()) if options["csv"] else data_dictionary.to_markdown()
        self.stdout.write(text, ending="")
