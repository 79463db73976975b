"""Train a generator: claim the run, resume from its newest sound checkpoint, train, store."""

import csv
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TextIO

import torch
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from generation.core import checkpoint, contact_sheet, presets, training
from generation.core.errors import InputError
from generation.core.frames import Patches
from generation.core.labels import LESION_CLASSES
from generation.core.patch_set import PatchSetFolder, open_patch_set
from generation.core.sampling import sample
from generation.jobs import device as devices
from generation.models import Checkpoint, TrainingRun
from generation.services import jobs, training_runs

logger = logging.getLogger(__name__)

REPORT_SECONDS = 1.0
GRID_SEED = 1  # the same noise in every grid, so that progress can be seen
GRID_ROWS_PER_CLASS = 4
HISTORY_COLUMNS = ("step", "discriminator_loss", "generator_loss", "seconds")

Progress = Callable[[int, int], None]


def run(run_id: int, *, on_progress: Progress | None = None) -> None:
    """Train one queued run to its end; another worker's run, or a stopped one, is left alone."""
    row = TrainingRun.objects.select_related("patch_set").get(pk=run_id)
    if not jobs.claim(row, now=timezone.now()):
        return
    try:
        is_done = _train(row, on_progress or (lambda done, total: None))
    except training.DivergedError as error:
        logger.warning("training run %s: %s", row.slug, error)
        jobs.fail(row, error=_advise(row, error), now=timezone.now())
        return
    except Exception as error:
        logger.exception("training run %s failed", row.slug)
        jobs.fail(row, error=error, now=timezone.now())
        return
    if is_done:
        jobs.finish(row, now=timezone.now(), n_done=row.config["n_steps"], step_name="")
    else:
        jobs.mark_stopped(row, now=timezone.now())


def _train(row: TrainingRun, on_progress: Progress) -> bool:
    device = devices.prepare()
    patch_set = open_patch_set(row.patch_set.folder)
    data = training.TrainingPatches(patch_set.patches, patch_set.labels())
    config = presets.from_dict(row.config)
    state = _newest_state(row, device) or training.begin(
        config, classes=data.classes, seed=row.seed, device=device
    )
    training_runs.describe_device(row, device=devices.describe(device))
    _draw_reference(row, patch_set)
    recorder = _Recorder(row, state, on_progress)
    try:
        return training.train(
            state,
            data,
            on_step=recorder.on_step,
            on_checkpoint=recorder.on_checkpoint,
            on_tick=recorder.on_tick,
        )
    finally:
        recorder.close()


def _advise(row: TrainingRun, error: training.DivergedError) -> str:
    """Say what is left of a training that cannot go on, in the same sentence; resuming would repeat it exactly."""
    newest = row.checkpoints.order_by("-step").first()
    kept = f"its checkpoint of step {newest.step} is kept" if newest else "it had no checkpoint yet"
    return (
        f"{str(error).rstrip('.')}; {kept}, start a new training with a lower learning rate or another seed."
    )


def _newest_state(row: TrainingRun, device: torch.device) -> training.TrainingState | None:
    for stored in row.checkpoints.order_by("-step"):
        try:
            return checkpoint.load(stored.folder, device=device)
        except InputError as error:
            logger.warning("checkpoint %s is not used: %s", stored.name, error)
    return None


