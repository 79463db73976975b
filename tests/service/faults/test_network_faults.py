"""The way from a worker to its database is cut, swallows what is sent, or ends at a server that was killed."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import OperationalError

from generation.services import patience
from tests.instances import make_instance
from tests.scans import make_patient_folder
from tests.service.faults.forks import Fork, Forks, forks_of, wait_until
from tests.service.faults.postgresql import Cluster
from tests.tcp_proxy import TcpProxy

pytestmark = [pytest.mark.enable_socket, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.service]

AWAY_SECONDS = 1.0  # for which the way is broken

# What the two jobs are held at: in the middle, before they next turn to the database.
JOBS = {
    "trainings": ("do", "generation.jobs.training_pictures.draw_grid", 2),
    "extractions": ("do_in_parts", "generation.core.patch_part.write", 1),
}
LIMITS = {"trainings": 121, "extractions": 601}


@pytest.fixture(scope="module")
def forks(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    folder = tmp_path_factory.mktemp("network")
    make_patient_folder(folder / "scans" / "P01", seed=1)
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE jobs")
    url = urlsplit(cluster.url)._replace(path="/jobs").geturl()
    instance = make_instance(folder / "data", DATABASE_URL=url)
    with forks_of(instance, folder / "forks") as forks:
        forks.ask("migrate")
        yield forks


@pytest.fixture(scope="module")
def before(forks: Forks) -> dict[str, Any]:
    """What an undisturbed job of each kind leaves, and as many alike as there are tests that disturb one."""
    scans = str(forks.instance.data.parent / "scans")
    found = {}
    for kind, arguments in (("trainings", {}), ("extractions", {"scans": scans})):
        alone, *others = forks.ask(kind, **arguments, n=5)
        forks.ask(JOBS[kind][0], **alone)
        found[kind] = (forks.ask("found", **alone), others)
        assert found[kind][0]["status"] == "finished"
    return found


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[TcpProxy]:
    with TcpProxy(("127.0.0.1", cluster.port)) as proxy:
        yield proxy


def start_and_hold(forks: Forks, proxy: TcpProxy, kind: str, job: dict[str, Any], folder: Path) -> Fork:
    """A worker that reaches its database through the proxy, held in the middle of its job."""
    call, place, number = JOBS[kind]
    hold = {"place": place, "call": number, "folder": str(folder)}
    worker = forks.start(call, **job, port=proxy.port, hold=hold)
    wait_until((folder / "held").exists, why=lambda: worker.log)
    assert proxy.n_connections == 1
    return worker


def go_on(folder: Path) -> None:
    (folder / "go").touch()


@pytest.mark.parametrize("kind", JOBS)
@pytest.mark.parametrize("fault", ["cut", "hole", "server killed"])
def test_a_job_rides_it_out(
    forks: Forks, cluster: Cluster, proxy: TcpProxy, before: Any, kind: str, fault: str, tmp_path: Path
) -> None:
    undisturbed, jobs = before[kind]
    job = jobs.pop()
    worker = start_and_hold(forks, proxy, kind, job, tmp_path)
    if fault == "cut":
        assert proxy.cut() == 1
        go_on(tmp_path)
        wait_until(lambda: "the connection to the database is lost" in worker.log, why=lambda: worker.log)
        proxy.mend()
    elif fault == "hole":
        proxy.hole()
        go_on(tmp_path)
        wait_until(lambda: proxy.is_waited_for, why=lambda: worker.log)
        time.sleep(AWAY_SECONDS)
        proxy.mend()
    else:
        cluster.kill()
        go_on(tmp_path)
        wait_until(lambda: "the connection to the database is lost" in worker.log, why=lambda: worker.log)
        cluster.start()
    assert worker.wait() == 0, worker.log
    assert forks.ask("found_and_drafts", **job) == [undisturbed, []]


@pytest.mark.parametrize("kind", JOBS)
def test_a_worker_that_comes_back_late_changes_nothing(
    forks: Forks, proxy: TcpProxy, before: Any, kind: str, tmp_path: Path
) -> None:
    undisturbed, jobs = before[kind]
    job = jobs.pop()
    late = start_and_hold(forks, proxy, kind, job, tmp_path)
    proxy.hole()
    go_on(tmp_path)
    wait_until(lambda: proxy.is_waited_for, why=lambda: late.log)
    assert forks.ask("after_death", **job, seconds=LIMITS[kind])["released"] == [[], [job], []]
    forks.ask(JOBS[kind][0], **job)
    assert forks.ask("found", **job) == undisturbed
    rows = forks.ask("rows", **job)
    proxy.mend()
    assert late.wait() == 0, late.log
    assert forks.ask("found", **job) == undisturbed
    assert forks.ask("rows", **job) == rows  # not even a time is another


def test_a_watch_outlives_its_database(forks: Forks, cluster: Cluster, tmp_path: Path) -> None:
    watch = forks.start("watch", folder=str(tmp_path))
    said = tmp_path / "said"
    wait_until(lambda: said.exists() and "begins" in said.read_text(), why=lambda: watch.log)
    cluster.kill()
    wait_until(lambda: "jobs are not looked after: the database cannot be used" in said.read_text())
    cluster.start()
    wait_until(lambda: "jobs are looked after again" in said.read_text())
    (tmp_path / "stop").touch()
    assert watch.wait() == 0, watch.log
    assert said.read_text().count("not looked after") == 1


def test_a_server_that_is_silent_is_noticed_in_seconds(forks: Forks) -> None:
    assert forks.ask("socket_options") == [20_000, 30, 5, 3]


def test_a_statement_that_is_wrong_is_not_tried_again(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url) as connection, pytest.raises(psycopg.errors.LockNotAvailable) as wrong:
        connection.execute("DO $$ BEGIN RAISE lock_not_available; END $$")
    told = OperationalError("no")
    told.__cause__ = wrong.value
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(patience.connection, "vendor", "postgresql")
        assert not patience.is_connection_lost(told)
        told.__cause__ = psycopg.errors.AdminShutdown("the server was stopped")
        assert patience.is_connection_lost(told)
