"""From scans to a score, as somebody at the desk asks for it: `python -m tests.service.desk_work FOLDER queue|alone`.

It prints `migrated`, waits for a line, and at the end prints what came of the work. With `queue` workers do the jobs, with
`alone` this process does each as soon as it is asked for.
"""

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from evaluation.models import MetricRun  # noqa: E402
from generation import storage, tasks  # noqa: E402
from generation.core.patch_set import sha256_of_file  # noqa: E402
from generation.models import Cohort, Job, PatchSet, TrainingRun  # noqa: E402
from generation.services import regions, training_runs  # noqa: E402
from readerstudy.celery import app  # noqa: E402
from tests.tokens import Script  # noqa: E402

QUICK = {"n_steps": 40, "checkpoint_every": 10, "batch_size": 4, "width": 8}
PATIENCE_SECONDS = 600  # for one job, on a machine with other work


def ask(script: Script, path: str, **body: Any) -> dict[str, Any]:
    """Ask for a job at the JSON interface."""
    answer = script.post(path, body)
    assert answer.status_code == 202, answer.content
    return dict(answer.json())


def finished(row: Job) -> Any:
    """The row of a job when it is done."""
    until = time.monotonic() + PATIENCE_SECONDS
    while row.is_active:
        assert time.monotonic() < until, f"{row} is {row.status}: {row.step_name}"
        time.sleep(0.05)
        row.refresh_from_db()
    assert row.status == Job.Status.FINISHED, f"{row}: {row.error}"
    return row


def content(folder: Path) -> dict[str, str]:
    """SHA-256 of the files of a folder, wherever it lies."""
    return {name: sha256_of_file(storage.piece(folder, name)) for name in storage.names(folder)}


def losses(run: TrainingRun) -> list[list[str]]:
    """Step and losses of each line, without the seconds."""
    return [line.split(",")[:3] for line in storage.piece(run.history_path).read_text().splitlines()]


def work(scans: str) -> dict[str, Any]:
    """Import, extract, train, sample into a pool, score; then look at the pool."""
    admin = User.objects.create_superuser("Ada Admin")
    script = Script(admin)
    slug = ask(script, "/cohorts", folder=scans, name="Tiny")["slug"]
    cohort = finished(Cohort.objects.get(slug=slug))
    regions.approve_waiting(cohort=cohort, by="Ada Admin", now=timezone.now())
    slug = ask(script, f"/cohorts/{slug}/extract", seed=5, healthy_per_breast_slice=1)["slug"]
    real = finished(PatchSet.objects.get(slug=slug))
    wish = {"preset": "dcgan", "seed": 3, "name": "Lost", "changes": QUICK}
    run = training_runs.create(patch_set=real, now=timezone.now(), **wish)
    tasks.train.delay(run.pk)
    finished(run)
    newest = run.checkpoints.get(step=QUICK["n_steps"])
    slug = ask(script, f"/checkpoints/{newest.pk}/sample", benign=4, malignant=4, seed=7, pool="Drawn")[
        "slug"
    ]
    drawn = finished(PatchSet.objects.get(slug=slug))
    wish = {"extractor": "pixels", "n_draws": 2, "n_per_set": 2, "seed": 3}
    asked = ask(script, "/metric-runs", real_set=real.slug, fake_set=drawn.slug, **wish)
    score = finished(MetricRun.objects.get(pk=asked["id"]))

    client = Client()
    client.force_login(admin)
    picture = client.get(reverse("readerstudy:pool_patch", args=[drawn.pools.get().slug, 0])).content
    assert picture.startswith(b"\x89PNG"), picture
    return {
        "pixels here": sha256_of_file(drawn.folder / "patches.npy"),
        "picture": hashlib.sha256(picture).hexdigest(),
        "sha256": [real.sha256, drawn.sha256],
        "files": [content(real.folder), content(drawn.folder)],
        "checkpoints": list(run.checkpoints.order_by("step").values_list("step", "sha256")),
        "losses": losses(run),
        "score": score.results,
    }


if __name__ == "__main__":
    app.conf.task_always_eager = app.conf.task_eager_propagates = sys.argv[2] == "alone"
    call_command("migrate", verbosity=0)
    print("migrated", flush=True)
    sys.stdin.readline()
    print(json.dumps(work(sys.argv[1])), flush=True)
