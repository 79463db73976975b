"""Read one metric run, class by class, as its page shows it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.core.kinetics import NO_KINETICS
from evaluation.core.table2 import Table2Row
from evaluation.models import MetricRun
from evaluation.selectors import metric_runs
from generation import storage
from generation.core.frames import Patches
from generation.core.patch_set import open_patch_set
from generation.models import PatchSet

QUANTITY_TITLES = {
    "initial": "Initial enhancement",
    "peak": "Peak enhancement",
    "late_change": "Change after the first phase",
}
CURVE_TITLES = {"persistent": "Persistent", "plateau": "Plateau", "washout": "Washout"}


@dataclass(frozen=True)
class Share:
    """A curve type among real and among generated patches."""

    title: str
    n_real: int
    n_fake: int
    real: float | None
    fake: float | None


@dataclass(frozen=True)
class Quantity:
    """One quantity of the kinetics, real against generated."""

    title: str
    real_median: float | None
    fake_median: float | None
    distance: float | None
    floor: float | None


@dataclass(frozen=True)
class Shown:
    """One class of a run.

    Parameters
    ----------
    row : as in Table 2
    patches : PatchComparison as plain values; empty if it was not computed
    tests : of memorisation, each with its number and its pairs
    """

    row: Table2Row
    patches: Mapping[str, Any]
    shares: tuple[Share, ...]
    quantities: tuple[Quantity, ...]
    tests: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class FidelityLine:
    """One class of the classifier's two confusion tables."""

    tissue: str
    real_recall: float | None
    fake_recall: float | None
    real_counts: tuple[int, ...]
    fake_counts: tuple[int, ...]


def classes_of(run: MetricRun) -> list[Shown]:
    """List what a run found; nothing before it is finished."""
    if run.status != MetricRun.Status.FINISHED:
        return []
    return [_shown(row) for row in metric_runs.rows_of(run)]


def fidelity_of(run: MetricRun) -> list[FidelityLine]:
    """Lines of the classifier's tables; nothing if it could not be fitted."""
    found = run.results.get("fidelity") or {}
    columns = ("classes", "real_recall", "fake_recall", "real_confusion", "fake_confusion")
    lines = zip(*(found.get(name, ()) for name in columns), strict=True)
    return [FidelityLine(*line) for line in lines]


def patches_of_pair(run: MetricRun, tissue: str, space: int, number: int) -> tuple[Patches, Patches] | None:
    """Read a generated patch and the training patch nearest to it; None if there is no such pair."""
    tests = run.results.get("patches", {}).get(tissue, {}).get("memorisation", [])
    if space >= len(tests) or number >= len(tests[space]["pairs"]):
        return None
    found = tests[space]["pairs"][number]
    training = _training_set(run)
    if training is None:
        return None
    fakes, reals = (open_patch_set(storage.fetch(row.folder)).patches for row in (run.fake_set, training))
    if found["fake"] >= len(fakes) or found["real"] >= len(reals):
        return None
    return fakes[found["fake"]][None], reals[found["real"]][None]


def _training_set(run: MetricRun) -> PatchSet | None:
    """The patch set that pairs point into, by the SHA-256 that the run recorded."""
    sha256 = run.results.get("training_sha256")
    if sha256 == run.real_set.sha256:
        return run.real_set
    return PatchSet.objects.filter(sha256=sha256, status=PatchSet.Status.FINISHED).first()


def _shown(row: Table2Row) -> Shown:
    patches = row.patches
    kinetics = patches.get("kinetics")
    if kinetics and kinetics["note"].startswith(NO_KINETICS):
        kinetics = None
    return Shown(
        row=row,
        patches=patches,
        shares=tuple(_shares(kinetics)) if kinetics else (),
        quantities=tuple(_quantities(kinetics)) if kinetics else (),
        tests=tuple(patches.get("memorisation", ())),
    )


def _shares(kinetics: Mapping[str, Any]) -> Iterator[Share]:
    reals, fakes = kinetics["real_types"], kinetics["fake_types"]
    n_real, n_fake = sum(reals.values()), sum(fakes.values())
    for name, title in CURVE_TITLES.items():
        yield Share(
            title,
            reals[name],
            fakes[name],
            reals[name] / n_real if n_real else None,
            fakes[name] / n_fake if n_fake else None,
        )


def _quantities(kinetics: Mapping[str, Any]) -> Iterator[Quantity]:
    columns = ("real_medians", "fake_medians", "wasserstein", "wasserstein_floor")
    for name, title in QUANTITY_TITLES.items():
        yield Quantity(title, *(kinetics[column][name] for column in columns))
