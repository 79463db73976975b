"""Read training runs, their losses and their pictures."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db.models import Count, QuerySet

from generation import storage
from generation.core import presets, split_use
from generation.core.patient_split import Part
from generation.models import Checkpoint, PatchSet, TrainingRun
from generation.selectors import patch_sets

STALLED_AFTER = timedelta(seconds=60)  # a training reports every second
MAX_POINTS = 240  # of a curve; more are averaged
LOSS_WORDS = {
    "non_saturating": "non-saturating cross-entropy",
    "wasserstein": "Wasserstein",
    "relativistic": "relativistic, each generated patch against a real one of its class",
}
SAMPLING_WORDS = {"uniform": "equally often", "shuffle": "as often as in the patch set"}
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 240, 56, 36, 10, 12  # of a chart, in its own units


@dataclass(frozen=True)
class Tick:
    """A labelled position along an axis."""

    position: float
    label: str


@dataclass(frozen=True)
class LossChart:
    """Two loss curves ready to draw."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    discriminator: str  # "x,y x,y ..." of a polyline
    generator: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    last_discriminator: float
    last_generator: float


def all_runs() -> QuerySet[TrainingRun]:
    """Training runs, newest first, with how many checkpoints each has."""
    rows = TrainingRun.objects.select_related("patch_set").prefetch_related("checkpoints")
    return rows.annotate(n_checkpoints=Count("checkpoints"))


def sampled_from(run: TrainingRun) -> list[PatchSet]:
    """Patch sets sampled from any checkpoint of a run, newest first."""
    return list(PatchSet.objects.filter(checkpoint__run=run).select_related("checkpoint"))


def grids(run: TrainingRun) -> list[Checkpoint]:
    """Checkpoints whose picture exists, newest first."""
    rows = run.checkpoints.order_by("-step")
    if storage.is_shared():
        return list(rows)  # a picture is published before the row of its checkpoint is written
    return [row for row in rows if run.grid_path(row.step).exists()]


def grid_file(run: TrainingRun, name: str) -> Path | None:
    """Picture of a step, or of the real patches; None if it is not there."""
    return storage.piece(run.reference_grid_path if name == "real" else run.grid_path(int(name)))


def seconds_left(run: TrainingRun) -> float | None:
    """Time to the last step at the current speed; None while unknown."""
    if run.status != TrainingRun.Status.RUNNING or not run.images_per_second or not run.n_total:
        return None
    config = presets.from_dict(run.config)
    n_batches = config.n_critic_between(run.n_done, run.n_total)
    return n_batches * config.batch_size / run.images_per_second


def time_left(run: TrainingRun) -> str:
    """Time to the last step in words, empty while unknown."""
    seconds = seconds_left(run)
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {seconds:.0f} s"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"


def loss_chart(run: TrainingRun) -> LossChart | None:
    """Curves of both losses, or None before the first step."""
    rows = _losses(run)
    if not rows:
        return None
    rows = _thinned(rows)
    values = [value for _, *pair in rows for value in pair]
    low, high = min(*values, 0.0), max(*values, 0.0)
    if high - low < 1e-9:
        high = low + 1.0
    first, last = 0, max(rows[-1][0], 1)

    def x(step: float) -> float:
        return LEFT + (step - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def line(column: int) -> str:
        return " ".join(f"{x(row[0]):.1f},{y(row[column]):.1f}" for row in rows)

    return LossChart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        discriminator=line(1),
        generator=line(2),
        x_ticks=tuple(Tick(x(step), f"{step:,.0f}") for step in _round_ticks(0, last)),
        y_ticks=tuple(Tick(y(value), f"{value:.3g}") for value in _round_ticks(low, high)),
        last_discriminator=rows[-1][1],
        last_generator=rows[-1][2],
    )


def _losses(run: TrainingRun) -> list[tuple[int, float, float]]:
    """Losses of this moment where it trains here; elsewhere as they were published last."""
    path = run.history_path
    if not storage.is_shared():
        return _history(path)
    found = storage.piece(path)
    published = _history(found) if found else []
    if not path.exists() or path.stat().st_mtime < run.created_at.timestamp():
        return published  # or what lies here is of an earlier run of that name
    return max(published, _history(path), key=lambda rows: rows[-1][0] if rows else -1)


def _history(path: Path) -> list[tuple[int, float, float]]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return []
    rows = []
    for line in lines:
        cells = line.split(",")
        if len(cells) == 4:  # the last line may be half written
            rows.append((int(cells[0]), float(cells[1]), float(cells[2])))
    return rows


