"""Redis servers of the tests' own, which may be killed."""

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from tests.service.faults.forks import wait_until


@dataclass
class OwnRedis:
    """A server, its folder and whether it writes every message to the disk."""

    program: str
    folder: Path
    port: int
    keeps: bool
    _process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, again too; what it kept is there."""
        keeps = ["--appendonly", "yes", "--appendfsync", "always"] if self.keeps else ["--appendonly", "no"]
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", *keeps],
                cwd=self.folder, stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(self._answers, why=(self.folder / "redis.log").read_text)

    def kill(self) -> None:
        """SIGKILL."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=30)

    def length(self, queue: str) -> int:
        """Messages that nobody has taken."""
        with redis.Redis(port=self.port) as client:
            return int(client.llen(queue))

    def _answers(self) -> bool:
        try:
            with redis.Redis(port=self.port, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@contextmanager
def own_redis(folder: Path, *, keeps: bool) -> Iterator[OwnRedis]:
    """Start one, and kill it at the end; skip where there is no redis-server on this machine."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not on this machine")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    folder.mkdir(exist_ok=True)
    server = OwnRedis(program, folder, port, keeps)
    server.start()
    try:
        yield server
    finally:
        server.kill()
