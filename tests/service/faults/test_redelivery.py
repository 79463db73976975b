"""A broker may deliver a message twice: of every kind of task, the second does nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import models
from django.forms.models import model_to_dict
from django.utils import timezone

from evaluation import tasks as evaluation_tasks  # noqa: F401 - registers them
from evaluation.models import CheckpointScore, MetricRun, StudyAnalysis
from generation import tasks as generation_tasks  # noqa: F401 - registers them
from generation.models import (
    Checkpoint,
    Cohort,
    DryRun,
    Job,
    Neighbours,
    PatchImport,
    PatchSet,
    PatchSetPart,
    TrainingRun,
)
from generation.services import jobs, training_runs
from readerstudy import tasks as readerstudy_tasks  # noqa: F401 - registers them
from readerstudy.celery import app
from readerstudy.models import InvitationMail
from tests.factories import NOW, make_invitation, make_patch_set, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Any, settings: Any) -> Any:
    settings.READERSTUDY_DATA = tmp_path
    return tmp_path


def make_cohort() -> Cohort:
    return Cohort.objects.create(name="C", slug="c", origin_folder="/scans", created_at=NOW)


def make_set(**fields: Any) -> PatchSet:
    return PatchSet.objects.create(name="s", slug="s", source="dcgan", created_at=NOW, seed=1, **fields)


def make_checkpoint() -> Checkpoint:
    run = make_training()
    return Checkpoint.objects.create(
        name="c", source="dcgan", step=1, path="training_runs/none", run=run, created_at=NOW
    )


def make_training() -> TrainingRun:
    return training_runs.create(patch_set=make_patch_set(), preset="dcgan", seed=1, now=NOW)


def make_part() -> PatchSetPart:
    return PatchSetPart.objects.create(patch_set=make_set(cohort=make_cohort()), pseudonym="P1")


SCORE = {"extractor": "pixels", "seed": 1, "created_at": NOW}
JOBS: dict[str, Callable[[], models.Model]] = {
    "generation.import_cohort": make_cohort,
    "generation.look": lambda: DryRun.objects.create(origin_folder="/scans", created_at=NOW),
    "generation.extract": lambda: make_set(cohort=make_cohort()),
    "generation.extract_part": make_part,
    "generation.train": make_training,
    "generation.sample": lambda: make_set(checkpoint=make_checkpoint()),
    "generation.look_at_patches": lambda: PatchImport.objects.create(token="t", origin_folder="/p", created_at=NOW),
    "generation.copy_patches": lambda: make_set(options={"patch_import": 1}),
    "generation.find_neighbours": lambda: Neighbours.objects.create(
        patch_set=make_patch_set("wgan"), reference=make_patch_set(), created_at=NOW
    ),
    "evaluation.score": lambda: MetricRun.objects.create(
        real_set=make_patch_set(), fake_set=make_patch_set("wgan"), n_draws=1, n_per_set=2, **SCORE
    ),
    "evaluation.score_checkpoint": lambda: CheckpointScore.objects.create(
        checkpoint=make_checkpoint(), real_set=make_patch_set(), n_per_class=2, **SCORE
    ),
    "evaluation.analyse": lambda: StudyAnalysis.objects.create(study=make_study("open"), created_at=NOW),
    "readerstudy.send_invitation": lambda: InvitationMail.objects.create(
        invitation=make_invitation(make_study("open")), site="https://x.example", asked_by="a", created_at=NOW
    ),
}  # fmt: skip


def ours() -> set[str]:
    """Names of the tasks of this software."""
    return {
        name for name in app.tasks if name.partition(".")[0] in {"generation", "readerstudy", "evaluation"}
    }


def test_every_task_is_looked_at_here() -> None:
    assert ours() == JOBS.keys()


@pytest.mark.parametrize("task", JOBS)
def test_the_second_message_does_nothing(task: str, data_folder: Any) -> None:
    """Whatever the row has become since the first one."""
    row = JOBS[task]()
    statuses = ["running", "finished", "stopped", "failed"]
    if isinstance(row, PatchSetPart):
        PatchSet.objects.update(status="running", started_at=NOW, beat_at=NOW)
        statuses = ["running", "finished"]
    else:
        assert isinstance(row, Job)
        assert row.task_name == task
        assert [jobs.claim(row, now=timezone.now()) for _ in range(2)] == [True, False]
    for status in statuses:
        type(row)._default_manager.filter(pk=row.pk).update(status=status)
        row.refresh_from_db()
        before = model_to_dict(row), sorted(data_folder.rglob("*"))
        app.tasks[task].run(row.pk)
        row.refresh_from_db()
        assert (model_to_dict(row), sorted(data_folder.rglob("*"))) == before
