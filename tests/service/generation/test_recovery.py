from datetime import UTC, datetime, timedelta

import pytest

from generation.models import Checkpoint, Cohort, Job, PatchSet, TrainingRun
from generation.services import jobs, recovery, training_runs

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    """Messages as they would go to the broker."""
    messages: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(
        "generation.services.recovery.current_app.send_task",
        lambda name, args: messages.append((name, args)),
        raising=False,
    )
    return messages


def make_cohort(slug: str = "breast", **fields: object) -> Cohort:
    return Cohort.objects.create(
        name=slug, slug=slug, origin_folder="/scans", created_at=NOW - timedelta(hours=1), **fields
    )


def make_running(*, beat_at: datetime, status: str = Job.Status.RUNNING, slug: str = "breast") -> Cohort:
    return make_cohort(slug, status=status, started_at=beat_at, beat_at=beat_at)


class TestEnqueueWaiting:
    def test_sends_one_message_per_queued_row_oldest_first(self, sent: list[tuple[str, list[int]]]) -> None:
        cohort = make_cohort()
        make_cohort("done", status=Job.Status.FINISHED)
        checkpoint = Checkpoint.objects.create(name="dcgan", source="dcgan", step=1, path="x", created_at=NOW)
        common = {"source": "real", "seed": 1, "created_at": NOW}
        extracted = PatchSet.objects.create(name="a", slug="a", cohort=cohort, **common)
        sampled = PatchSet.objects.create(
            name="b", slug="b", checkpoint=checkpoint, **(common | {"created_at": NOW - SECOND})
        )
        assert recovery.enqueue_waiting() == 3
        assert sent == [
            ("generation.import_cohort", [cohort.pk]),
            ("generation.sample", [sampled.pk]),
            ("generation.extract", [extracted.pk]),
        ]

    def test_leaves_what_only_a_command_can_do(self, sent: list[tuple[str, list[int]]]) -> None:
        PatchSet.objects.create(name="copied", slug="copied", source="stylegan", created_at=NOW)
        assert recovery.enqueue_waiting() == 0
        assert sent == []


class TestReleaseSilent:
    def test_row_of_a_killed_worker_is_queued_and_can_be_claimed(
        self, sent: list[tuple[str, list[int]]]
    ) -> None:
        cohort = make_running(beat_at=NOW - 90 * SECOND)
        assert recovery.release_silent(started_at=NOW - 80 * SECOND, now=NOW) == [cohort]
        assert sent == [("generation.import_cohort", [cohort.pk])]
        assert jobs.claim(cohort, now=NOW)

    @pytest.mark.parametrize(
        ("beat_at", "started_at"),
        [
            pytest.param(NOW - 59 * SECOND, NOW - SECOND, id="silent for less than a minute"),
            pytest.param(NOW - 300 * SECOND, NOW - 301 * SECOND, id="touched since this instance started"),
        ],
    )
    def test_row_that_may_still_be_worked_on_is_left(
        self, sent: list[tuple[str, list[int]]], beat_at: datetime, started_at: datetime
    ) -> None:
        cohort = make_running(beat_at=beat_at)
        assert recovery.release_silent(started_at=started_at, now=NOW) == []
        cohort.refresh_from_db()
        assert (cohort.status, sent) == (Job.Status.RUNNING, [])

    def test_row_silent_for_ten_minutes_is_queued_whenever_it_began(
        self, sent: list[tuple[str, list[int]]]
    ) -> None:
        make_running(beat_at=NOW - timedelta(minutes=10) - SECOND)
        assert len(recovery.release_silent(started_at=NOW - timedelta(hours=1), now=NOW)) == 1

    def test_row_somebody_wanted_to_stop_is_stopped(self, sent: list[tuple[str, list[int]]]) -> None:
        cohort = make_running(beat_at=NOW - timedelta(minutes=20), status=Job.Status.STOPPING)
        assert recovery.release_silent(started_at=NOW, now=NOW) == []
        cohort.refresh_from_db()
        assert (cohort.status, cohort.finished_at, sent) == (Job.Status.STOPPED, NOW, [])

    def test_row_of_a_command_fails_with_a_sentence(self, sent: list[tuple[str, list[int]]]) -> None:
        long_ago = NOW - timedelta(hours=1)
        row = PatchSet.objects.create(
            name="c", slug="c", source="x", created_at=long_ago, beat_at=long_ago, status=Job.Status.RUNNING
        )
        assert recovery.release_silent(started_at=NOW, now=NOW) == []
        row.refresh_from_db()
        assert (row.status, row.error) == (Job.Status.FAILED, recovery.COMMAND_ENDED)

    def test_finished_rows_are_left(self, sent: list[tuple[str, list[int]]]) -> None:
        make_running(beat_at=NOW - timedelta(hours=1), status=Job.Status.FINISHED)
        assert recovery.release_silent(started_at=NOW, now=NOW) == []


