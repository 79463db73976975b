"""Take in generators that were trained elsewhere, and queue samplings."""

import itertools
import json
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from generation import storage
from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES, LesionClass, parse_new_source
from generation.core.seeds import check_seed
from generation.models import Checkpoint, PatchSet
from generation.services import naming, patch_sets

MAX_PATCHES_PER_CLASS = 1_000_000


def register(*, folder: Path, name: str, now: datetime) -> Checkpoint:
    """Copy a checkpoint folder into the data folder and give it a row; the same name again returns that row."""
    existing = Checkpoint.objects.filter(name=name).first()
    if existing is not None:
        return existing
    try:
        facts = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        config, step, sha256 = facts["config"], int(facts["step"]), dict(facts["sha256"])
        source = str(config["source"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise InputError(
            f"{folder} is not a checkpoint: its state.json is missing or cannot be read."
        ) from None
    source = parse_new_source(source)
    target = _free_folder(name)
    draft = target.with_name(f".{target.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        shutil.copytree(folder, draft)
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    storage.publish(target)
    return Checkpoint.objects.create(
        name=name,
        source=source,
        step=step,
        path=str(target.relative_to(settings.READERSTUDY_DATA)),
        sha256=sha256,
        summary={"config": config, "seed": facts.get("seed")},
        created_at=now,
    )


def _free_folder(name: str) -> Path:
    """Folder for a generator of this name, which no other checkpoint lies in."""
    if not slugify(name) or len(name) > naming.MAX_NAME_LENGTH:
        raise InputError(
            f'A generator cannot be called "{name}"; rename its folder to 1 to {naming.MAX_NAME_LENGTH} characters '
            "with at least one letter or digit of the Latin alphabet."
        )
    place = settings.READERSTUDY_DATA / "checkpoints"
    paths = Checkpoint.objects.values_list("path", flat=True)
    taken = {settings.READERSTUDY_DATA / path for path in paths}
    numbered = (place / f"{slugify(name)}{f'-{n}' if n > 1 else ''}" for n in itertools.count(1))
    return next(folder for folder in numbered if folder not in taken)


@transaction.atomic
def queue_sampling(
    *,
    checkpoint: Checkpoint,
    n_per_class: Mapping[str, int],
    seed: int,
    now: datetime,
    name: str = "",
    pool: str = "",
    by: str = "",
) -> PatchSet:
    """Queue the sampling of a patch set from a checkpoint, and what it is offered as when it is drawn."""
    check_seed(seed)
    for lesion_class, n in n_per_class.items():
        if not 0 <= n <= MAX_PATCHES_PER_CLASS:
            raise InputError(
                f"{n} patches of class {lesion_class} were asked for; write a number from 0 to {MAX_PATCHES_PER_CLASS:,}."
            )
    if not sum(n_per_class.values()):
        raise InputError("No patches were asked for; write a number above 0 for at least one class.")
    if pool.strip():
        pool = naming.clean_name(pool, default="", kind="Pool")
    return patch_sets.create(
        name,
        default=f"{checkpoint.name}, seed {seed}",
        source=checkpoint.source,
        checkpoint=checkpoint,
        seed=seed,
        options={
            "n_per_class": {c.value: int(n_per_class.get(c.value, 0)) for c in LESION_CLASSES},
            **({"pool": pool, "asked_by": by} if pool.strip() else {}),
        },
        n_total=sum(n_per_class.values()),
        now=now,
    )


def wanted_per_class(patch_set: PatchSet) -> dict[LesionClass, int]:
    """Read back how many patches of which class a sampling was asked for."""
    return {LesionClass(name): int(n) for name, n in patch_set.options["n_per_class"].items()}
