"""Queues on each broker, and the workers that listen to them."""

import os
import re
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import redis
from kombu import Connection

from tests.instances import Instance, skip_unless_listening
from tests.nursery import Process

REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")
RABBITMQ = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")
BROKERS: Final = (
    "filesystem",
    pytest.param("redis", marks=pytest.mark.service),
    pytest.param("rabbitmq", marks=pytest.mark.service),
)
_RECEIVED = re.compile(r"Task ([\w.]+)\[([0-9a-f-]{36})\] received")
_SUCCEEDED = re.compile(r"Task (\S+)\[(\S+)\] succeeded")


@contextmanager
def new_queue(broker: str) -> Iterator[dict[str, str]]:
    """The variables of an instance with a new, empty queue on a broker; what is left there is removed afterwards."""
    name = f"readerstudy-test-{secrets.token_hex(6)}"
    variables = {"DJANGO_SETTINGS_MODULE": "tests.queue_settings", "TEST_QUEUE": name}
    if broker == "filesystem":
        yield variables | {"CELERY_BROKER_URL": "filesystem://"}
    elif broker == "redis":
        skip_unless_listening(REDIS, "Redis")
        with _empty_redis_database() as number:
            yield variables | {"CELERY_BROKER_URL": f"{REDIS}/{number}"}
    else:
        skip_unless_listening(RABBITMQ, "RabbitMQ")
        try:
            yield variables | {"CELERY_BROKER_URL": RABBITMQ}
        finally:
            with Connection(RABBITMQ) as connection, connection.channel() as channel:
                channel.queue_delete(name)
                channel.exchange_delete(name)


@contextmanager
def _empty_redis_database() -> Iterator[int]:
    for number in range(15, 0, -1):
        with redis.Redis.from_url(REDIS, db=number) as client:
            if client.dbsize() == 0 and client.set("readerstudy-test", "taken", ex=600, nx=True):
                try:
                    yield number
                finally:
                    client.flushdb()
                return
    pytest.skip(f"every database of the Redis at {REDIS} holds something")


class Workers:
    """Celery workers of an instance in processes of their own; what is left of them is killed at the end."""

    def __init__(self, instance: Instance, folder: Path) -> None:
        self._environment, self._folder = instance.environment, folder
        self._running: dict[str, Process] = {}

    def start(self, name: str) -> None:
        queue = self._environment["TEST_QUEUE"]
        options = ["--queues", queue, "--hostname", f"{name}-{queue}@%h", "--loglevel", "INFO"]
        options += ["--pool", "prefork", "--concurrency", "1", "--without-gossip", "--without-mingle"]
        with (self._folder / f"{name}.log").open("wb") as log:
            self._running[name] = Process(
                ["-m", "celery", "-A", "readerstudy", "worker", *options],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, *names: str) -> None:
        """SIGKILL for each, or all, with the process it has forked: neither has a chance to tidy up."""
        for name in names or tuple(self._running):
            worker = self._running.pop(name)
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(timeout=30)

    def log(self, *names: str) -> str:
        """What some workers have written, or all."""
        paths = [self._folder / f"{name}.log" for name in names] or sorted(self._folder.glob("*.log"))
        return "\n".join(path.read_text(errors="replace") for path in paths)

    def received(self, *names: str) -> list[tuple[str, str]]:
        """Task and id of every message that some workers have taken, or all."""
        return _RECEIVED.findall(self.log(*names))

    def in_hand(self, name: str) -> set[tuple[str, str]]:
        """Messages that a worker took and did not come to the end of: the broker was never told that they are done."""
        return set(self.received(name)) - set(_SUCCEEDED.findall(self.log(name)))
