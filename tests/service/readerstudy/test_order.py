"""The stored order can be computed again by somebody who has the export and the documentation, and nothing else."""

import csv
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command

from readerstudy.core import protocol as protocols
from readerstudy.core.conduct import Conduct
from readerstudy.models import ReadingSession
from readerstudy.services import refreshers, sessions, studies
from tests.conftest import PROJECT
from tests.factories import ADMIN, NOW, make_invitation, make_study

pytestmark = pytest.mark.django_db

SEEDS = {"Ada": 1, "Ben": 2**62 - 1}


@pytest.fixture
def script(tmp_path):
    """The program of docs/order.md."""
    found = re.findall(r"```python\n(.*?)```", (PROJECT / "docs" / "order.md").read_text(), flags=re.DOTALL)
    assert len(found) == 1
    path = tmp_path / "check_order.py"
    path.write_text(found[0])
    return path


@pytest.fixture
def exported(tmp_path):
    """The trials.csv of a closed study of 48 test panels that two readers started."""
    study = make_study(protocol=protocols.paper(seed=3, scale=0.1), n_per_class=16)
    for name, seed in SEEDS.items():
        sessions.start(invitation=make_invitation(study, name), seed=seed, now=NOW)
    study = studies.close(study=study, by=ADMIN, now=NOW)
    call_command("export_study", study.slug, out=tmp_path / "export")
    return tmp_path / "export" / "trials.csv"


def run(script, path, *more):
    argv = [sys.executable, "-I", script, path, *more]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_the_documented_script_computes_the_stored_orders(script, exported):
    done = run(script, exported)
    assert done.stderr == ""
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "R01 warmup 4 panels as computed",
        "R01 test 48 panels as computed",
        "R02 warmup 4 panels as computed",
        "R02 test 48 panels as computed",
    ]


def test_the_documented_script_notices_two_trials_that_changed_places(script, exported):
    with exported.open(newline="") as file:
        rows = list(csv.DictReader(file))
    tests = [row for row in rows if row["reader"] == "R02" and row["phase"] == "test"]
    tests[10]["order"], tests[11]["order"] = tests[11]["order"], tests[10]["order"]
    with exported.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    done = run(script, exported)
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if "NOT" in line] == [
        "R02 test 48 panels NOT as computed"
    ]


def test_the_documented_script_computes_repeats_and_checks_and_passes_over_refreshers(script, tmp_path):
    conduct = Conduct(n_repeats=6, repeat_distance=20, n_checks=3, refresher_after_days=1, n_refresher=2)
    paper = protocols.paper(seed=3, scale=0.1)
    study = make_study(protocol=replace(paper, conduct=conduct), n_per_class=16)
    session = sessions.start(invitation=make_invitation(study), seed=11, now=NOW)
    now = NOW + timedelta(days=2)
    ReadingSession.objects.filter(pk=session.pk).update(state="test")
    refreshers.resume(public_id=session.public_id, now=now)
    study = studies.close(study=study, by=ADMIN, now=now)
    call_command("export_study", study.slug, out=tmp_path / "export")
    path = tmp_path / "export" / "trials.csv"
    assert path.read_text().count(",refresher,") == 2
    done = run(script, path, "20")
    assert done.stdout.splitlines() == ["R01 warmup 4 panels as computed", "R01 test 57 panels as computed"]
    assert (done.returncode, done.stderr) == (0, "")
    assert "R01 test 57 panels NOT as computed" in run(script, path, "21").stdout


def test_sessions_store_their_algorithm_and_every_quarter_of_the_test_has_one_mix(exported):
    assert set(ReadingSession.objects.values_list("algorithm", flat=True)) == {"sha256-strata-v2"}
    assert set(ReadingSession.objects.values_list("seed", flat=True)) == set(SEEDS.values())
    for session in ReadingSession.objects.all():
        trials = session.trials.filter(phase="test").order_by("position")
        mix = [
            sorted(trials[start : start + 12].values_list("case__source", "case__lesion_class"))
            for start in range(0, 48, 12)
        ]
        assert mix == [mix[0]] * 4
