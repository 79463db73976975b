"""The broker is killed, away, or comes back without its messages; the folder that is the queue is deleted or damaged."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.instances import Instance, make_instance
from tests.nursery import Process
from tests.service.faults.brokers import OwnRedis, own_redis
from tests.service.faults.forks import Fork, Forks, forks_of, wait_until

pytestmark = [pytest.mark.enable_socket, pytest.mark.slow, pytest.mark.timeout(900)]


@contextmanager
def celery_worker(instance: Instance, log: Path) -> Iterator[Process]:
    """A real worker for the queue `default`."""
    argv = ["-A", "readerstudy", "worker", "-Q", "default", "-c", "1", "-l", "INFO"]
    with log.open("wb") as file:
        worker = Process(
            ["-m", "celery", *argv, "--without-gossip", "--without-mingle"],
            env=instance.environment,
            stdout=file,
            stderr=file,
        )
    try:
        wait_until(lambda: " ready." in log.read_text(), why=log.read_text)
        yield worker
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait(timeout=30)


class Watch:
    """The watch over jobs, in a process of its own and without its pauses."""

    def __init__(self, forks: Forks, folder: Path) -> None:
        folder.mkdir()
        self._folder, self._fork = folder, forks.start("watch", folder=str(folder))

    @property
    def said(self) -> str:
        path = self._folder / "said"
        return path.read_text() if path.exists() else ""

    def wait_for(self, words: str) -> None:
        wait_until(lambda: words in self.said, why=lambda: (self.said, self._fork.log))

    def look_again(self) -> None:
        """Wait until it has looked often enough to have said something."""
        n_looks = self._n_looks()
        wait_until(lambda: self._n_looks() > n_looks + 12, why=lambda: self._fork.log)

    def end(self) -> Fork:
        (self._folder / "stop").touch()
        assert self._fork.wait() == 0, self._fork.log
        return self._fork

    def _n_looks(self) -> int:
        path = self._folder / "looks"
        return len(path.read_bytes()) if path.exists() else 0


@pytest.fixture(scope="module", params=["keeps its messages", "loses its messages"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    folder = tmp_path_factory.mktemp("redis")
    with own_redis(folder, keeps=request.param == "keeps its messages") as server:
        yield server


@pytest.fixture(scope="module")
def forks(server: OwnRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    folder = tmp_path_factory.mktemp("broker")
    instance = make_instance(folder / "data", CELERY_BROKER_URL=server.url)
    with forks_of(instance, folder / "forks") as forks:
        forks.ask("migrate")
        yield forks


@pytest.mark.service
class TestRedis:
    def test_a_message_that_is_lost_is_sent_again_once_and_one_that_is_there_is_not(
        self, forks: Forks, server: OwnRedis, tmp_path: Path
    ) -> None:
        job = forks.ask("press_import", folder=str(tmp_path))
        assert (job["code"], server.length("default")) == (302, 1)
        server.kill()
        server.start()
        assert server.length("default") == (1 if server.keeps else 0)
        watch = Watch(forks, tmp_path / "watch")
        watch.look_again()
        watch.look_again()
        watch.end()
        assert server.length("default") == 1
        assert watch.said.count("was lost; it is sent again") == (0 if server.keeps else 1)
        forks.ask("stop_everything")
        forks.ask("drain")

    def test_what_is_asked_for_while_it_is_away_is_done_when_it_is_back(
        self, forks: Forks, server: OwnRedis, tmp_path: Path
    ) -> None:
        """By a worker that was there all the time, for somebody whose page came as if nothing was wrong."""
        with celery_worker(forks.instance, tmp_path / "worker.log"):
            watch = Watch(forks, tmp_path / "watch")
            server.kill()
            job = forks.ask("press_import", folder=str(tmp_path))
            assert job["code"] == 302
            assert job["status"] == "queued"
            watch.wait_for("jobs are not looked after: the queue cannot be used")
            server.start()
            watch.wait_for("jobs are looked after again")
            wait_until(
                lambda: forks.ask("found", label=job["label"], pk=job["pk"])["status"] == "failed",
                why=lambda: (tmp_path / "worker.log").read_text()[-3000:],
            )
            watch.end()
        assert watch.said.count("not looked after") == 1
        # More than once only where the worker is slow to begin: the watch here is patient for 0.3 s instead of 120.
        assert "was lost; it is sent again" in watch.said


class TestFolder:
    @pytest.fixture
    def forks(self, tmp_path: Path) -> Iterator[Forks]:
        with forks_of(make_instance(tmp_path / "data"), tmp_path / "forks") as forks:
            forks.ask("migrate")
            yield forks

    def test_a_worker_goes_on_beside_a_torn_message_and_without_its_folder(
        self, forks: Forks, tmp_path: Path
    ) -> None:
        messages = forks.instance.data / "queue" / "messages"
        log = tmp_path / "worker.log"

        def wait_for_failed(job: dict[str, object]) -> None:
            wait_until(
                lambda: forks.ask("found", label=job["label"], pk=job["pk"])["status"] == "failed",
                why=lambda: log.read_text()[-3000:],
            )

        messages.mkdir(parents=True)
        (messages / "0_torn.default.msg").write_text('{"body": "W1s')
        (messages / "0_empty.default.msg").write_text("")
        first = forks.ask("press_import", folder=str(tmp_path))
        with celery_worker(forks.instance, log) as worker:
            wait_for_failed(first)
            assert log.read_text().count("is damaged and is left out") == 2
            assert list(messages.iterdir()) == []
            shutil.rmtree(messages)
            wait_until(messages.is_dir)  # made anew by the worker
            wait_for_failed(forks.ask("press_import", folder=str(tmp_path)))
            assert worker.poll() is None

    def test_a_deleted_message_is_sent_again_and_a_long_queue_is_left_alone(
        self, forks: Forks, tmp_path: Path
    ) -> None:
        messages = forks.instance.data / "queue" / "messages"
        jobs = [forks.ask("press_import", folder=str(tmp_path)) for _ in range(3)]
        watch = Watch(forks, tmp_path / "watch")
        watch.look_again()
        assert (len(list(messages.iterdir())), watch.said) == (3, "begins\n")
        shutil.rmtree(messages)
        watch.wait_for("was lost; it is sent again")
        watch.look_again()
        watch.end()
        assert len(list(messages.iterdir())) == 3
        assert watch.said.count("was lost; it is sent again") == len(jobs)

    def test_a_worker_starts_beside_notes_that_a_power_cut_has_torn(
        self, forks: Forks, tmp_path: Path
    ) -> None:
        control = forks.instance.data / "queue" / "control"
        control.mkdir(parents=True)
        for name in ("default", "celery.pidbox", "reply.celery.pidbox"):
            (control / f"{name}.exchange").write_text("[[")
        job = forks.ask("press_import", folder=str(tmp_path))
        with celery_worker(forks.instance, tmp_path / "worker.log"):
            wait_until(lambda: forks.ask("found", label=job["label"], pk=job["pk"])["status"] == "failed")
