"""Clocks that are an hour wrong, or jump while they run: no living job is ended for it, and no dead one lives for it.

A worker whose clock is wrong is a process of its own.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from evaluation.models import StudyAnalysis
from evaluation.services import study_analyses
from generation.models import Job, TrainingRun
from generation.selectors import clock
from generation.services import jobs, recovery, training_runs
from readerstudy.services import studies
from tests.factories import ADMIN, make_patch_set, make_study
from tests.instances import make_instance
from tests.service.faults.forks import Forks, forks_of, wait_until

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    folder = tmp_path_factory.mktemp("clocks")
    with forks_of(make_instance(folder / "data"), folder / "forks") as forks:
        forks.ask("migrate")
        yield forks


@pytest.mark.enable_socket
@pytest.mark.timeout(900)  # on a machine with much other work
@pytest.mark.slow
@pytest.mark.parametrize("hours", [-1, 1])
@pytest.mark.parametrize("who", ["worker", "watch"])
def test_a_clock_that_is_wrong(forks: Forks, hours: int, who: str) -> None:
    shifts = {"worker": 0, "watch": 0} | {who: hours * 3600}
    _, job = forks.ask("trainings")
    worker = forks.start("report_for_ever", **job, shift=shifts["worker"])
    wait_until(lambda: forks.ask("found", **job)["status"] == "running", why=lambda: worker.log)
    assert forks.ask("listen", seconds=[0, 10, 60], shift=shifts["watch"]) == [[], [], []]
    worker.kill()
    assert forks.ask("listen", seconds=[0, 60, 121], shift=shifts["watch"]) == [[], [], [job]]
    assert forks.ask("found", **job)["status"] == "queued"
    forks.ask("do", **job)  # so that the next test meets no job but its own


class Steady:
    """A steady clock that a test turns."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.mark.django_db
class TestJumps:
    """The clock of the database itself jumps by an hour while a watch listens."""

    @pytest.fixture
    def run(self, settings, tmp_path, monkeypatch) -> TrainingRun:
        monkeypatch.setattr(recovery, "enqueue", lambda row: True)
        settings.READERSTUDY_DATA = tmp_path
        run = training_runs.create(patch_set=make_patch_set(), preset="dcgan", seed=1, now=datetime.now(UTC))
        assert jobs.claim(run, now=datetime.now(UTC))
        return run

    def beat(self, run: TrainingRun, at: datetime) -> None:
        TrainingRun.objects.filter(pk=run.pk).update(beat_at=at)

    @pytest.mark.parametrize("jump", [-HOUR, HOUR])
    def test_a_living_job_goes_on(self, run: TrainingRun, jump: timedelta) -> None:
        steady, now = Steady(), clock.now()
        ear = recovery.Ear(steady=steady)
        for second in range(0, 600, 10):
            steady.at = 1000.0 + second
            told = now + timedelta(seconds=second) + (jump if second > 100 else timedelta(0))
            if second != 110:  # the first look after the jump comes before the next heartbeat
                self.beat(run, told)
            assert recovery.release_silent(started_at=None, now=told, ear=ear) == []

    @pytest.mark.parametrize("jump", [-HOUR, HOUR])
    def test_a_dead_job_is_found_after_two_minutes(self, run: TrainingRun, jump: timedelta) -> None:
        steady, now = Steady(), clock.now()
        ear = recovery.Ear(steady=steady)
        self.beat(run, now)
        found = []
        for second in range(0, 131, 10):
            steady.at = 1000.0 + second
            told = now + timedelta(seconds=second) + (jump if second > 50 else timedelta(0))
            found.append(bool(recovery.release_silent(started_at=None, now=told, ear=ear)))
        assert found == [False] * 13 + [True]

    def test_what_was_silent_before_the_watch_began_is_believed(self, run: TrainingRun) -> None:
        self.beat(run, clock.now() - 121 * SECOND)
        assert recovery.release_silent(started_at=None, now=clock.now(), ear=recovery.Ear()) == [run]

    def test_a_heartbeat_is_stamped_by_the_database(self, run: TrainingRun) -> None:
        jobs.report(run, n_done=1, n_total=2, now=datetime.now(UTC) - HOUR)
        run.refresh_from_db()
        assert run.beat_at is not None
        assert abs(run.beat_at - clock.now()) < 60 * SECOND


@pytest.mark.django_db
def test_an_analysis_is_renewed_whatever_the_clock_of_its_worker(settings, tmp_path, monkeypatch) -> None:
    """The worker's clock is an hour ahead: by the times alone the study would have been closed before."""
    monkeypatch.setattr(recovery, "enqueue", lambda row: True)
    settings.READERSTUDY_DATA = tmp_path
    now = datetime.now(UTC)
    study = make_study("open")
    row = StudyAnalysis.objects.create(study=study, created_at=now)
    assert jobs.claim(row, now=now + HOUR)
    studies.close(study=study, by=ADMIN, now=now)
    row.refresh_from_db()
    jobs.finish(row, now=now + HOUR)
    study_analyses.renew_if_closed_meanwhile(row, was_closed=False, now=now)
    row.refresh_from_db()
    assert row.status == Job.Status.QUEUED
