"""The same code beyond one machine: PostgreSQL as database; Redis and RabbitMQ beside the default file queue.

Everything runs in processes of its own, with its own database, queue and data folder.
"""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from kombu import Connection
from psycopg import sql

from tests.conftest import PROJECT

POSTGRESQL = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")
RABBITMQ = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")
WORKER_SECONDS = 60

pytestmark = [pytest.mark.service, pytest.mark.enable_socket]

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
import_cohort.apply_async(args=[row.pk], queue=sys.argv[2])
"""

STATUS = """
import django; django.setup()
from generation.models import Cohort
row = Cohort.objects.get(slug="breast")
print(row.status, "|", row.error)
"""


@dataclass(frozen=True)
class Instance:
    """A data folder with the environment that its processes run in."""

    environment: dict[str, str]

    def python(self, *argv: str) -> str:
        done = subprocess.run(
            [sys.executable, *argv],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def make_instance(data: Path, **environment: str) -> Instance:
    data.mkdir(exist_ok=True)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "CELERY_BROKER_URL", "READERSTUDY_DATA"}
    }
    return Instance(
        {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "readerstudy.settings",
            "READERSTUDY_DATA": str(data),
            **environment,
        }
    )


def skip_unless_listening(url: str, name: str) -> None:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 0), timeout=2):
            pass
    except OSError as error:
        pytest.skip(f"no {name} at {parts.hostname}:{parts.port} ({error})")


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A new, empty database; dropped afterwards."""
    skip_unless_listening(POSTGRESQL, "PostgreSQL")
    name = f"readerstudy_test_{secrets.token_hex(6)}"
    with psycopg.connect(POSTGRESQL, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(params=["filesystem", "redis", "rabbitmq"])
def broker_url(request: pytest.FixtureRequest, queue: str) -> Iterator[str]:
    """Each broker in turn; what the test left there is removed."""
    if request.param == "filesystem":
        yield "filesystem://"
    elif request.param == "redis":
        skip_unless_listening(REDIS, "Redis")
        number = _empty_redis_database()
        yield f"{REDIS}/{number}"
        with redis.Redis.from_url(REDIS, db=number) as client:
            client.flushdb()
    else:
        skip_unless_listening(RABBITMQ, "RabbitMQ")
        yield RABBITMQ
        with Connection(RABBITMQ) as connection, connection.channel() as channel:
            channel.queue_delete(queue)
            channel.exchange_delete(queue)


@pytest.fixture
def queue() -> str:
    return f"readerstudy-test-{secrets.token_hex(6)}"


def _empty_redis_database() -> int:
    for number in range(15, 0, -1):
        with redis.Redis.from_url(REDIS, db=number) as client:
            if client.dbsize() == 0:
                client.set("readerstudy-test", "taken", ex=300)
                return number
    pytest.skip(f"every database of the Redis at {REDIS} holds something")


def test_postgresql_takes_all_migrations_and_one_of_eight_claims(postgresql_url: str, tmp_path: Path) -> None:
    instance = make_instance(tmp_path / "data", DATABASE_URL=postgresql_url)
    instance.python("manage.py", "migrate", "--verbosity", "0")
    instance.python("manage.py", "migrate", "--check")
    assert instance.python("-c", CLAIM_BY_EIGHT) == "1 8 running"


def test_worker_does_a_job_and_stores_how_it_ended(broker_url: str, queue: str, tmp_path: Path) -> None:
    instance = make_instance(tmp_path / "data", CELERY_BROKER_URL=broker_url)
    instance.python("manage.py", "migrate", "--verbosity", "0")
    missing = tmp_path / "scans that are not there"
    instance.python("-c", ENQUEUE, str(missing), queue)
    worker_argv = [
        "-m",
        "celery",
        "-A",
        "readerstudy",
        "worker",
        "-Q",
        queue,
        "-n",
        f"{queue}@%h",
        "-c",
        "1",
        "--without-gossip",
        "--without-mingle",
    ]
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, *worker_argv], cwd=PROJECT, env=instance.environment, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + WORKER_SECONDS
        while (status := instance.python("-c", STATUS)).startswith(
            ("queued", "running")
        ) and time.monotonic() < deadline:
            time.sleep(0.3)
    finally:
        worker.terminate()
        worker.wait(timeout=30)
    assert status.startswith("failed | "), (tmp_path / "worker.log").read_text()
    assert "This is not a folder on this machine" in status  # whose name may be a patient
