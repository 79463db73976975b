"""Train a generator: claim the run, resume from its newest sound checkpoint, train, store."""

import logging
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, TextIO

import torch
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from generation import storage
from generation.core import checkpoint, durable, presets, split_use, training
from generation.core.engine import engine_of
from generation.core.errors import InputError
from generation.core.memory import PeakMemory
from generation.core.patch_set import open_patch_set
from generation.core.share import ALONE, Share
from generation.jobs import device as devices
from generation.jobs import training_files, training_pictures
from generation.models import Checkpoint, TrainingRun
from generation.services import jobs, training_runs
from generation.services.patience import patiently

logger = logging.getLogger(__name__)

REPORT_SECONDS = 1.0
HISTORY_COLUMNS = ("step", "discriminator_loss", "generator_loss", "seconds")

Progress = Callable[[int, int], None]


def run(run_id: int, *, on_progress: Progress | None = None, share: Share = ALONE) -> None:
    """Train one queued run to its end; another worker's run, or a stopped one, is left alone.

    Of several processes that train together each calls this; the first claims the run and writes, the others compute.
    """
    row = TrainingRun.objects.select_related("patch_set").get(pk=run_id)
    if not share.told(share.is_first and jobs.claim(row, now=timezone.now())):
        return
    if not share.is_first:
        _train(row, None, share)
        return
    try:
        is_done = _train(row, on_progress or (lambda done, total: None), share)
    except training.DivergedError as error:
        logger.warning("training run %s: %s", row.slug, error)
        jobs.fail(row, error=_advise(row, error), now=timezone.now())
    except jobs.ClaimLost:
        logger.warning("training run %s was given to another worker; this one lets go of it", row.slug)
    except OSError as error:
        logger.exception("training run %s failed", row.slug)
        jobs.fail(row, error=_no_room(row, error) if durable.is_no_room(error) else error, now=timezone.now())
    except Exception as error:
        logger.exception("training run %s failed", row.slug)
        jobs.fail(row, error=error, now=timezone.now())
    else:
        if is_done:
            jobs.finish(row, now=timezone.now(), n_done=row.config["n_steps"], step_name="")
        else:
            jobs.mark_stopped(row, now=timezone.now())


def _train(row: TrainingRun, on_progress: Progress | None, share: Share) -> bool:
    device = devices.prepare()
    folder = training_files.patch_set_of(row, is_first=share.is_first)
    patch_set = open_patch_set(folder, verify=share.is_first)
    config = presets.from_dict(row.config)
    rows = split_use.training_rows(patch_set, use_split=config.use_split)
    data = training.TrainingPatches(patch_set.patches, patch_set.labels(), rows)
    if share.is_first:
        training_files.begin(row)
    state = _state(row, config, data.classes, device, share)
    memory = PeakMemory(device)
    engine = engine_of(
        state,
        data,
        free_bytes=devices.free_bytes(device),
        wants_graph=settings.TORCH_GRAPH,
        on_loaded=lambda n: _beat(row, state) if share.is_first else None,
    )
    hooks: _Recorder | _Companion = _Companion()
    if on_progress is not None:
        training_runs.describe_device(row, device=devices.describe(device))
        training_pictures.draw_reference(row, patch_set)
        training_files.share_picture(row.reference_grid_path, row)
        facts = {
            "patch_set_sha256": row.patch_set.sha256,
            "is_split": rows is not None,
            "n_trained_on": len(data),
            "engine": engine.words,
        }
        hooks = _Recorder(row, state, on_progress, memory, facts)
    try:
        return training.train(
            state,
            data,
            on_step=hooks.on_step,
            on_checkpoint=hooks.on_checkpoint,
            on_tick=hooks.on_tick,
            steps=engine.steps,
        )
    finally:
        hooks.close()
        engine.close()


def _state(
    row: TrainingRun,
    config: presets.TrainingConfig,
    classes: tuple[int, ...],
    device: torch.device,
    share: Share,
) -> training.TrainingState:
    """Where the run goes on: at its newest sound checkpoint, the same for every process, or at the beginning."""
    folder = share.told(_newest_sound(row, device) if share.is_first else None)
    if folder is not None:
        place = Path(folder) if share.is_first else storage.fetch(Path(folder))
        return checkpoint.load(place, device=device, share=share)
    return training.begin(config, classes=classes, seed=row.seed, device=device, share=share)


def _beat(row: TrainingRun, state: training.TrainingState) -> None:
    jobs.report(row, n_done=state.step, n_total=row.n_total, step_name="loading patches", now=timezone.now())


def _advise(row: TrainingRun, error: training.DivergedError) -> str:
    """Say what is left of a training that cannot go on, in the same sentence; resuming would repeat it exactly."""
    return f"{str(error).rstrip('.')}; {_kept(row)}, start a new training with a lower learning rate or another seed."


def _no_room(row: TrainingRun, error: OSError) -> str:
    """Say in one sentence what is to be freed, and what is left meanwhile."""
    return f"{jobs.sentence(error).partition(';')[0]}; {_kept(row)}: make room where the data folder lies, then resume it."


def _kept(row: TrainingRun) -> str:
    newest = row.checkpoints.order_by("-step").first()
    return f"its checkpoint of step {newest.step} is kept" if newest else "it had no checkpoint yet"


