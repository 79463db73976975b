"""`manage.py contact_sheet PATCHSET ... --out FILE`: real beside generated patches under one window."""

from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation import storage
from generation.core import contact_sheet
from generation.core.errors import InputError
from generation.core.frames import Patches
from generation.core.labels import LESION_CLASSES
from generation.core.patch_set import PatchSetFolder, open_patch_set
from generation.models import PatchSet

LIMITS = {"per_class": (1, 1000), "columns": (1, 100), "zoom": (1, 16)}
MAX_PIXELS = 200_000_000  # of all frames drawn; one byte each while the sheet is made
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")


class Command(BaseCommand):
    help = "Draw patches of one or more patch sets, class by class, all under the window of the first set."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("patch_sets", nargs="+", help="slugs of patch sets, or patch set folders")
        parser.add_argument("--per-class", type=int, default=6, help="patches of each class and set")
        parser.add_argument("--columns", type=int, default=2, help="patches side by side")
        parser.add_argument("--zoom", type=int, default=1, help="integer enlargement")
        parser.add_argument("--seed", type=int, default=1, help="which patches are picked")
        parser.add_argument("--out", type=Path, required=True, help="PNG or JPEG file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        self._check(options)
        try:
            folders = [open_patch_set(self._folder(name)) for name in options["patch_sets"]]
        except InputError as error:
            raise CommandError(str(error)) from None
        for folder in folders:
            if not folder.frame_set.is_paper:
                raise CommandError(
                    f"{folder.folder} has {folder.frame_set.words}; a contact sheet shows the seven frames of the paper: "
                    "look at others in the gallery of their pool."
                )
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
        n_pixels = sum(patches.size for _, patches in groups) * options["zoom"] ** 2
        if n_pixels > MAX_PIXELS:
            raise CommandError(
                f"The sheet would have {n_pixels:,} pixels of patches; the limit is {MAX_PIXELS:,}: "
                "draw fewer patches per class, or with less zoom."
            )
        picture = contact_sheet.draw(groups, white=white, n_columns=options["columns"], zoom=options["zoom"])
        try:
            options["out"].parent.mkdir(parents=True, exist_ok=True)
            picture.save(options["out"], optimize=True)
        except OSError as error:
            reason = error.strerror or error
            raise CommandError(
                f'"{options["out"]}" cannot be written ({reason}); name another file.'
            ) from None
        self.stdout.write(f"{options['out']}: {picture.width} x {picture.height} pixels")

    def _check(self, options: dict[str, Any]) -> None:
        """Refuse what cannot be drawn, in one sentence."""
        for name, (low, high) in LIMITS.items():
            if not low <= options[name] <= high:
                raise CommandError(
                    f"--{name.replace('_', '-')} is {options[name]}; it must lie between {low} and {high}."
                )
        if options["seed"] < 0:
            raise CommandError(f"--seed is {options['seed']}; write 0 or more.")
        if options["out"].suffix.lower() not in PICTURE_SUFFIXES:
            raise CommandError(f'--out is "{options["out"]}"; end it with {", ".join(PICTURE_SUFFIXES)}.')

    def _folder(self, name: str) -> Path:
        row = PatchSet.objects.filter(slug=name).first()
        return storage.fetch(row.folder) if row is not None else Path(name)

    def _pick(self, folder: PatchSetFolder, members: np.ndarray[Any, Any], n: int, seed: int) -> Patches:
        rng = np.random.default_rng(seed)
        picked = np.sort(rng.permutation(members)[:n])
        return np.asarray(folder.patches[picked])
