"""What survives a power cut: content is asked onto the disk before it has its name, and then the name."""

import errno
from pathlib import Path

import numpy as np
import pytest

from generation.core import durable
from generation.core.labels import LesionClass
from generation.core.patch_set import PatchRow, PatchSetWriter


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was asked of the disk, in order."""
    seen: list[tuple[str, str]] = []
    sync, replace, rename = durable.sync, Path.replace, Path.rename
    monkeypatch.setattr(durable, "sync", lambda path: (seen.append(("sync", path.name)), sync(path)))
    monkeypatch.setattr(
        Path, "replace", lambda old, new: (seen.append(("name", new.name)), replace(old, new))[1]
    )
    monkeypatch.setattr(
        Path, "rename", lambda old, new: (seen.append(("name", new.name)), rename(old, new))[1]
    )
    return seen


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, asked: list[tuple[str, str]]) -> None:
    draft = tmp_path / ".draft"
    draft.write_text("whole")
    durable.replace(draft, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "whole"
    assert asked == [("sync", ".draft"), ("name", "file"), ("sync", tmp_path.name)]


def test_a_patch_set_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, asked: list[tuple[str, str]]
) -> None:
    with PatchSetWriter(tmp_path / "set", source="wgan") as writer:
        writer.add(np.zeros((2, 7, 64, 64), dtype=np.int16), [PatchRow("", LesionClass.BENIGN)] * 2)
        writer.attach("sheets/sheet.png", b"png")
        writer.finish({})
    named = asked.index(("name", "set"))
    synced = {name for what, name in asked[:named] if what == "sync"}
    assert {"patches.npy", "index.csv", "manifest.json", "sheets", "sheet.png"} < synced
    assert any(name.startswith(".set.partial-") for name in synced)
    assert asked[named + 1 :] == [("sync", tmp_path.name)]


@pytest.mark.parametrize(
    ("error", "is_no_room"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (ValueError("No space left on device"), False),
    ],
)
def test_a_full_disk_is_told_from_other_faults(error: Exception, is_no_room: bool) -> None:
    assert durable.is_no_room(error) == is_no_room
