"""The same code beyond one machine: PostgreSQL as database; Redis and RabbitMQ beside the default file queue.

Everything runs in processes of its own, with its own database, queue and data folder.
"""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.instances import make_instance, new_postgresql_database
from tests.queues import BROKERS, Workers, new_queue

WORKER_SECONDS = 120

pytestmark = [pytest.mark.enable_socket]

CLAIM_BY_EIGHT = """
import threading
import django; django.setup()
from django.db import connection, connections
from django.utils import timezone
from generation.models import Cohort
from generation.services import jobs
assert connection.vendor == "postgresql", connection.vendor
row = Cohort.objects.create(name="Breast", slug="breast", origin_folder="/nowhere", created_at=timezone.now())
won, start = [], threading.Barrier(8)
def claim():
    own = Cohort.objects.get(pk=row.pk)
    start.wait()
    won.append(jobs.claim(own, now=timezone.now()))
    connections.close_all()
threads = [threading.Thread(target=claim) for _ in range(8)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
row.refresh_from_db()
print(sum(won), len(won), row.status)
"""

ENQUEUE = """
import sys
import django; django.setup()
from django.utils import timezone
from generation.models import Cohort
from generation.tasks import import_cohort
row = Cohort.objects.create(name="Breast", slug="breast", origin_folder=sys.argv[1], created_at=timezone.now())
import_cohort.delay(row.pk)
"""


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of a new instance."""
    instance = make_instance(tmp_path_factory.mktemp("migrated") / "data")
    instance.python("manage.py", "migrate", "--verbosity", "0")
    return instance.data


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    with new_postgresql_database() as url:
        yield url


@pytest.mark.service
def test_postgresql_takes_all_migrations_and_one_of_eight_claims(postgresql_url: str, tmp_path: Path) -> None:
    instance = make_instance(tmp_path / "data", DATABASE_URL=postgresql_url)
    instance.python("manage.py", "migrate", "--verbosity", "0")
    instance.python("manage.py", "migrate", "--check")
    assert instance.python("-c", CLAIM_BY_EIGHT) == "1 8 running"


@pytest.mark.parametrize("broker", BROKERS)
def test_worker_does_a_job_and_stores_how_it_ended(broker: str, migrated: Path, tmp_path: Path) -> None:
    shutil.copytree(migrated, tmp_path / "data")

    def ask() -> tuple[str, str]:
        with closing(sqlite3.connect(tmp_path / "data" / "db.sqlite3", timeout=20)) as rows:
            return rows.execute(
                "SELECT status, error FROM generation_cohort WHERE slug = 'breast'"
            ).fetchone()

    with new_queue(broker) as variables:
        instance = make_instance(tmp_path / "data", **variables)
        instance.python("-c", ENQUEUE, str(tmp_path / "scans that are not there"))
        assert ask() == ("queued", "")
        workers = Workers(instance, tmp_path)
        workers.start("only")
        try:
            deadline = time.monotonic() + WORKER_SECONDS
            while ask()[0] in {"queued", "running"} and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            workers.kill()
    status, error = ask()
    assert status == "failed", workers.log()
    assert "This is not a folder on this machine" in error  # whose name may be a patient
