"""One data folder is served by one supervisor."""

import fcntl
import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from generation.core.errors import InputError


@contextmanager
def held(data: Path, *, url: str) -> Iterator[None]:
    """Hold the data folder while serving it; the kernel lets go of it whatever happens to this process.

    Raises
    ------
    InputError
        If another supervisor serves it; the sentence names its address and process.
    """
    with _locked(data) as file:
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "url": url}))
        file.flush()
        yield


def check_not_served(data: Path) -> None:
    """Refuse a folder that another supervisor serves now.

    Raises
    ------
    InputError
        The sentence names its address and process.
    """
    with _locked(data):
        pass


@contextmanager
def _locked(data: Path) -> Iterator[TextIO]:
    data.mkdir(parents=True, exist_ok=True)
    with (data / "serve.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(_taken(data, (data / "serve.lock").read_text(encoding="utf-8"))) from None
        yield file


def _taken(data: Path, text: str) -> str:
    try:
        holder = json.loads(text)
        where = f"is already served at {holder['url']} by process {holder['pid']}; stop that one first"
    except (ValueError, KeyError):
        where = "is already being served; stop that process first"
    return f"{data} {where}, or set READERSTUDY_DATA to another folder."


def answers(url: str) -> bool:
    """True if a web server answers there."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310
            return True
    except urllib.error.HTTPError:
        return True
    except (
        OSError,
        http.client.HTTPException,
    ):  # nobody is there, or somebody ended in the middle of the answer
        return False
