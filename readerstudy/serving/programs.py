"""The programs that make up a running instance."""

import os
import signal
import sys
from pathlib import Path
from typing import Final

from readerstudy.serving.address import Address
from readerstudy.serving.children import Child

WORKER_NICENESS: Final = 10  # a reader never waits for a training
MAX_WEB_WORKERS: Final = 8
N_WEB_THREADS: Final = 4
GRACE_SECONDS: Final = 20  # for requests under way when the server stops
KEEP_ALIVE_SECONDS: Final = 75  # a reader looks at a panel for longer than gunicorn's own 2 s


def n_web_workers(asked: int = 0) -> int:
    """As many processes as asked for; otherwise one per processor, at least 2 and at most 8."""
    return asked or min(max(os.cpu_count() or 1, 2), MAX_WEB_WORKERS)


def web_server(address: Address, *, logs: Path, n_workers: int = 0) -> Child:
    """Gunicorn; it writes no access log, because invitation links are secrets."""
    return Child(
        name="web server",
        argv=[
            *(sys.executable, "-m", "gunicorn", "readerstudy.wsgi"),
            *("--bind", address.bind),
            *(
                "--workers",
                str(n_web_workers(n_workers)),
                "--worker-class",
                "gthread",
                "--threads",
                str(N_WEB_THREADS),
            ),
            *("--graceful-timeout", str(GRACE_SECONDS), "--timeout", "60"),
            *("--keep-alive", str(KEEP_ALIVE_SECONDS)),
            *("--max-requests", "20000", "--max-requests-jitter", "2000"),
            "--no-control-socket",  # it would lie in the home folder, outside the instance
        ],
        log_path=logs / "web.log",
    )


def worker(queue: str, *, logs: Path) -> Child:
    """A Celery worker for one queue, one task at a time."""
    return Child(
        name=f"worker for queue {queue}",
        argv=[
            *(sys.executable, "-m", "celery", "-A", "readerstudy", "worker"),
            *("--queues", queue, "--hostname", f"{queue}@%h"),
            *("--pool", "prefork", "--concurrency", "1", "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        log_path=logs / f"worker-{queue}.log",
        niceness=WORKER_NICENESS,
        orphan_signal=signal.SIGQUIT,  # at once: an orphan that finishes its training would hold the GPU for hours
    )
