"""Table 2 as rows of text: what is known of every source in every lesion class."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from evaluation.core import extractor_names, manifold
from evaluation.core.csv_text import line, number
from evaluation.core.extractor_names import ExtractorName
from evaluation.core.generator_scores import ClassScore

COLUMNS: Final = (
    *("tissue", "source", "fid_mean", "fid_sd", "fid_floor", "knn_real", "knn_fake", "knn_overall", "knn_z"),
    *("knn_real_error", "knn_fake_error", "fid_infinite", "fid_infinite_floor"),
    *("extractor", "frechet_mean", "frechet_sd", "frechet_floor", "frechet_floor_between_patients"),
    *("frechet_infinite", "frechet_infinite_floor", "kid", "kid_low", "kid_high", "kid_floor"),
    *(f"precision_k{manifold.K_PRECISION}", f"recall_k{manifold.K_PRECISION}"),
    *(f"density_k{manifold.K_DENSITY}", f"coverage_k{manifold.K_DENSITY}", "coverage_expected"),
    *("ms_ssim_real", "ms_ssim_fake", "memorisation_auc", "memorisation_share_close"),
    *("subtraction_error_real", "subtraction_error_fake", "curve_type_distance"),
    *(
        "initial_enhancement_distance",
        "initial_enhancement_floor",
        "late_change_distance",
        "late_change_floor",
    ),
    *("class_recall_real", "class_recall_fake"),
    *("n_real", "n_fake", "n_draws", "n_per_set", "n_per_floor_set", "n_per_patient_floor_set"),
    *("real_set", "fake_set", "seed", "extractor_key", "note"),
)


@dataclass(frozen=True)
class Table2Row:
    """Scores of one source in one lesion class, and what they were computed from.

    Parameters
    ----------
    patches : PatchComparison of the class as plain values; empty if it was not computed
    class_recall : share of real and of generated patches that the classifier gives this class
    run_pk : metric run
    """

    tissue: str
    source: str
    extractor: str
    score: ClassScore
    real_set: str
    fake_set: str
    seed: int
    extractor_title: str = ""
    extractor_key: str = ""
    patches: Mapping[str, Any] = field(default_factory=dict)
    class_recall: tuple[float | None, float | None] = (None, None)
    run_pk: int | None = None

    @property
    def about(self) -> ExtractorName:
        """The extractor and what its distance is called."""
        about = extractor_names.named(self.extractor)
        is_own = about is extractor_names.OWN and self.extractor_title
        return extractor_names.own(self.extractor_title, 0) if is_own else about

    @property
    def knn_real_error(self) -> float | None:
        """1 - accuracy on reals."""
        return None if self.score.knn_real is None else 1 - self.score.knn_real

    @property
    def knn_fake_error(self) -> float | None:
        """1 - accuracy on fakes."""
        return None if self.score.knn_fake is None else 1 - self.score.knn_fake

    @property
    def memorisation(self) -> Mapping[str, Any]:
        """The test in the space of features; empty if there is none."""
        tests = self.patches.get("memorisation") or ()
        return tests[-1] if tests else {}

    def of_patches(self, *path: str) -> float | None:
        """Look a number of the patches up; None if it is absent."""
        found: Any = self.patches
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found if isinstance(found, int | float) else None


def csv_lines(rows: Iterable[Table2Row]) -> Iterator[str]:
    """Write one row per lesion class and source; `fid_*` stay empty unless the features are those that FID names.

    `frechet_*` hold the distance of whatever extractor the row names, Inception included.
    """
    yield line(COLUMNS)
    for row in rows:
        yield line((row.tissue, row.source, *_numbers(row), *_made_from(row)))


def _numbers(row: Table2Row) -> list[str]:
    """Every number of a row, in the order of COLUMNS, with the name of the extractor among them."""
    score, is_fid = row.score, row.about.is_fid
    distances = (score.distance_mean, score.distance_sd, score.floor_mean)
    infinite = (score.distance_infinite, score.floor_infinite)
    nothing = (None, None, None)
    before = (
        *(distances if is_fid else nothing),
        *(score.knn_real, score.knn_fake, score.knn_overall, score.knn_z),
        *(row.knn_real_error, row.knn_fake_error),
        *(infinite if is_fid else nothing[:2]),
    )
    after = (
        *distances,
        *(score.patient_floor, *infinite),
        *(score.kid, score.kid_low, score.kid_high, score.kid_floor),
        *(score.precision, score.recall, score.density, score.coverage, score.coverage_expected),
        *(row.of_patches("real_diversity", "mean"), row.of_patches("fake_diversity", "mean")),
        *(row.memorisation.get("auc"), row.memorisation.get("share_close")),
        *(row.of_patches("real_coherence", "mean"), row.of_patches("fake_coherence", "mean")),
        row.of_patches("kinetics", "type_distance"),
        *(
            row.of_patches("kinetics", kind, quantity)
            for quantity in ("initial", "late_change")
            for kind in ("wasserstein", "wasserstein_floor")
        ),
        *row.class_recall,
    )
    return [*map(number, before), row.extractor, *map(number, after)]


def _made_from(row: Table2Row) -> tuple[object, ...]:
    score = row.score
    counts = (
        score.n_real,
        score.n_fake,
        score.n_draws,
        score.n_per_set,
        score.n_floor,
        score.n_patient_floor,
    )
    return (*counts, row.real_set, row.fake_set, row.seed, row.extractor_key, score.note)
