"""Web servers of a benchmark: started, waited for, and their processor time read from the kernel."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


def environment_of(folder: str, database_url: str = "") -> dict[str, str]:
    """Environment of an instance in a folder of its own; SQLite without a URL."""
    environment = {
        **os.environ,
        "READERSTUDY_DATA": folder,
        "DJANGO_SETTINGS_MODULE": "readerstudy.settings",
        "LOG_LEVEL": "WARNING",
    }
    environment.pop("DATABASE_URL", None)
    return {**environment, "DATABASE_URL": database_url} if database_url else environment


@contextmanager
def serving(environment: dict[str, str], argv: Sequence[str], address: str) -> Iterator[int]:
    """Run a web server; yields its process."""
    server = subprocess.Popen(argv, cwd=PROJECT, env=environment)
    try:
        wait_for(address)
        yield server.pid
    finally:
        server.terminate()
        server.wait(timeout=30)


@contextmanager
def one_worker(environment: dict[str, str], application: str, *, n_threads: int) -> Iterator[tuple[str, int]]:
    """Gunicorn as programs.py starts it, but with one worker; yields its address and the worker's process."""
    address = f"127.0.0.1:{free_port()}"
    argv = [
        *(sys.executable, "-m", "gunicorn", application, "--bind", address, "--workers", "1"),
        *("--worker-class", "gthread", "--threads", str(n_threads), "--log-level", "warning"),
        "--no-control-socket",
    ]
    with serving(environment, argv, address) as pid:
        (worker,) = children_of(pid)
        yield address, worker


def wait_for(address: str) -> None:
    """Return when a server answers."""
    host, port = address.split(":")
    for _ in range(600):
        try:
            with socket.create_connection((host, int(port)), timeout=1) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                assert connection.recv(1)
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nothing answers at {address}")


def children_of(pid: int) -> list[int]:
    """Processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_ms(pid: int, *, with_ended: bool = False) -> float:
    """User and system time of a process, and where asked for of its ended children: fields 14 to 17 of its stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[i]) for i in ((11, 12, 13, 14) if with_ended else (11, 12))) * 1000 / TICKS


def tree_cpu_ms(pid: int) -> float:
    """Processor time of a server with all its workers, those that were replaced too."""
    return cpu_ms(pid, with_ended=True) + sum(cpu_ms(child, with_ended=True) for child in children_of(pid))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def python(environment: dict[str, str], module: str, *argv: str) -> str:
    """What a module writes that ends well."""
    done = subprocess.run(
        [sys.executable, "-m", module, *argv],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