class TestLostTraining:
    LONG_AGO = NOW - timedelta(hours=1)

    @pytest.fixture
    def run(self) -> TrainingRun:
        real = PatchSet.objects.create(name="r", slug="r", source="real", status="finished", created_at=NOW)
        run = training_runs.create(patch_set=real, preset="dcgan", seed=1, now=self.LONG_AGO)
        assert jobs.claim(run, now=NOW - timedelta(minutes=5))
        return run

    def lose(self, run: TrainingRun, *, silent: timedelta = timedelta(minutes=3)) -> list[Job]:
        TrainingRun.objects.filter(pk=run.pk).update(beat_at=NOW - silent)
        released = recovery.release_silent(started_at=self.LONG_AGO, now=NOW)
        run.refresh_from_db()
        return released

    def test_two_minutes_of_silence_are_too_long_for_a_training(
        self, run: TrainingRun, sent: list[tuple[str, list[int]]]
    ) -> None:
        assert self.lose(run, silent=timedelta(seconds=119)) == []
        assert self.lose(run, silent=timedelta(seconds=121)) == [run]
        assert (run.status, run.resumed_at_step) == (Job.Status.QUEUED, 0)
        assert sent == [("generation.train", [run.pk])]

    def test_lost_again_at_the_same_checkpoint_it_fails_until_somebody_resumes_it(
        self, run: TrainingRun, sent: list[tuple[str, list[int]]]
    ) -> None:
        Checkpoint.objects.create(name="c", source="dcgan", step=500, path="x", run=run, created_at=NOW)
        assert self.lose(run) == [run]
        assert jobs.claim(run, now=NOW)
        assert self.lose(run) == []
        assert (run.status, run.error) == (
            Job.Status.FAILED,
            "Its worker was lost twice after step 500; look for the reason in the worker's log (memory is the usual "
            "one), then resume it here.",
        )
        assert training_runs.requeue(run=run)
        assert jobs.claim(run, now=NOW + SECOND)
        assert self.lose(run) == [run]

    def test_lost_again_after_a_newer_checkpoint_it_resumes(
        self, run: TrainingRun, sent: list[tuple[str, list[int]]]
    ) -> None:
        assert self.lose(run) == [run]
        assert jobs.claim(run, now=NOW)
        Checkpoint.objects.create(name="c", source="dcgan", step=500, path="x", run=run, created_at=NOW)
        assert self.lose(run) == [run]

    def test_worker_that_was_only_slow_lets_go(
        self, run: TrainingRun, sent: list[tuple[str, list[int]]]
    ) -> None:
        slow, other = TrainingRun.objects.get(pk=run.pk), TrainingRun.objects.get(pk=run.pk)
        self.lose(run)
        with pytest.raises(jobs.ClaimLost):  # queued again, nobody has it yet
            jobs.report(slow, n_done=7, n_total=9, now=NOW)
        assert jobs.claim(other, now=NOW)
        with pytest.raises(jobs.ClaimLost):
            jobs.report(slow, n_done=7, n_total=9, now=NOW)
        with pytest.raises(jobs.ClaimLost):
            jobs.check_claim(slow)
        jobs.fail(slow, error="of no matter", now=NOW)
        other.refresh_from_db()
        assert (other.status, other.error, other.n_done) == (Job.Status.RUNNING, "", 0)
        jobs.check_claim(other)


def test_every_job_model_says_which_task_does_it() -> None:
    for model in recovery._job_models():
        assert "task_name" in vars(model), f"{model.__name__} needs a task_name"
