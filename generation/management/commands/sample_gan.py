"""`manage.py sample_gan CHECKPOINT --per-class N --seed S`: the twin of the form on a training run's page."""

from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from generation import storage
from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES
from generation.management import stopping
from generation.management.progress import ProgressBar
from generation.models import Checkpoint, Job, PatchSet
from generation.services import generators


class Command(BaseCommand):
    help = "Draw a patch set from a checkpoint: its name, or a folder that holds one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("checkpoint", help="name of a checkpoint, or a checkpoint folder")
        parser.add_argument(
            "--per-class", type=int, default=100, help="patches of each class that the generator knows"
        )
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--name", default="", help="name of the patch set")

    def handle(self, *args: Any, **options: Any) -> None:
        with stopping.on_signals("Stopped; nothing was drawn.") as interruption:
            patch_set = self._sample(options, interruption)
        patch_set.refresh_from_db()
        if patch_set.status != Job.Status.FINISHED:
            raise CommandError(patch_set.error)
        self.stdout.write(f"{patch_set.slug}: {patch_set.n_patches} patches, SHA-256 {patch_set.sha256}")

    def _sample(self, options: dict[str, Any], interruption: stopping.Interruption) -> PatchSet:
        from generation.core.checkpoint import verify
        from generation.jobs import sampling

        try:
            checkpoint = self._find(options["checkpoint"])
            known = verify(storage.fetch(checkpoint.folder))["classes"]
            with interruption.held():
                patch_set = generators.queue_sampling(
                    checkpoint=checkpoint,
                    n_per_class={c.value: options["per_class"] for c in LESION_CLASSES if c.value in known},
                    seed=options["seed"],
                    name=options["name"],
                    now=timezone.now(),
                )
                interruption.ends_with(partial(_give_up, patch_set))
        except InputError as error:
            raise CommandError(str(error)) from None
        with ProgressBar("patch") as bar:
            sampling.run(patch_set.pk, on_progress=bar.show)
        return patch_set

    def _find(self, name: str) -> Checkpoint:
        checkpoint = Checkpoint.objects.filter(name=name).first()
        if checkpoint is not None:
            return checkpoint
        folder = Path(name)
        if (folder / "state.json").is_file():
            return self._register(folder)
        newest = ", ".join(Checkpoint.objects.values_list("name", flat=True)[:5]) or "none yet"
        raise InputError(
            f'"{name}" is neither a checkpoint nor a checkpoint folder; the newest checkpoints are: {newest}.'
        )

    def _register(self, folder: Path) -> Checkpoint:
        """Take a sound checkpoint folder in, unless another generator has its name."""
        from generation.core.checkpoint import verify

        sha256 = verify(folder)["sha256"]
        checkpoint = generators.register(folder=folder, name=folder.resolve().name, now=timezone.now())
        if checkpoint.sha256 != sha256:
            raise InputError(
                f'There is a checkpoint "{checkpoint.name}" already, with other weights; rename the folder to sample from it.'
            )
        return checkpoint


def _give_up(row: PatchSet) -> str:
    from generation.jobs import sampling

    is_stopped = stopping.mark_stopped(row)
    sampling.give_up(row)
    if not is_stopped:
        return f"The sampling had ended before it was to be stopped: patch set {row.slug} is {row.status}."
    return (
        "Stopped; no patch was kept: give the same command again, and the same seed draws the same patches."
    )
