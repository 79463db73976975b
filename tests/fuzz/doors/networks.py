"""Doors of networks and backups: checkpoints, encoders, archives of an instance."""

import hashlib
import io
import json
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from random import Random

from generation.core.errors import InputError
from tests.fuzz import spoil_bytes, spoiling
from tests.fuzz.doors import Door
from tests.fuzz.doors.scans import made
from tests.fuzz.tree import Tree


@cache
def checkpoint_samples() -> list[Tree]:
    """A small checkpoint."""
    import torch

    from generation.core import checkpoint
    from generation.core.presets import preset
    from generation.core.training_state import begin

    def write(folder: Path) -> None:
        config = preset("dcgan", width=4, noise_dim=4)
        state = begin(config, classes=(0, 1, 2), seed=1, device=torch.device("cpu"))
        checkpoint.save(state, folder / "c")

    return [{name.removeprefix("c/"): content for name, content in made(write).items()}]


def spoil_checkpoint(tree: Tree, rng: Random) -> Tree:
    """Spoil it; most of the time its sums are made to fit again, as whoever means harm would."""
    spoilt = spoiling.spoil(tree, rng)
    facts = spoilt.get("state.json")
    if rng.random() < 0.2 or not isinstance(facts, bytes):
        return spoilt
    try:
        values = json.loads(facts)
        values.pop("facts_sha256", None)
        for name in values["sha256"]:
            content = spoilt.get(name)
            if isinstance(content, bytes):
                values["sha256"][name] = hashlib.sha256(content).hexdigest()
        spoilt["state.json"] = json.dumps(values).encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return spoilt


def load_checkpoint(folder: Path, data: Path) -> None:
    """The generator to sample from, then the whole training to go on with."""
    import torch

    from generation.core import checkpoint

    checkpoint.load_generator(folder)
    checkpoint.load(folder, device=torch.device("cpu"))


@cache
def encoder_samples() -> list[Tree]:
    """A TorchScript encoder with what is stated beside it."""
    import torch

    class Mean(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean(dim=(2, 3))

    def write(folder: Path) -> None:
        torch.jit.trace(Mean(), torch.zeros(1, 3, 8, 8)).save(str(folder / "encoder.pt"))

    stated = {"title": "Mean", "size": 8, "mean": [0.5, 0.5, 0.5], "std": [0.2, 0.2, 0.2]}
    return [{**made(write), "encoder.pt.json": json.dumps(stated).encode()}]


def spoil_encoder(tree: Tree, rng: Random) -> Tree:
    """Spoil what is stated; the network itself is code of whoever runs it."""
    spoilt = dict(tree)
    name = "encoder.pt.json" if rng.random() < 0.8 else "encoder.pt"
    content = spoilt[name]
    assert isinstance(content, bytes)
    spoilt[name] = (
        spoiling.BY_SUFFIX[".json"](content, rng)
        if name.endswith(".json")
        else content[: rng.randrange(len(content))]
    )
    return spoilt


def load_encoder(folder: Path, data: Path) -> None:
    """An encoder of `score_patches --extractor own`."""
    import torch

    from evaluation.core import own_extractor

    own_extractor.load(folder / "encoder.pt", device=torch.device("cpu"), picture_size=16)


@cache
def backup_samples() -> list[Tree]:
    """What `backup` writes: files and a manifest with their sums."""
    content = {
        "database.sqlite3": b"SQLite format 3\0" + b"\0" * 600,
        "secret_key": b"k" * 50,
        "patch_sets/a/index.csv": b"lesion_class\nbenign\n",
    }
    sums = {
        name: {"bytes": len(one), "sha256": hashlib.sha256(one).hexdigest()} for name, one in content.items()
    }
    manifest = {
        "format_version": 1,
        "database": "sqlite",
        "made_at": "2026-01-01T00:00:00",
        "with_scans": True,
        "files": sums,
    }
    return [{**content, "manifest.json": json.dumps(manifest).encode()}]


def spoil_backup(tree: Tree, rng: Random) -> Tree:
    """A tar of it: spoilt inside, in its names and kinds of entries, or in its bytes."""
    inside = spoiling.spoil(tree, rng) if rng.random() < 0.4 else tree
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer, mode="w", format=rng.choice((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT))
    ) as tar:
        for name, content in inside.items():
            odd = (
                "../x",
                "/x",
                "patch_sets/../../x",
                "cohorts/" + "a" * 300,
                "manifest.json",
                "files",
                "files/a\nb",
                "",
            )
            entry = tarfile.TarInfo(rng.choice(odd) if rng.random() < 0.05 else name)
            if isinstance(content, str):
                entry.type, entry.linkname, content = tarfile.SYMTYPE, content, b""
            if rng.random() < 0.03:
                entry.type, entry.linkname = (
                    rng.choice((tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)),
                    "manifest.json",
                )
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    packed = buffer.getvalue()
    return {"backup.tar": packed if rng.random() < 0.4 else spoil_bytes.spoil(packed, rng)}


def restore(folder: Path, data: Path) -> None:
    """Unpack and check a backup, as `restore` does before anything takes its place."""
    from readerstudy.safekeeping import archive

    data.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=data) as work:
        manifest = archive._unpack(folder / "backup.tar", Path(work))
        if not manifest:
            raise InputError("There is nothing in it.")
        archive.Made(
            len(manifest["files"]),
            sum(one["bytes"] for one in manifest["files"].values()),
            manifest["database"],
            manifest["made_at"],
        )


DOORS = [
    Door("checkpoint", 800, checkpoint_samples, load_checkpoint, spoil_checkpoint, is_typed=True),
    Door("encoder", 100, encoder_samples, load_encoder, spoil_encoder, is_typed=True),
    Door("backup", 2_500, backup_samples, restore, spoil_backup, is_typed=True),
]
