"""A small folder in memory: what is spoilt, written down, and opened by the product."""

import os
import shutil
from pathlib import Path

Tree = dict[str, bytes | str]  # content of a file by its path; text is where a symbolic link leads


def of_folder(folder: Path) -> Tree:
    """Read the files of a folder."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def write(tree: Tree, folder: Path) -> None:
    """Write a tree into a new folder; what the file system refuses is left out, as no user can bring it either."""
    folder.mkdir(parents=True)
    for name, content in tree.items():
        path = folder / name
        if ".." in path.parts:
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                path.symlink_to(content)
            else:
                path.write_bytes(content)
        except (OSError, ValueError):
            continue


def remove(folder: Path) -> None:
    """Remove a folder with whatever is in it."""
    shutil.rmtree(folder, ignore_errors=True)


def left_in(folder: Path) -> list[str]:
    """Files below a folder, with odd names made readable."""
    found = [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]
    return sorted(os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace") for path in found)
