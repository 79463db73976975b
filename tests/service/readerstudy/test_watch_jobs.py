"""`manage.py watch_jobs` beside workers on several machines: finds a job whose worker is gone, and ends when told to."""

import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.instances import Instance, make_instance
from tests.nursery import Process

pytestmark = pytest.mark.enable_socket

FILL = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from datetime import timedelta
from django.utils import timezone
from generation.models import Cohort
now = timezone.now()
a_while_ago = {"created_at": now - timedelta(hours=1), "origin_folder": "/not/there"}
Cohort.objects.create(name="Silent", slug="silent", status="running", beat_at=now - timedelta(minutes=11), **a_while_ago)
Cohort.objects.create(name="Alive", slug="alive", status="running", beat_at=now, **a_while_ago)
Cohort.objects.create(name="Waiting", slug="waiting", **a_while_ago)  # its message was lost
"""


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    made = make_instance(tmp_path / "data")
    made.python("-c", FILL)
    return made


@pytest.fixture
def watching(instance: Instance, tmp_path: Path) -> Iterator[Process]:
    with (tmp_path / "output").open("wb") as file:
        process = Process(["manage.py", "watch_jobs"], env=instance.environment, stdout=file, stderr=file)
    yield process
    if process.poll() is None:
        process.kill()
    process.wait(timeout=20)


def test_a_silent_job_is_queued_again_and_sigterm_ends_the_watch(instance, watching, tmp_path):
    output = tmp_path / "output"
    deadline = time.monotonic() + 60
    while "is gone" not in output.read_text():
        assert watching.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.1)
    watching.send_signal(signal.SIGTERM)
    assert watching.wait(timeout=20) == 0
    assert output.read_text().splitlines() == [
        "queued jobs sent to the workers: 1",
        'the worker of cohort "Silent" is gone; it is queued again',
    ]
    with closing(sqlite3.connect(instance.data / "db.sqlite3")) as database:
        found = dict(database.execute("SELECT slug, status FROM generation_cohort"))
    assert found == {
        "silent": "queued",
        "alive": "running",
        "waiting": "queued",
    }
    sent = [path.read_text() for path in (instance.data / "queue" / "messages").iterdir()]
    assert len([text for text in sent if "generation.import_cohort" in text]) == 2
