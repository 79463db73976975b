"""Jobs of every kind, queued, and what a worker does with the message of one."""

import secrets
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.utils import override_settings
from django.utils import timezone

from evaluation import tasks as evaluation_tasks  # noqa: F401 - registers them
from evaluation.core.analysis import AnalysisOptions
from evaluation.jobs import analysing, curves, scoring  # noqa: F401 - loaded before the forks
from evaluation.models import StudyAnalysis
from evaluation.services import metric_runs
from generation import tasks as generation_tasks  # noqa: F401 - registers them
from generation.core.extraction_options import ExtractionOptions
from generation.core.foreign import mapping as mappings
from generation.core.labels import LESION_CLASSES
from generation.jobs import (  # noqa: F401 - loaded before the forks
    extracting,
    importing,
    neighbouring,
    patch_copying,
    patch_looking,
    sampling,
    training,
)
from generation.models import Cohort, Job, PatchImport, TrainingRun
from generation.services import (
    cohorts,
    generators,
    jobs,
    patch_imports,
    patch_sets,
    regions,
    training_runs,
)
from readerstudy import tasks as readerstudy_tasks  # noqa: F401 - registers them
from readerstudy.celery import app
from readerstudy.services import invitations, letters, studies
from tests.factories import ADMIN, ReadingBrowser, make_invitation, make_patch_set, make_patches, make_study

QUICK = {"n_steps": 6, "batch_size": 4, "width": 4, "checkpoint_every": 2}
PER_CLASS = {"benign": 70, "malignant": 70, "no_findings": 0}

Made = dict[str, Any]


def imports(scans: str) -> list[Made]:
    now = timezone.now()
    names = [f"Cohort {secrets.token_hex(4)}" for _ in range(2)]
    rows = [cohorts.request_import(folder=Path(scans), name=name, now=now) for name in names]
    return [told(row) for row in rows]


def trainings(n: int = 2, **changes: Any) -> list[Made]:
    patch_set = make_patch_set("real", 4)
    common = {"patch_set": patch_set, "preset": "dcgan", "seed": 3, "now": timezone.now()}
    return [told(training_runs.create(**common, changes=QUICK | changes)) for _ in range(n)]


def extractions(scans: str, n: int = 2) -> list[Made]:
    made = imports(scans)[0]
    do(**made)
    cohort = Cohort.objects.get(pk=made["pk"])
    regions.approve_waiting(cohort=cohort, by=ADMIN, now=timezone.now())
    common = {"cohort": cohort, "options": ExtractionOptions(seed=5, healthy_per_breast_slice=1)}
    return [told(patch_sets.request_extraction(**common, now=timezone.now())) for _ in range(n)]


def samplings() -> list[Made]:
    made = trainings()[0]
    do(**made)
    checkpoint = TrainingRun.objects.get(pk=made["pk"]).checkpoints.order_by("-step")[0]
    common = {"checkpoint": checkpoint, "n_per_class": PER_CLASS, "seed": 7, "now": timezone.now()}
    return [
        told(generators.queue_sampling(**common, name=name, pool=f"Pool {name}", by=ADMIN))
        for name in ("alone", "killed")
    ]


def scorings() -> list[Made]:
    sets = {"real": make_patch_set("real", 8), "fake": make_patch_set("wgan", 6)}
    wish = {"extractor": "pixels", "n_draws": 2, "n_per_set": 5, "seed": 3, "now": timezone.now()}
    return [told(metric_runs.start(**sets, **wish)) for _ in range(2)]


def analyses() -> list[Made]:
    """One analysis, done once: it is asked for again, and its files are those of before until it is done."""
    study = make_study("open")
    for name, answer in (("Rosa", "fake"), ("Leo", "real")):
        reader = ReadingBrowser(make_invitation(study, name)).begin().see_warm_up()
        while "All done" not in reader.text:
            reader.press(answer)
    studies.close(study=study, by=ADMIN, now=timezone.now())
    row = told(StudyAnalysis.objects.get(study=study))
    do(**row)
    return [row, row]


def looks(folder: str) -> list[Made]:
    return [
        told(patch_imports.request_look(upload=_archive(Path(folder)), now=timezone.now())) for _ in range(2)
    ]


def copies(folder: str) -> list[Made]:
    found = []
    for made in looks(folder):
        do(**made)
        row = PatchImport.objects.get(pk=made["pk"])
        wish = {"mapping": mappings.from_dict(row.mapping), "source": "stylegan", "now": timezone.now()}
        found.append(told(patch_imports.request_copy(row=row, **wish)))
    return found


def mails() -> list[Made]:
    study = make_study("open")
    now = timezone.now()
    invited = [
        invitations.invite(
            study=study, name=name, group="radiologist", email=f"{name.lower()}@x.example", by=ADMIN, now=now
        )
        for name in ("Rosa", "Leo", "Ada")
    ]
    return [told(row) for row in letters.queue(wanted=invited, site="https://x.example", by=ADMIN, now=now)]


def _archive(folder: Path) -> SimpleUploadedFile:
    folder.mkdir(exist_ok=True)
    path = folder / "patches.zip"
    if not path.exists():
        patches = make_patches(12, np.random.default_rng(1))
        np.save(folder / "patches.npy", patches)
        lines = [LESION_CLASSES[k % 3].value for k in range(12)]
        (folder / "index.csv").write_text("\n".join(["lesion_class", *lines]) + "\n")
        with zipfile.ZipFile(path, "w") as packed:
            for name in ("patches.npy", "index.csv"):
                packed.write(folder / name, name)
    return SimpleUploadedFile("patches.zip", path.read_bytes())


def told(row: Job) -> Made:
    return {"label": row._meta.label, "pk": row.pk}


def do(label: str, pk: int, **settings_of_test: Any) -> list[bool]:
    """What a worker does with the message of a job; returns whether it was given the job, each time that it asked."""
    analysing.options_of = lambda row: AnalysisOptions(margin=0.1, n_replicates=100)
    row, claims, claim = row_of(label, pk), [], jobs.claim

    def noted(*args: Any, **kwargs: Any) -> bool:
        claims.append(claim(*args, **kwargs))
        return claims[-1]

    jobs.claim = noted
    with override_settings(**settings_of_test):
        app.tasks[row.task_name].run(pk)
    return claims


def row_of(label: str, pk: int) -> Any:
    return apps.get_model(label)._default_manager.get(pk=pk)
