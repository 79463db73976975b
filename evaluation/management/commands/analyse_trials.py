"""Analyse a trial CSV, whoever made it."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from evaluation.core.analysis import Analysis, AnalysisOptions, analyse
from evaluation.core.many_raters import N_REPLICATES
from evaluation.core.proportions import LEVEL
from evaluation.core.readings import MAX_LEVELS
from evaluation.services import analyses
from generation.core.errors import InputError
from readerstudy.core.trial_csv import read_rows


class Command(BaseCommand):
    """Twin of a study's results page, from the CSV alone."""

    help = (
        "Write table3.csv, statistics.json, report.html and more from a trial CSV; the columns reader, case, origin, "
        "tissue and answer are enough."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("trials", type=Path, help="trial CSV")
        parser.add_argument("--out", type=Path, required=True, help="folder for the results")
        parser.add_argument("--interval", choices=["wilson", "clopper-pearson"], default="wilson")
        parser.add_argument("--level", type=float, default=LEVEL, help="confidence level (%(default)s)")
        parser.add_argument(
            "--margin",
            type=float,
            help="percentage points around 50 within which accuracy counts as equivalent to chance; give the one that was "
            "fixed before reading (without it 10, and the report says that nobody fixed it)",
        )
        parser.add_argument(
            "--levels", type=int, help="levels of confidence (without it the highest one used)"
        )
        parser.add_argument("--seed", type=int, default=1, help="of the bootstraps (%(default)s)")
        parser.add_argument(
            "--replicates", type=int, default=N_REPLICATES, help="of each bootstrap (%(default)s)"
        )
        parser.add_argument("--title", help="of the report (without it the name of the file)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, analyse, write."""
        trials, out = options["trials"], options["out"]
        try:
            analysis = self._analysis(trials, self._options(options))
            if not analysis.accuracy.readers:
                raise InputError(f"{trials} holds no test trials; rows of the warm-up are not analysed.")
            names = analyses.write(
                analysis, out, title=options["title"] or trials.stem, made_on=timezone.localdate()
            )
        except InputError as error:
            raise CommandError(str(error)) from error
        except UnicodeDecodeError as error:
            raise CommandError(
                f"{trials} is not UTF-8 text (byte {error.start}); save it as UTF-8."
            ) from error
        except OSError as error:
            raise CommandError(
                f"{error.filename or trials} cannot be read or written: {error.strerror}."
            ) from error
        self.stdout.write(self._summary(analysis, names))

    def _analysis(self, trials: Path, options: AnalysisOptions) -> Analysis:
        with trials.open(newline="", encoding="utf-8-sig") as file:
            rows = read_rows(file)
        with tqdm(total=0, unit="step", disable=not sys.stderr.isatty(), leave=False) as bar:

            def report(n_done: int, n_total: int, step: str) -> None:
                bar.total = n_total
                bar.set_description(step)
                bar.update(n_done - bar.n)

            return analyse(rows, options, report=report)

    def _options(self, options: dict[str, Any]) -> AnalysisOptions:
        margin, level, replicates = options["margin"], options["level"], options["replicates"]
        if margin is not None and not 0 < margin < 50:
            raise InputError(
                f"--margin {margin:g} is not between 0 and 50; give percentage points such as 10."
            )
        if not 0 < level < 1:
            raise InputError(f"--level {level:g} is not between 0 and 1; give a fraction such as 0.95.")
        if replicates < 100:
            raise InputError(f"--replicates {replicates} are too few for an interval; give 100 or more.")
        if options["seed"] < 0:
            raise InputError(f"--seed {options['seed']} is negative; give a number of 0 or more.")
        if options["levels"] is not None and not 1 <= options["levels"] <= MAX_LEVELS:
            raise InputError(f"--levels {options['levels']} is not between 1 and {MAX_LEVELS}.")
        return AnalysisOptions(
            method=options["interval"],
            level=level,
            margin=None if margin is None else margin / 100,
            seed=options["seed"],
            n_replicates=replicates,
            n_levels=options["levels"],
        )

    def _summary(self, analysis: Analysis, names: tuple[str, ...]) -> str:
        counts = analysis.accuracy
        n_readers, n_unanswered = len(counts.readers), sum(counts.n_unanswered.values())
        return (
            f"{n_readers} reader{'s' if n_readers > 1 else ''}, {', '.join(counts.origins)}; left out: {n_unanswered} "
            f"unanswered, {counts.n_warm_up} warm-up, {counts.n_repeats} repeats. Wrote {', '.join(names)}."
        )
