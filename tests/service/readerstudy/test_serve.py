"""`manage.py serve` with its real programs: gunicorn and two Celery workers."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from readerstudy.serving import instance
from tests.conftest import PROJECT

pytestmark = [pytest.mark.enable_socket, pytest.mark.slow]

QUEUE_ONE = """
import django; django.setup()
from django.utils import timezone
from generation.models import Cohort
row = Cohort.objects.create(name="Breast", slug="breast", origin_folder="/not/there", created_at=timezone.now())
"""

STATUS = """
import django; django.setup()
from generation.models import Cohort
print(Cohort.objects.get(slug="breast").status)
"""


def python(data: Path, *argv: str) -> str:
    done = subprocess.run(
        [sys.executable, *argv],
        cwd=PROJECT,
        env=environment(data),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def environment(data: Path) -> dict[str, str]:
    others = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}
    }
    return {**others, "READERSTUDY_DATA": str(data), "DJANGO_SETTINGS_MODULE": "readerstudy.settings"}


@dataclass
class Served:
    """A running `manage.py serve`."""

    process: "subprocess.Popen[bytes]"
    data: Path
    output: Path

    def said(self, pattern: str) -> "re.Match[str] | None":
        return re.search(pattern, self.output.read_text())

    def wait_for(self, condition: Callable[[], object], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline or self.process.poll() is not None:
                logs = [path.read_text() for path in sorted((self.data / "log").glob("*.log"))]
                pytest.fail("\n".join([self.output.read_text(), *logs]))
            time.sleep(0.1)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of an instance in which one job is queued, but its message was lost."""
    folder = tmp_path / "instance"
    python(folder, "manage.py", "migrate", "--verbosity", "0")
    python(folder, "-c", QUEUE_ONE)
    return folder


@pytest.fixture
def served(data: Path, tmp_path: Path) -> Iterator[Served]:
    output = tmp_path / "output"
    with output.open("wb") as file:
        argv = [sys.executable, "-u", "manage.py", "serve", "--bind", "127.0.0.1:18800", "--any-port"]
        process = subprocess.Popen(argv, cwd=PROJECT, env=environment(data), stdout=file, stderr=file)
    running = Served(process, data, output)
    yield running
    if process.poll() is None:
        process.terminate()
    process.wait(timeout=40)


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_serves_takes_up_lost_jobs_restarts_what_dies_and_stops_in_order(served: Served) -> None:
    served.wait_for(lambda: served.said(r"Serving at (\S+)"))
    found = served.said(r"Serving at (\S+)")
    assert found
    url = found[1]
    assert instance.answers(f"{url}/sign-in/")
    assert served.said("queued jobs sent to the workers: 1")

    served.wait_for(
        lambda: python(served.data, "-c", STATUS) == "failed"
    )  # its folder is missing: a worker looked

    match = served.said(r"started worker for queue gpu \(process (\d+)")
    assert match
    os.kill(int(match[1]), signal.SIGKILL)
    served.wait_for(lambda: served.said(r"worker for queue gpu ended with status -9"))
    served.wait_for(lambda: served.said(r"started worker for queue gpu again"))

    second = subprocess.run(
        [sys.executable, "manage.py", "serve", "--any-port"],
        cwd=PROJECT,
        env=environment(served.data),
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"is already served at {url} by process {served.process.pid}" in second.stderr

    served.process.terminate()
    assert served.process.wait(timeout=40) == 0
    pids = [int(pid) for pid in re.findall(r"\(process (\d+)", served.output.read_text())]
    assert len(pids) == 4
    assert not any(is_running(pid) for pid in pids)
    assert not instance.answers(f"{url}/sign-in/")
