"""Score a folder of generated patches against a folder of real ones."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from evaluation.core import draws, extractor_names
from evaluation.core.class_scoring import Depth
from evaluation.core.score_text import lines_of
from evaluation.core.scoring import ScoreOptions
from evaluation.jobs import scoring
from evaluation.selectors import weights
from generation.core.errors import InputError


class Command(BaseCommand):
    """Twin of the form on the generators page; needs no rows in the database."""

    help = (
        "Score generated patches against real ones, per lesion class: Frechet distance (FID with --extractor inception) "
        "with its floor, kernel distance, 1-NN accuracy, precision and coverage, diversity, memorisation, kinetics."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("real", type=Path, help="folder of the real patch set")
        parser.add_argument("fake", type=Path, help="folder of the generated patch set")
        parser.add_argument(
            "--extractor", default=extractor_names.DEFAULT, choices=list(extractor_names.EXTRACTORS)
        )
        parser.add_argument(
            "--weights",
            type=Path,
            help="inception: file of its weights (default: INCEPTION_WEIGHTS, or what fetch_inception fetched); "
            "own: your encoder, .onnx or TorchScript (default: OWN_EXTRACTOR). Loading TorchScript runs code from "
            "the file: name only a file you trust.",
        )
        parser.add_argument(
            "--training",
            type=Path,
            help="folder of the patches the generator was trained on, for the test of memorisation (default: REAL)",
        )
        parser.add_argument(
            "--depth",
            choices=[one.value for one in Depth],
            default=Depth.PATCHES.value,
            help="draws: distances and 1-NN; features: also the extrapolated and the kernel distance; "
            "patches: also frames, kinetics, diversity, memorisation and class fidelity (default)",
        )
        parser.add_argument("--draws", type=int, default=draws.N_DRAWS, help="default: %(default)s")
        parser.add_argument(
            "--per-set",
            type=int,
            default=draws.N_PER_SET,
            help="patches of each side in a draw (%(default)s)",
        )
        parser.add_argument("--seed", type=int, default=0, help="seed of the draws (%(default)s)")
        parser.add_argument("--out", type=Path, help="metrics.json to write")

    def handle(self, *args: Any, **options: Any) -> None:
        """Score, print a table, write metrics.json."""
        file = options["weights"] or weights.of_extractor(options["extractor"])
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
                    weights=file,
                    training=options["training"],
                    options=ScoreOptions(
                        options["draws"], options["per_set"], options["seed"], Depth(options["depth"])
                    ),
                    report=report,
                )
            except InputError as error:
                raise CommandError(str(error)) from error
        for line in lines_of(scores):
            self.stdout.write(line)
        if options["out"]:
            options["out"].parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(scores.to_dict(), indent=1, allow_nan=False)
            options["out"].write_text(text + "\n", encoding="utf-8")
