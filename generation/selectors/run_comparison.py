"""Put training runs side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from generation.models import Checkpoint, TrainingRun
from generation.selectors import training_runs
from generation.selectors.training_runs import LossChart

MAX_RUNS: Final = 4  # side by side on a page


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """One run with what is shown of it."""

    run: TrainingRun
    chart: LossChart | None
    newest: Checkpoint | None  # with a picture of what was drawn


@dataclass(frozen=True, slots=True)
class Line:
    """One fact of every run."""

    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


def of_runs(slugs: Sequence[str]) -> list[ComparedRun]:
    """Give the chosen runs in the order in which they were chosen; those that are not there are left out."""
    found = {run.slug: run for run in training_runs.all_runs().filter(slug__in=slugs)}
    chosen = [found[slug] for slug in dict.fromkeys(slugs) if slug in found][:MAX_RUNS]
    return [
        ComparedRun(run, training_runs.loss_chart(run), next(iter(training_runs.grids(run)), None))
        for run in chosen
    ]


def lines(compared: Sequence[ComparedRun]) -> list[Line]:
    """List what the runs are and how they were trained, fact by fact."""
    facts = [_facts(one.run) for one in compared]
    names = dict.fromkeys(name for one in facts for name in one)
    return [Line(name, tuple(str(one.get(name, "–")) for one in facts)) for name in names]


def _facts(run: Any) -> dict[str, object]:
    rate = run.images_per_second
    return {
        "Status": run.get_status_display(),
        "Step": f"{run.n_done:,} of {run.n_total:,}",
        "Checkpoints": run.n_checkpoints,
        "Patch set": run.patch_set.name,
        "Seed": run.seed,
        "Recipe": run.preset,
        **dict(training_runs.preset_facts(run)),
        "Device": run.device or "–",
        "Real patches/s": f"{rate:,.0f}" if rate else "–",
    }