def _thinned(rows: list[tuple[int, float, float]]) -> list[tuple[int, float, float]]:
    size = -(-len(rows) // MAX_POINTS)
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    return [
        (part[-1][0], sum(r[1] for r in part) / len(part), sum(r[2] for r in part) / len(part))
        for part in parts
    ]


def _round_ticks(low: float, high: float, n: int = 4) -> list[float]:
    """About n round numbers from low to high."""
    raw = (high - low) / n
    power = 10.0 ** (len(f"{raw:.0f}") - 1) if raw >= 1 else 1.0
    while raw < power:
        power /= 10
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    start = -(-low // step) * step
    ticks: list[float] = []
    while start + len(ticks) * step <= high + 1e-12:
        ticks.append(start + len(ticks) * step)
    return ticks


def preset_facts(run: TrainingRun) -> list[tuple[str, Any]]:
    """Hyperparameters that a reader of the page asks for, in plain words."""
    config = presets.from_dict(run.config)
    name = {"adam": "Adam", "rmsprop": "RMSProp"}[config.optimizer]
    facts: list[tuple[str, Any]] = [
        ("Loss", LOSS_WORDS[config.loss]),
        ("Optimizer", f"{name}, learning rate {config.learning_rate:g}"),
        ("Batch", f"{config.batch_size} patches"),
        ("Width", config.width),
        ("Updates", _updates_in_words(config)),
        ("Trained on", trained_on(run)),
        ("Classes drawn", SAMPLING_WORDS[config.class_sampling]),
        (
            "Class known to",
            f"the generator{f' and the {config.critic_name}' * config.condition_discriminator}",
        ),
    ]
    if config.clip_value is not None:
        facts.append(("Weight clipping", f"±{config.clip_value:g}"))
    if config.discriminator_norm != "batch":
        facts.append((f"Normalisation of the {config.critic_name}", config.discriminator_norm))
    if config.is_penalized:
        facts.append(("Gradient penalties", _penalties_in_words(config)))
    if config.shift_pixels:
        moved = f"flips and shifts of up to {config.shift_pixels} pixels, real and generated alike"
        facts.append(("Augmentation", moved))
    if config.ema_decay is not None:
        facts.append(("Averaged weights", f"decay {config.ema_decay:g}"))
    if config.shares_fakes:
        facts.append(("Generated patches", "drawn once for both networks"))
    facts.append(("Arithmetic", config.precision))
    return facts + _computed(run)


def trained_on(run: TrainingRun) -> str:
    """Say which patients a training sees."""
    parts = Counter(patch_sets.parts_of(run.patch_set).values())
    counts = {part: parts[part.value] for part in Part} if parts else None
    return split_use.in_words(counts, use_split=presets.from_dict(run.config).use_split)


def is_split(run: TrainingRun) -> bool:
    """Whether a training sees the training patients of its patch set only."""
    return presets.from_dict(run.config).use_split and bool(patch_sets.parts_of(run.patch_set))


def silent_for(run: TrainingRun, *, now: datetime) -> timedelta | None:
    """Time since the worker of a running training was heard, if that is too long; None otherwise."""
    if run.status != TrainingRun.Status.RUNNING or run.beat_at is None:
        return None
    silence = now - run.beat_at
    return silence if silence > STALLED_AFTER else None


def _computed(run: TrainingRun) -> list[tuple[str, Any]]:
    """How the newest checkpoint was computed, as it tells."""
    newest = run.checkpoints.order_by("-step").first()
    told = newest.summary if newest else {}
    facts: list[tuple[str, Any]] = [("Computed with", told["engine"])] if told.get("engine") else []
    peaks = told.get("peak_memory_bytes", {})
    words = [f"{peaks[where] / 1e6:,.0f} MB {where}" for where in ("private", "device") if peaks.get(where)]
    if words:
        facts.append(("Peak memory", ", ".join(words)))
    return facts


def _updates_in_words(config: presets.TrainingConfig) -> str:
    words = f"{config.n_critic} of the {config.critic_name} per update of the generator"
    if config.warmup_n_critic is None:
        return words
    first, every = presets.WARMUP_STEPS, presets.WARMUP_EVERY
    return f"{words}; {config.warmup_n_critic} for each of the first {first} and for every {every}th"


def _penalties_in_words(config: presets.TrainingConfig) -> str:
    weights = {
        "towards norm 1, weight": config.gradient_penalty,
        "R1, gamma": config.r1_gamma,
        "R2, gamma": config.r2_gamma,
    }
    return "; ".join(f"{words} {weight:g}" for words, weight in weights.items() if weight)