def _newest_sound(row: TrainingRun, device: torch.device) -> str | None:
    """Folder of the newest checkpoint whose hashes fit."""
    for stored in row.checkpoints.order_by("-step"):
        try:
            checkpoint.load(training_files.fetch_checkpoint(stored, row), device=device)
        except storage.StorageAwayError:
            raise  # it may be sound: nothing is trained twice for a bucket that is away
        except InputError as error:
            logger.warning("checkpoint %s is not used: %s", stored.name, error)
        else:
            return str(stored.folder)
    return None


class _Companion:
    """Hooks of a process that only computes."""

    def on_tick(self) -> bool:
        return True

    def on_step(self, report: training.StepReport) -> bool:
        return True

    def on_checkpoint(self, state: training.TrainingState) -> None:
        """The first process stores."""

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class _Recorder:
    """Writes losses and progress while a run trains, and its checkpoints."""

    row: TrainingRun
    state: training.TrainingState
    on_progress: Progress
    memory: PeakMemory
    facts: dict[str, Any]  # of this computation, for the checkpoint
    _last_report: float = field(default_factory=monotonic)
    _last_shared: float = -math.inf

    def __post_init__(self) -> None:
        self._started = monotonic()
        self._n_seen = self._n_batches()
        self._history = _open_history(self.row.history_path, self.state.step)
        self._lines: list[str] = []

    def on_tick(self) -> bool:
        """Once a second tell the page, and ask it whether to go on."""
        return monotonic() - self._last_report < REPORT_SECONDS or self._tell(self.state.step)

    def on_step(self, report: training.StepReport) -> bool:
        """Append the losses; once a second and at the end tell the page, and ask it whether to go on."""
        now = monotonic()
        losses = f"{report.discriminator_loss:.6g},{report.generator_loss:.6g}"
        self._lines.append(f"{report.step},{losses},{now - self._started:.3f}\n")
        if now - self._last_report < REPORT_SECONDS and report.step < self.state.config.n_steps:
            return True
        return self._tell(report.step)

    def _write_losses(self) -> None:
        """Append the losses since the last look at the claim: a worker that has lost it leaves the file to the other."""
        self._history.write("".join(self._lines))
        self._history.flush()
        self._lines.clear()

    def _n_batches(self) -> int:
        """Count the batches of real patches that the discriminator has learned from."""
        return self.state.config.n_critic_between(0, self.state.step) + len(self.state.critic_losses)

    def _tell(self, step: int) -> bool:
        now, n_batches = monotonic(), self._n_batches()
        rate = (n_batches - self._n_seen) * self.state.config.batch_size / max(now - self._last_report, 1e-9)
        self._last_report, self._n_seen = now, n_batches
        self.memory.look()
        n_steps = self.state.config.n_steps
        self.on_progress(step, n_steps)
        try:
            jobs.report(self.row, n_done=step, n_total=n_steps, step_name="training", now=timezone.now())
        except jobs.ClaimLost:
            raise
        except jobs.StoppedByUser:
            self._write_losses()
            return False
        training_runs.record_rate(self.row, images_per_second=rate)
        self._write_losses()
        if now - self._last_shared >= training_files.HISTORY_SECONDS:
            self._last_shared = now
            training_files.share_history(self.row)
        return True

    def on_checkpoint(self, state: training.TrainingState) -> None:
        """Store the state, its row and a grid of what its generator draws."""
        if state.critic_losses and self.row.checkpoints.filter(step=state.step).exists():
            return  # stopped between two updates of the critic: the checkpoint before them leads here again
        jobs.check_claim(
            self.row
        )  # a worker that was given up may not write over the one that took its place
        self._write_losses()
        folder = self.row.checkpoint_folder(state.step)
        summary = self.facts | {"peak_memory_bytes": self.memory.facts(), "n_processes": state.share.n}
        sha256 = checkpoint.save(state, folder, summary=summary)
        training_pictures.draw_grid(self.row, folder, state.step)
        is_last = state.step >= state.config.n_steps
        if not training_files.share_checkpoint(self.row, state.step, is_last=is_last):
            return
        _record(self.row, state.step, sha256, summary)

    def close(self) -> None:
        with suppress(jobs.ClaimLost, DatabaseError, OSError), self._history:
            if self._lines:
                jobs.check_claim(self.row)
                self._write_losses()


@patiently
def _record(row: TrainingRun, step: int, sha256: Mapping[str, str], summary: Mapping[str, Any]) -> None:
    """Store the row of a checkpoint together with what follows it: killed here, the step is trained again."""
    with transaction.atomic():
        jobs.check_claim(row)
        _tell_about(
            training_runs.record_checkpoint(
                row, step=step, sha256=sha256, summary=summary, now=timezone.now()
            )
        )


def _tell_about(stored: Checkpoint) -> None:
    """Call what the settings name, so that others can follow a training; their failure is no failure of it."""
    if settings.AFTER_CHECKPOINT:
        try:
            with transaction.atomic():
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
    draft = path.with_name(f".{path.name}.part")
    draft.write_text("\n".join(kept) + "\n", encoding="ascii")
    durable.replace(draft, path)  # a worker that was given up and still writes has the file of before
    return path.open("a", encoding="ascii", newline="")
