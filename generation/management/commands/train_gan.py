"""`manage.py train_gan PATCHSET --preset NAME`: the twin of the page "New training".

`torchrun --nproc-per-node 2 manage.py train_gan ...` trains with two processes, each on a GPU of its own or, without
CUDA, each on its part of the processor; the batch stays as large as the recipe says and is dealt to them.
"""

from argparse import BooleanOptionalAction
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from generation.core.errors import InputError
from generation.core.presets import PRESETS
from generation.management import stopping
from generation.management.progress import ProgressBar
from generation.models import Job, PatchSet, TrainingRun
from generation.services import training_runs

CHANGEABLE = {
    "n_steps": int,
    "batch_size": int,
    "width": int,
    "learning_rate": float,
    "clip_value": float,
    "n_critic": int,
    "warmup_n_critic": int,
    "gradient_penalty": float,
    "r1_gamma": float,
    "r2_gamma": float,
    "class_sampling": str,
    "shift_pixels": int,
    "ema_decay": float,
    "precision": str,
    "checkpoint_every": int,
}
SWITCHES = ("use_split", "shares_fakes")


class Command(BaseCommand):
    help = "Train a generator on a patch set; stop it with Ctrl-C and go on with --resume."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "patch_set", help="slug of a finished patch set, or with --resume of a training run"
        )
        parser.add_argument("--preset", choices=sorted(PRESETS), default="dcgan")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--name", default="", help="name of the run")
        parser.add_argument("--resume", action="store_true", help="go on with a stopped or failed run")
        for field in SWITCHES:
            name = f"--{field.replace('_', '-')}"
            parser.add_argument(name, action=BooleanOptionalAction, help="replaces the preset's value")
        for field, kind in CHANGEABLE.items():
            parser.add_argument(f"--{field.replace('_', '-')}", type=kind, help="replaces the preset's value")

    def handle(self, *args: Any, **options: Any) -> None:
        from generation.jobs import device

        try:
            share = device.join(device.prepare())
            # Of several processes the first one makes the run, the others learn which it is.
            run_pk = share.told(self._wanted(options).pk if share.is_first else None)
        except InputError as error:
            raise CommandError(str(error)) from None
        run = TrainingRun.objects.get(pk=run_pk)
        try:
            self._train(run, share)
        finally:
            device.leave()
        if share.is_first:
            self._tell(run)

    def _train(self, run: TrainingRun, share: Any) -> None:
        from generation.jobs import training

        with stopping.on_signals("") as interruption, ProgressBar("step") as bar:
            interruption.ends_with(partial(_give_up, run))
            training.run(run.pk, on_progress=bar.show, share=share)

    def _tell(self, run: TrainingRun) -> None:
        run.refresh_from_db()
        if run.status != Job.Status.FINISHED:
            raise CommandError(run.error or f"Training run {run.slug} is {run.status}.")
        newest = run.checkpoints.order_by("-step").first()
        self.stdout.write(
            f"{newest.name if newest else run.slug}: {run.config['n_steps']} steps on {run.device}"
        )

    def _wanted(self, options: dict[str, Any]) -> TrainingRun:
        return self._resumed(options) if options["resume"] else self._created(options)

    def _created(self, options: dict[str, Any]) -> TrainingRun:
        patch_set = PatchSet.objects.filter(slug=options["patch_set"]).first()
        if patch_set is None:
            known = ", ".join(PatchSet.objects.values_list("slug", flat=True)[:10]) or "none yet"
            raise InputError(f'There is no patch set "{options["patch_set"]}"; there are: {known}.')
        changes = {field: options[field] for field in (*CHANGEABLE, *SWITCHES) if options[field] is not None}
        return training_runs.create(
            patch_set=patch_set,
            preset=options["preset"],
            seed=options["seed"],
            name=options["name"],
            changes=changes,
            now=timezone.now(),
        )

    def _resumed(self, options: dict[str, Any]) -> TrainingRun:
        run = TrainingRun.objects.filter(slug=options["patch_set"]).first()
        if run is None:
            raise InputError(f'There is no training run "{options["patch_set"]}".')
        if run.status != Job.Status.QUEUED and not training_runs.requeue(run=run):
            raise InputError(
                f'Training run "{run.slug}" is {run.status}; only a stopped or failed one can be resumed.'
            )
        run.refresh_from_db()
        return run


def _give_up(run: TrainingRun) -> str:
    if not stopping.mark_stopped(run):
        return f"The training had ended before it was to be stopped: run {run.slug} is {run.status}."
    return f"Stopped; `manage.py train_gan {run.slug} --resume` goes on from the last checkpoint."