@dataclass
class _Recorder:
    """Writes losses and progress while a run trains, and its checkpoints."""

    row: TrainingRun
    state: training.TrainingState
    on_progress: Progress
    _last_report: float = field(default_factory=monotonic)
    _n_patches: int = 0  # real ones seen since the last report

    def __post_init__(self) -> None:
        self._started = monotonic()
        self._history = _open_history(self.row.history_path, self.state.step)
        self._writer = csv.writer(self._history)

    def on_tick(self) -> bool:
        """Once a second tell the page, and ask it whether to go on."""
        self._n_patches += self.state.config.batch_size
        return monotonic() - self._last_report < REPORT_SECONDS or self._tell(self.state.step)

    def on_step(self, report: training.StepReport) -> bool:
        """Append the losses; once a second and at the end tell the page, and ask it whether to go on."""
        now = monotonic()
        self._n_patches += self.state.config.batch_size
        losses = (f"{report.discriminator_loss:.6g}", f"{report.generator_loss:.6g}")
        self._writer.writerow((report.step, *losses, f"{now - self._started:.3f}"))
        if now - self._last_report < REPORT_SECONDS and report.step < self.state.config.n_steps:
            return True
        self._history.flush()
        return self._tell(report.step)

    def _tell(self, step: int) -> bool:
        now = monotonic()
        rate = self._n_patches / max(now - self._last_report, 1e-9)
        self._last_report, self._n_patches = now, 0
        n_steps = self.state.config.n_steps
        self.on_progress(step, n_steps)
        training_runs.record_rate(self.row, images_per_second=rate)
        try:
            jobs.report(self.row, n_done=step, n_total=n_steps, step_name="training", now=timezone.now())
        except jobs.StoppedByUser:
            return False
        return True

    def on_checkpoint(self, state: training.TrainingState) -> None:
        """Store the state, its row and a grid of what its generator draws."""
        self._history.flush()
        if state.critic_losses and self.row.checkpoints.filter(step=state.step).exists():
            return  # stopped between two updates of the critic: the checkpoint before them leads here again
        folder = self.row.checkpoint_folder(state.step)
        sha256 = checkpoint.save(state, folder, summary={"patch_set_sha256": self.row.patch_set.sha256})
        _draw_grid(self.row, folder, state.step)
        stored = training_runs.record_checkpoint(self.row, step=state.step, sha256=sha256, now=timezone.now())
        _tell_about(stored)

    def close(self) -> None:
        self._history.close()


def _tell_about(stored: Checkpoint) -> None:
    """Call what the settings name, so that others can follow a training; their failure is no failure of it."""
    if settings.AFTER_CHECKPOINT:
        try:
            import_string(settings.AFTER_CHECKPOINT)(stored.pk)
        except Exception:
            logger.exception("%s failed for checkpoint %s", settings.AFTER_CHECKPOINT, stored.name)


def _open_history(path: Path, step: int) -> TextIO:
    """Open the losses for appending, without the lines of steps that will be trained again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = [",".join(HISTORY_COLUMNS)]
    if path.exists():
        lines = path.read_text(encoding="ascii").splitlines()[1:]
        kept += [
            line
            for line in lines
            if line.count(",") == len(HISTORY_COLUMNS) - 1 and int(line.split(",")[0]) <= step
        ]
    path.write_text("\n".join(kept) + "\n", encoding="ascii")
    return path.open("a", encoding="ascii", newline="")


def _draw_reference(row: TrainingRun, patch_set: PatchSetFolder) -> None:
    """Draw real patches once, under the window that the generated grids use too."""
    path = row.reference_grid_path
    if path.exists():
        return
    groups = _groups(patch_set)
    path.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet.draw(groups, white=_white(patch_set), n_columns=2).save(path)


def _draw_grid(row: TrainingRun, folder: Path, step: int) -> None:
    stored = checkpoint.load_generator(folder)
    wanted = {LESION_CLASSES[index]: GRID_ROWS_PER_CLASS for index in stored.classes}
    drawn = sample(stored, n_per_class=wanted, seed=GRID_SEED, device=torch.device("cpu"))
    groups = [(f"{row.source}, {lesion_class.words}", patches) for lesion_class, patches in drawn]
    white = _white(open_patch_set(row.patch_set.folder))
    path = row.grid_path(step)
    path.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet.draw(groups, white=white, n_columns=2).save(path)


def _groups(patch_set: PatchSetFolder) -> list[tuple[str, Patches]]:
    groups = []
    for lesion_class in LESION_CLASSES:
        members = patch_set.indices_of(lesion_class)
        spread = members[:: max(1, len(members) // GRID_ROWS_PER_CLASS)][:GRID_ROWS_PER_CLASS]
        if len(spread):
            groups.append((f"real, {lesion_class.words}", patch_set.patches[spread]))
    return groups


def _white(patch_set: PatchSetFolder) -> tuple[float, float]:
    step = max(1, len(patch_set.patches) // 200)
    return contact_sheet.window(patch_set.patches[::step])
