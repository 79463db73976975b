"""`manage.py export_generator CHECKPOINT DIR`: write only what is needed to sample, to hand a generator on."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation import storage
from generation.core.errors import InputError
from generation.models import Checkpoint


class Command(BaseCommand):
    help = "Write the sampled network of a checkpoint as a folder of its own, without discriminator and optimizers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("checkpoint", help="name of a checkpoint")
        parser.add_argument("folder", type=Path, metavar="DIR", help="a new folder, or an empty one")

    def handle(self, *args: Any, **options: Any) -> None:
        import torch

        from generation.core import checkpoint

        folder: Path = options["folder"].absolute()
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CommandError(
                f'"{folder}" is there already and not empty; name a new folder or remove it first.'
            )
        row = Checkpoint.objects.filter(name=options["checkpoint"]).first()
        if row is None:
            raise CommandError(f'There is no checkpoint "{options["checkpoint"]}".')
        try:
            state = checkpoint.load(storage.fetch(row.folder), device=torch.device("cpu"))
        except InputError as error:
            raise CommandError(str(error)) from None
        try:
            sha256 = checkpoint.save_generator(state, folder, summary=row.summary)
        except OSError as error:
            raise CommandError(
                f'"{folder}" cannot be written ({error.strerror}); name a folder where this account may write and there is room.'
            ) from None
        size = sum(path.stat().st_size for path in folder.iterdir())
        self.stdout.write(
            f"{folder}: {size / 1e6:.1f} MB, generator SHA-256 {sha256['generator.safetensors']}"
        )
