"""`manage.py demo` on fewer patients and trials: every step is real."""

import json
import stat
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.test import Client

from evaluation.demo import account, patches, reading
from evaluation.models import MetricRun
from generation.models import Checkpoint, Cohort, Job, Lesion, PatchSet, TrainingRun
from readerstudy.core.session_state import Phase
from readerstudy.models import Case, Invitation, Pool, Study

COUNTED = (Cohort, Lesion, PatchSet, Checkpoint, TrainingRun, MetricRun, Pool, Study, Case, Invitation)

pytestmark = pytest.mark.django_db


@pytest.fixture
def data(data_folder: Path, settings, monkeypatch: pytest.MonkeyPatch) -> Path:  # type: ignore[no-untyped-def]
    """A demonstration small enough for a test."""
    settings.STATIC_ROOT = data_folder / "staticfiles"
    monkeypatch.setattr(patches, "N_PATIENTS", 3)
    monkeypatch.setattr(patches, "N_PER_CLASS", 6)
    monkeypatch.setattr(reading, "SCALE", 0.05)  # 2 panels per class and generator
    return data_folder


@pytest.mark.slow
def test_demo_sets_everything_up_and_a_second_run_changes_nothing(data: Path, client: Client) -> None:
    call_command("demo", serve=False, verbosity=0)

    study = Study.objects.get()
    assert (study.status, study.rules.n_of(Phase.TEST)) == ("open", 24)
    assert sorted(pool.source for pool in study.pools.all()) == ["dcgan", "real", "wgan"]
    assert Cohort.objects.get().is_phantom
    assert not (data / "demo" / "phantom").exists()
    assert TrainingRun.objects.get().status == Job.Status.QUEUED
    assert {run.status for run in MetricRun.objects.all()} == {Job.Status.QUEUED}

    file = data / "demo" / "credentials.txt"
    kept = json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert authenticate(username=kept["user"], password=kept["password"]).is_superuser
    assert set(kept["links"]) == {"radiologist", "layperson"}
    assert all(client.get(link).status_code == 200 for link in kept["links"].values())

    before = [model.objects.count() for model in COUNTED]
    call_command("demo", serve=False, verbosity=0)
    assert [model.objects.count() for model in COUNTED] == before
    assert json.loads(file.read_text()) == kept


class TestEnsureAdmin:
    def test_lost_file_means_a_new_password(self, tmp_path: Path) -> None:
        path = tmp_path / "credentials.txt"
        first = account.ensure_admin(path)
        path.unlink()
        second = account.ensure_admin(path)
        assert first.password != second.password
        assert authenticate(username=account.USER_NAME, password=second.password) is not None

    @pytest.mark.parametrize("damaged", ["", "{}", "[]", '{"password": "x"}'])
    def test_damaged_file_means_a_new_password(self, tmp_path: Path, damaged: str) -> None:
        path = tmp_path / "credentials.txt"
        account.ensure_admin(path)
        path.write_text(damaged)
        assert (
            authenticate(username=account.USER_NAME, password=account.ensure_admin(path).password) is not None
        )
