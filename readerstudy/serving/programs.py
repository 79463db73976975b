"""The programs that make up a running instance."""

import sys
from pathlib import Path
from typing import Final

from readerstudy.serving.address import Address
from readerstudy.serving.children import Child

WORKER_NICENESS: Final = 10  # a reader never waits for a training
N_WEB_WORKERS: Final = 2
N_WEB_THREADS: Final = 4
GRACE_SECONDS: Final = 20  # for requests under way when the server stops
KEEP_ALIVE_SECONDS: Final = 75  # a reader looks at a panel for longer than gunicorn's own 2 s


def web_server(address: Address, *, logs: Path) -> Child:
    """Gunicorn; it writes no access log, because invitation links are secrets."""
    return Child(
        name="web server",
        argv=[
            *(sys.executable, "-m", "gunicorn", "readerstudy.wsgi"),
            *("--bind", address.bind),
            *("--workers", str(N_WEB_WORKERS), "--worker-class", "gthread", "--threads", str(N_WEB_THREADS)),
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
    )
