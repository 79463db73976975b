"""A disk that a test can fill."""

import errno
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_BLOCK = 1 << 16


class SmallDisk:
    """A file system of its own."""

    def __init__(self, folder: Path, refusal: str) -> None:
        self.folder, self._refusal = folder, refusal
        self._filling = folder / "filling"

    def skip_if_refused(self) -> None:
        """Skip a test that has to fill it."""
        if self._refusal:
            pytest.skip(f"a small disk cannot be mounted: {self._refusal}")

    def fill(self, *, leave: int = 0) -> None:
        """Leave so many bytes free."""
        with self._filling.open("ab", buffering=0) as file:
            for block in (_BLOCK, 512):
                try:
                    while shutil.disk_usage(self.folder).free > leave:
                        file.write(bytes(block))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def make_room(self) -> None:
        """Free what was filled."""
        self._filling.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, *, n_bytes: int) -> Iterator[SmallDisk]:
    """Mount a small file system in memory; where that is not allowed there is the folder and no disk to fill."""
    folder.mkdir(parents=True)
    refusal = _mount(folder, n_bytes)
    try:
        yield SmallDisk(folder, refusal)
    finally:
        if not refusal:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(folder: Path, n_bytes: int) -> str:
    """Why it was refused; empty if it was not."""
    if shutil.which("mount") is None:
        return "there is no program mount"
    argv = ["mount", "-t", "tmpfs", "-o", f"size={n_bytes}", "tmpfs", str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""
