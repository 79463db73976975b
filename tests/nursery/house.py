"""Where processes of tests grow: `python -m tests.nursery.house SOCKET`, see the package.

It has the libraries loaded and knows nothing of Django's settings or the project. A keeper is forked for each wish; it
forks the program, tells its number, waits for it and tells how it ended.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

N_BYTES = 1 << 20  # of a wish
N_STREAMS = 3
# What costs time to load and asks for no settings before it is used.
LIBRARIES = (
    "boto3", "celery.bin.celery", "celery.concurrency.prefork", "celery.worker.consumer",
    "cryptography.fernet", "django.contrib.staticfiles.finders", "django.core.handlers.wsgi",
    "django.core.management", "django.core.serializers.json", "django.core.servers.basehttp",
    "django.db.backends.postgresql.base", "django.db.backends.sqlite3.base", "django.db.migrations.executor",
    "django.db.models", "django.forms", "django.template.defaulttags", "django.test", "django.test.client",
    "django.views.generic", "fido2.server", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "kombu.transport.filesystem",
    "kombu.transport.pyamqp", "kombu.transport.redis", "numpy", "PIL.Image", "prometheus_client", "psycopg", "pydantic",
    "pydicom", "pytest", "safetensors.torch", "scipy.linalg", "scipy.ndimage", "scipy.optimize", "scipy.sparse", "scipy.spatial",
    "scipy.special", "scipy.stats", "segno", "SimpleITK", "torch", "torch.nn.functional", "torch.optim", "whitenoise.middleware",
)  # fmt: skip


def main(address: str) -> int:
    """Serve until the input ends; in a program's own process, its exit status."""
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        print("open", flush=True)
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            asker, _ = listener.accept()
            with asker:
                if os.fork() == 0:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    listener.close()
                    return _keep(asker)
    return 0


def _keep(asker: socket.socket) -> int:
    sent, streams, _, _ = socket.recv_fds(asker, N_BYTES, N_STREAMS)
    while not sent.endswith(b"\n"):
        sent += asker.recv(N_BYTES)
    wish = json.loads(sent)
    program = os.fork()
    if program == 0:
        asker.close()
        _become(streams, **wish)
        return _run(wish["argv"])
    for stream in (*streams, *range(N_STREAMS)):
        os.close(stream)
    with contextlib.suppress(BrokenPipeError):  # the test is gone
        asker.sendall(f"{program}\n".encode())
    _, status = os.waitpid(program, 0)
    with contextlib.suppress(BrokenPipeError):
        asker.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(
    streams: Sequence[int], *, argv: Sequence[str], environment: Mapping[str, str], folder: str, leads: bool
) -> None:
    """What a new process is given."""
    if leads:
        os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # Python's own streams were made for other descriptors. Each line goes out at once, as with `python -u`.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)


def _run(argv: Sequence[str]) -> Any:
    """Do what `python ARGV` does, until its end."""
    first, *rest = argv
    if first == "-c":
        code, *rest = rest
        sys.argv = ["-c", *rest]
        sys.path[0] = ""
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(code, "<string>", "exec"), main.__dict__)  # noqa: S102
    elif first == "-m":
        module, *rest = rest
        sys.argv = [module, *rest]
        sys.path[0] = str(Path.cwd())
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [first, *rest]
        sys.path[0] = str(Path(first).resolve().parent)
        runpy.run_path(first, run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
