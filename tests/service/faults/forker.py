"""Forks processes that have everything loaded already: `python -m tests.service.faults.forker`.

Each line of the input names an instance and a function of work.py with its arguments. A fork calls it and writes what it
returns; the fork's own parent waits for it and notes how it ended. A fork is killed like any other process.
"""

import gc
import importlib
import itertools
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from readerstudy import database  # noqa: E402
from readerstudy.celery import app  # noqa: E402
from tests import factories  # noqa: E402
from tests.service.faults import queued, work  # noqa: E402


def die_at(place: str, *, call: int = 1, when: str = "before") -> None:
    """Have this process killed at a call of a function, before it begins or after it has ended."""
    path, _, name = place.rpartition(".")
    owner = _find(path)
    real, n_calls = getattr(owner, name), 0

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        if n_calls == call and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = real(*args, **kwargs)
        if n_calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    setattr(owner, name, deadly)


def hold_at(place: str, folder: str, *, call: int = 1) -> None:
    """Have this process wait at a call of a function until the file `go` is in a folder; `held` tells that it waits."""
    path, _, name = place.rpartition(".")
    owner = _find(path)
    real, n_calls = getattr(owner, name), 0

    def held(*args: Any, **kwargs: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        if n_calls == call:
            (Path(folder) / "held").touch()
            while not (Path(folder) / "go").exists():
                time.sleep(0.01)
        return real(*args, **kwargs)

    setattr(owner, name, held)


def shift_clock(seconds: float) -> None:
    """Set this process's clock wrong."""
    real_time, real_now = time.time, timezone.now
    time.time = lambda: real_time() + seconds
    timezone.now = lambda: real_now() + timedelta(seconds=seconds)


def _find(path: str) -> Any:
    """A module, or a class in one."""
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)


def belong_to(data: str, database_url: str, broker_url: str) -> None:
    """Make this process one of an instance, as its environment would have done; nothing was opened before."""
    settings.READERSTUDY_DATA = Path(data)
    settings.FILE_UPLOAD_TEMP_DIR = Path(data) / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir(exist_ok=True)
    settings.DATABASES["default"] = database.from_url(database_url, data=Path(data))
    connections.__dict__.pop("settings", None)  # both are made anew when they are next asked for
    with suppress(AttributeError):
        del connections["default"]
    app.conf.broker_url = broker_url or "filesystem://localhost//"
    queue = Path(data) / "queue"
    folders = {"data_folder_in": queue / "messages", "data_folder_out": queue / "messages"}
    folders["control_folder"] = queue / "control"
    app.conf.broker_transport_options = (
        {} if broker_url else {name: str(path) for name, path in folders.items()}
    )


def _in_fork(wish: dict[str, Any], answer: Path) -> None:
    belong_to(**wish["instance"])
    if wish["die"]:
        die_at(**wish["die"])
    if wish["hold"]:
        hold_at(**wish["hold"])
    if wish["shift"]:
        shift_clock(wish["shift"])
    if wish["port"]:
        connection.settings_dict["PORT"] = str(wish["port"])
    factories._NUMBER = itertools.count(1 + 100 * int(Path(wish["place"]).name))  # each fork would begin at 1
    function: Callable[..., Any] = getattr(work, wish["call"], None) or getattr(queued, wish["call"])
    found = function(**wish["arguments"])
    draft = answer.with_suffix(".draft")
    draft.write_text(json.dumps(found))
    draft.replace(answer)


def _fork(wish: dict[str, Any], place: Path) -> None:
    with place.with_suffix(".log").open("wb") as log:
        worker = os.fork()
        if worker == 0:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            status = 1
            try:
                _in_fork(wish, place.with_suffix(".answer"))
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
    place.with_suffix(".pid").write_text(str(worker))
    _, status = os.waitpid(worker, 0)
    draft = place.with_suffix(".ending")
    draft.write_text(str(os.waitstatus_to_exitcode(status)))
    draft.replace(place.with_suffix(".end"))


def main() -> None:
    """Serve until the input ends."""
    gc.collect()
    gc.freeze()  # a fork does not look through, and thereby copy, what was loaded
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        wish = json.loads(line)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _fork(wish, Path(wish["place"]))
            os._exit(0)


main()
