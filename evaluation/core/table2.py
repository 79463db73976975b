"""Table 2 as rows of text: Frechet distances and 1-NN accuracies per lesion class and source."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from evaluation.core import extractor_names
from evaluation.core.csv_text import line, number
from evaluation.core.extractor_names import ExtractorName
from evaluation.core.generator_scores import ClassScore

COLUMNS: Final = (
    *("tissue", "source", "fid_mean", "fid_sd", "fid_floor", "knn_real", "knn_fake", "knn_overall", "knn_z"),
    *("extractor", "frechet_mean", "frechet_sd", "frechet_floor"),
    *("n_real", "n_fake", "n_draws", "n_per_set", "n_per_floor_set", "real_set", "fake_set", "seed", "note"),
)


@dataclass(frozen=True)
class Table2Row:
    """Scores of one source in one lesion class, and what they were computed from."""

    tissue: str
    source: str
    extractor: str
    score: ClassScore
    real_set: str
    fake_set: str
    seed: int

    @property
    def about(self) -> ExtractorName:
        """The extractor and what its distance is called."""
        return extractor_names.named(self.extractor)

    @property
    def knn_real_error(self) -> float | None:
        """1 - accuracy on reals."""
        return None if self.score.knn_real is None else 1 - self.score.knn_real

    @property
    def knn_fake_error(self) -> float | None:
        """1 - accuracy on fakes."""
        return None if self.score.knn_fake is None else 1 - self.score.knn_fake


def csv_lines(rows: Iterable[Table2Row]) -> Iterator[str]:
    """Write one row per lesion class and source; `fid_*` stay empty unless the features are those that FID names.

    `frechet_*` hold the distance of whatever extractor the row names, Inception included.
    """
    yield line(COLUMNS)
    for row in rows:
        score = row.score
        distances = [number(value) for value in (score.distance_mean, score.distance_sd, score.floor_mean)]
        fid = distances if row.about.is_fid else ["", "", ""]
        knn = [number(value) for value in (score.knn_real, score.knn_fake, score.knn_overall, score.knn_z)]
        counts = (score.n_real, score.n_fake, score.n_draws, score.n_per_set, score.n_floor)
        made_from = (row.real_set, row.fake_set, row.seed, score.note)
        yield line((row.tissue, row.source, *fid, *knn, row.extractor, *distances, *counts, *made_from))
