"""`manage.py export_generator CHECKPOINT DIR`: write only what is needed to sample, to hand a generator on."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.core.errors import InputError
from generation.models import Checkpoint


class Command(BaseCommand):
    help = "Write the sampled network of a checkpoint as a folder of its own, without discriminator and optimizers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("checkpoint", help="name of a checkpoint")
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        import torch

        from generation.core import checkpoint

        row = Checkpoint.objects.filter(name=options["checkpoint"]).first()
        if row is None:
            raise CommandError(f'There is no checkpoint "{options["checkpoint"]}".')
        try:
            state = checkpoint.load(row.folder, device=torch.device("cpu"))
        except InputError as error:
            raise CommandError(str(error)) from None
        sha256 = checkpoint.save_generator(state, options["folder"], summary=row.summary)
        size = sum(path.stat().st_size for path in options["folder"].iterdir())
        self.stdout.write(
            f"{options['folder']}: {size / 1e6:.1f} MB, generator SHA-256 {sha256['generator.safetensors']}"
        )
