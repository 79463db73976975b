"""Put finished metric runs side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from evaluation.core.table2 import Table2Row
from evaluation.models import MetricRun
from evaluation.selectors import metric_runs
from generation.core.labels import LESION_CLASSES

MAX_RUNS: Final = 6

Reading = Callable[[Table2Row], float | None]

# Title, digits, which way is better ("lower", "higher" or "" where neither is), how to read it from a row
METRICS: Final[tuple[tuple[str, int, str, Reading], ...]] = (
    ("Fréchet distance", 2, "lower", lambda row: row.score.distance_mean),
    ("its floor", 2, "", lambda row: row.score.floor_mean),
    ("at infinite n", 2, "lower", lambda row: row.score.distance_infinite),
    ("Kernel distance × 1000", 2, "lower", lambda row: _thousandfold(row.score.kid)),
    ("1-NN accuracy, real", 3, "", lambda row: row.score.knn_real),
    ("1-NN accuracy, fake", 3, "", lambda row: row.score.knn_fake),
    ("Precision", 3, "higher", lambda row: row.score.precision),
    ("Recall", 3, "higher", lambda row: row.score.recall),
    ("Density", 3, "", lambda row: row.score.density),
    ("Coverage", 3, "higher", lambda row: row.score.coverage),
    ("MS-SSIM of generated pairs", 3, "", lambda row: row.of_patches("fake_diversity", "mean")),
    ("Memorisation AUC", 3, "", lambda row: row.memorisation.get("auc")),
    ("Subtraction error", 1, "lower", lambda row: row.of_patches("fake_coherence", "mean")),
    ("Curve types, distance", 3, "lower", lambda row: row.of_patches("kinetics", "type_distance")),
    (
        "Initial enhancement, distance",
        3,
        "lower",
        lambda row: row.of_patches("kinetics", "wasserstein", "initial"),
    ),
    ("Recall of the class, generated", 3, "", lambda row: row.class_recall[1]),
)


@dataclass(frozen=True)
class Cell:
    """One number; `is_best` where a direction is known and the runs differ."""

    value: float | None
    is_best: bool


@dataclass(frozen=True)
class Line:
    """One metric over the runs."""

    title: str
    digits: int
    better: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Block:
    """All metrics of one class."""

    tissue: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Parameters
    ----------
    caveats : why the columns may not be compared, in whole sentences
    """

    runs: tuple[MetricRun, ...]
    blocks: tuple[Block, ...]
    caveats: tuple[str, ...]


def of_runs(pks: Sequence[int]) -> Comparison:
    """Compare finished runs, in the order asked for; others are left out."""
    found = {run.pk: run for run in metric_runs.finished().filter(pk__in=pks)}
    runs = tuple(found[pk] for pk in dict.fromkeys(pks) if pk in found)[:MAX_RUNS]
    rows = [{row.tissue: row for row in metric_runs.rows_of(run)} for run in runs]
    comparable = not _caveats(runs)
    blocks = []
    for lesion_class in LESION_CLASSES:
        columns = [by_class.get(lesion_class.value) for by_class in rows]
        if any(columns):
            lines = tuple(
                _line(title, digits, better if comparable else "", read, columns)
                for title, digits, better, read in METRICS
            )
            blocks.append(Block(lesion_class.value, lines))
    return Comparison(runs, tuple(blocks), _caveats(runs))


def _line(title: str, digits: int, better: str, read: Reading, columns: Sequence[Table2Row | None]) -> Line:
    values = [None if row is None else read(row) for row in columns]
    known = [value for value in values if value is not None]
    best = None
    if better and len(known) > 1 and min(known) < max(known):
        best = min(known) if better == "lower" else max(known)
    return Line(
        title, digits, better, tuple(Cell(value, value is not None and value == best) for value in values)
    )


def _caveats(runs: Sequence[MetricRun]) -> tuple[str, ...]:
    said = []
    if len({run.results.get("extractor_key") for run in runs}) > 1:
        said.append("The runs used different extractors; their distances are on different scales.")
    if len({run.results.get("real_sha256") for run in runs}) > 1:
        said.append("The runs used different real patches; part of a difference is that of the reals.")
    sizes = {
        (tissue, values["n_per_set"]) for run in runs for tissue, values in run.results["classes"].items()
    }
    if len(sizes) > len({tissue for tissue, _ in sizes}):
        said.append(
            "The runs drew different numbers of patches per set; a Fréchet distance falls with that number."
        )
    return tuple(said)


def _thousandfold(value: float | None) -> float | None:
    return None if value is None else 1000 * value
