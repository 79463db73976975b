"""What one machine measures of generators another one shows: they share the database and a bucket, and no folder."""

import shutil

import pytest
from django.urls import reverse

from evaluation.jobs import curves as curve_jobs
from evaluation.jobs import scoring
from evaluation.models import CheckpointScore
from evaluation.services import curves, metric_runs
from generation import storage
from generation.jobs import neighbouring, sampling, training
from generation.models import PatchSet, TrainingRun
from generation.selectors import neighbours as found_neighbours
from generation.services import generators, neighbours, training_runs
from tests.factories import NOW, make_patch_set

pytestmark = pytest.mark.django_db
QUICK = {"n_steps": 4, "batch_size": 4, "width": 4, "checkpoint_every": 2, "learning_rate": 0.05}


@pytest.fixture
def real(machine) -> PatchSet:
    """Real patches that machine one made and published; its folder is gone."""
    own = machine("one")
    row = make_patch_set("real", 12, n_patients=6)
    storage.publish(row.folder)
    shutil.rmtree(own)
    return row


@pytest.fixture
def trained(real, machine) -> TrainingRun:
    """What machine two trained on them, which is switched off by then."""
    own = machine("two")
    row = training_runs.create(patch_set=real, preset="dcgan", seed=1, changes=QUICK, now=NOW)
    training.run(row.pk)
    row.refresh_from_db()
    assert row.status == "finished", row.error
    shutil.rmtree(own)
    return row


@pytest.fixture
def drawn(trained, machine) -> PatchSet:
    """Patches that machine three drew from the last checkpoint."""
    own = machine("three")
    row = generators.queue_sampling(
        checkpoint=trained.checkpoints.get(step=4),
        n_per_class={"benign": 6, "malignant": 6, "no_findings": 6},
        seed=1,
        now=NOW,
    )
    sampling.run(row.pk)
    row.refresh_from_db()
    assert (row.status, row.error) == ("finished", "")
    shutil.rmtree(own)
    return row


def test_the_nearest_patches_are_shown_where_nobody_looked_for_them(real, drawn, machine, monkeypatch):
    own = machine("four")
    row = neighbours.request(patch_set=drawn, reference=real, now=NOW)
    neighbouring.run(row.pk)
    row.refresh_from_db()
    assert (row.status, row.error) == ("finished", "")
    here = found_neighbours.of_patches(row, range(18))
    shutil.rmtree(own)
    machine("web")
    assert found_neighbours.of_patches(row, range(18)) == here
    assert {one.index for one in here.values()} <= set(range(36))
    assert not real.folder.exists()  # the distances alone came, not the patches


def test_a_run_is_scored_on_one_machine_and_its_pairs_are_drawn_on_another(real, drawn, machine, study_admin):
    machine("four")
    run = metric_runs.start(
        real=real, fake=drawn, extractor="pixels", n_draws=2, n_per_set=5, seed=3, now=NOW
    )
    scoring.run(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error) == ("finished", "")
    assert run.results["training_sha256"] == real.sha256
    machine("web")
    address = reverse("evaluation:memorisation_pair", args=[run.pk, "malignant", 0, 0])
    assert address in study_admin.get(reverse("evaluation:metric_run", args=[run.pk])).content.decode()
    assert study_admin.get(address).content[:4] == b"\x89PNG"


def test_the_same_scores_on_every_machine(real, drawn, machine):
    found = []
    for name in ("four", "five"):
        machine(name)
        run = metric_runs.start(
            real=real, fake=drawn, extractor="pixels", n_draws=2, n_per_set=5, seed=3, now=NOW
        )
        scoring.run(run.pk)
        run.refresh_from_db()
        assert (run.status, run.error) == ("finished", "")
        found.append(run.results)
    assert found[0] == found[1]


def test_checkpoints_are_scored_where_none_was_trained(real, trained, machine):
    machine("four")
    scores = curves.start(run=trained, real=real, extractor="pixels", n_per_class=4, now=NOW)
    for score in scores:
        curve_jobs.run(score.pk)
    rows = CheckpointScore.objects.order_by("checkpoint__step")
    assert [(one.checkpoint.step, one.status, one.error) for one in rows] == [
        (2, "finished", ""),
        (4, "finished", ""),
    ]
    assert rows[0].results["fake_sha256"] != rows[1].results["fake_sha256"]


@pytest.mark.parametrize("missing", ["real", "fake"])
def test_patches_that_are_nowhere_are_named(real, drawn, machine, missing):
    machine("four")
    lost = {"real": real, "fake": drawn}[missing]
    storage.remove(lost.folder)
    run = metric_runs.start(
        real=real, fake=drawn, extractor="pixels", n_draws=2, n_per_set=5, seed=3, now=NOW
    )
    scoring.run(run.pk)
    run.refresh_from_db()
    assert run.status == "failed"
    assert lost.slug in run.error
