"""`manage.py contact_sheet PATCHSET ... --out FILE`: real beside generated patches under one window."""

from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.core import contact_sheet
from generation.core.errors import InputError
from generation.core.frames import Patches
from generation.core.labels import LESION_CLASSES
from generation.core.patch_set import PatchSetFolder, open_patch_set
from generation.models import PatchSet


class Command(BaseCommand):
    help = "Draw patches of one or more patch sets, class by class, all under the window of the first set."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("patch_sets", nargs="+", help="slugs of patch sets, or patch set folders")
        parser.add_argument("--per-class", type=int, default=6, help="patches of each class and set")
        parser.add_argument("--columns", type=int, default=2, help="patches side by side")
        parser.add_argument("--zoom", type=int, default=1, help="integer enlargement")
        parser.add_argument("--seed", type=int, default=1, help="which patches are picked")
        parser.add_argument("--out", type=Path, required=True, help="PNG file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            folders = [open_patch_set(self._folder(name)) for name in options["patch_sets"]]
        except InputError as error:
            raise CommandError(str(error)) from None
        white = contact_sheet.window(folders[0].patches[:: max(1, len(folders[0].patches) // 200)])
        groups: list[tuple[str, Patches]] = []
        for lesion_class in LESION_CLASSES:
            for folder in folders:
                patches = self._pick(
                    folder, folder.indices_of(lesion_class), options["per_class"], options["seed"]
                )
                if len(patches):
                    groups.append((f"{folder.source}, {lesion_class.words}", patches))
        if not groups:
            raise CommandError("The patch sets hold no patches, so there is nothing to draw.")
        picture = contact_sheet.draw(groups, white=white, n_columns=options["columns"], zoom=options["zoom"])
        options["out"].parent.mkdir(parents=True, exist_ok=True)
        picture.save(options["out"], optimize=True)
        self.stdout.write(f"{options['out']}: {picture.width} x {picture.height} pixels")

    def _folder(self, name: str) -> Path:
        row = PatchSet.objects.filter(slug=name).first()
        return row.folder if row is not None else Path(name)

    def _pick(self, folder: PatchSetFolder, members: np.ndarray[Any, Any], n: int, seed: int) -> Patches:
        rng = np.random.default_rng(seed)
        picked = np.sort(rng.permutation(members)[:n])
        return np.asarray(folder.patches[picked])
