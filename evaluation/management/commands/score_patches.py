"""Score a folder of generated patches against a folder of real ones."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from evaluation.core import extractor_names, generator_scores
from evaluation.core.scoring import ScoreOptions, SetScores
from evaluation.core.wording import decimal
from evaluation.jobs import scoring
from generation.core.errors import InputError


class Command(BaseCommand):
    """Twin of the form on the generators page; needs no rows in the database."""

    help = "Score generated patches against real ones: Frechet distance with its floor, 1-NN accuracy, per lesion class."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("real", type=Path, help="folder of the real patch set")
        parser.add_argument("fake", type=Path, help="folder of the generated patch set")
        parser.add_argument(
            "--extractor", default=extractor_names.DEFAULT, choices=list(extractor_names.EXTRACTORS)
        )
        parser.add_argument(
            "--weights", type=Path, help="file of Inception weights (default: INCEPTION_WEIGHTS)"
        )
        parser.add_argument(
            "--draws", type=int, default=generator_scores.N_DRAWS, help="default: %(default)s"
        )
        parser.add_argument(
            "--per-set",
            type=int,
            default=generator_scores.N_PER_SET,
            help="patches of each side in a draw (%(default)s)",
        )
        parser.add_argument("--seed", type=int, default=0, help="seed of the draws (%(default)s)")
        parser.add_argument("--out", type=Path, help="metrics.json to write")

    def handle(self, *args: Any, **options: Any) -> None:
        """Score, print a table, write metrics.json."""
        is_needed = extractor_names.named(options["extractor"]).needs_weights
        weights = options["weights"]
        if weights is None and is_needed and settings.INCEPTION_WEIGHTS:
            weights = Path(settings.INCEPTION_WEIGHTS)
        if options["seed"] < 0:
            raise CommandError(f"Seed {options['seed']} is negative; give 0 or a positive number.")
        with tqdm(unit="patch", disable=None) as bar:

            def report(n_done: int, n_total: int, step: str) -> None:
                bar.total = n_total
                bar.set_description(step, refresh=False)
                bar.update(n_done - bar.n)

            try:
                scores = scoring.score_folders(
                    options["real"],
                    options["fake"],
                    extractor=options["extractor"],
                    weights=weights,
                    options=ScoreOptions(options["draws"], options["per_set"], options["seed"]),
                    report=report,
                )
            except InputError as error:
                raise CommandError(str(error)) from error
        self._print(scores)
        if options["out"]:
            options["out"].parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(scores.to_dict(), indent=1, allow_nan=False)
            options["out"].write_text(text + "\n", encoding="utf-8")

    def _print(self, scores: SetScores) -> None:
        self.stdout.write(
            f"{scores.distance_name}; 1-NN is leave-one-out accuracy, .5 = cannot be told apart by it\n"
        )
        for lesion_class, score in scores.classes.items():
            mean, sd, floor = (decimal(v) for v in (score.distance_mean, score.distance_sd, score.floor_mean))
            knn = f"{decimal(score.knn_real, 3)} real, {decimal(score.knn_fake, 3)} fake"
            draws = f"{score.n_draws} x {score.n_per_set}"
            self.stdout.write(
                f"{lesion_class.words:<12} {mean} (SD {sd}), floor {floor}; 1-NN {knn}; draws {draws}"
            )
            if score.note:
                self.stdout.write(f"{'':<12} {score.note}")
