"""What the processes of these tests do beside the work: look after jobs, tell what came of them."""

import hashlib
import json
import os
import secrets
import shutil
import socket
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core import serializers
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluation import tasks as evaluation_tasks  # noqa: F401 - registers them
from evaluation.jobs import analysing, curves, scoring  # noqa: F401 - loaded before the forks
from evaluation.models import StudyAnalysis
from evaluation.services import study_analyses
from generation import tasks as generation_tasks  # noqa: F401 - registers them
from generation.jobs import (  # noqa: F401 - loaded before the forks
    extracting,
    importing,
    neighbouring,
    patch_copying,
    patch_looking,
    sampling,
    training,
)
from generation.models import Cohort, Job, PatchSet, PatchSetPart, TrainingRun
from generation.selectors import clock
from generation.services import (
    jobs,
    recovery,
)
from readerstudy import tasks as readerstudy_tasks  # noqa: F401 - registers them
from readerstudy.celery import app
from readerstudy.models import InvitationMail
from readerstudy.serving import job_watch
from tests.service.faults import queued
from tests.service.faults.queued import Made, do, row_of, told


def migrate() -> None:
    """Give the instance its tables; a file of SQLite is copied from the first that had them."""
    if connection.vendor == "sqlite":
        template = Path(os.environ["READERSTUDY_DATA"]) / "template.sqlite3"
        here = Path(connection.settings_dict["NAME"])
        if not template.exists():
            _migrate()
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            shutil.copy(here, template)
        elif not here.exists():
            shutil.copy(template, here)
    else:
        _migrate()


def _migrate() -> None:
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("watcher")


def do_in_parts(label: str, pk: int) -> None:
    """What the workers do with the messages of an extraction."""
    sent: list[PatchSetPart] = []
    extracting._send = sent.extend
    do(label, pk)
    for part in sent:
        app.tasks[extracting.PART_TASK].run(part.pk)


def report_for_ever(label: str, pk: int) -> None:
    """A worker that is alive and says so, until it is killed."""
    row = row_of(label, pk)
    assert jobs.claim(row, now=timezone.now())
    while True:
        jobs.report(row, n_done=0, n_total=1, now=timezone.now())
        time.sleep(0.1)


def listen(seconds: list[float]) -> list[list[Made]]:
    """What a watch queues again when it looks at these moments of its steady clock."""
    found, at = [], 0.0
    ear = recovery.Ear(steady=lambda: at)
    for moment in seconds:
        at = moment
        found.append(
            [told(row) for row in recovery.release_silent(started_at=None, now=clock.now(), ear=ear)]
        )
    return found


def watch(folder: str) -> None:
    """Look after jobs without a pause until the file `stop` is in a folder; what is said goes into the file `said`."""
    job_watch.RECOVER_EVERY_SECONDS = 0.05
    job_watch.ENQUEUE_AGAIN_AFTER_SECONDS = 0.3
    with (Path(folder) / "said").open("a") as said:

        def say(line: str) -> None:
            said.write(f"{line}\n")
            said.flush()

        watching = job_watch.JobWatch(say=say, replaces_workers=False)
        say("begins")
        while not (Path(folder) / "stop").exists():
            watching()
            with (Path(folder) / "looks").open("ab") as looks:
                looks.write(b".")
            time.sleep(0.05)


def socket_options() -> list[int]:
    """What the connection to the database was told about silence."""
    connection.ensure_connection()
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as ours:
        names = (socket.TCP_USER_TIMEOUT, socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        return [ours.getsockopt(socket.IPPROTO_TCP, name) for name in names]


def prepared(kind: str, **arguments: Any) -> Made:
    """Two jobs of a kind, and what is left of the first, which nothing disturbs; the second waits."""
    alone, killed = getattr(queued, kind)(**arguments)
    if kind == "analyses":
        before = found(**alone)
        study_analyses.start(study=StudyAnalysis.objects.get(pk=killed["pk"]).study, now=timezone.now())
    else:
        do(**alone)
        before = found(**alone)
    return {"killed": killed, "before": before}


def after_death(label: str, pk: int, seconds: int) -> Made:
    """What the watch finds of a job whose worker is gone: a moment before its time is over, then, and once more."""
    row = row_of(label, pk)
    before, n_before, later = row.status, n_messages(label, pk), row.beat_at + timedelta(seconds=seconds)
    moments = (later - timedelta(seconds=2), later, later)
    released = [recovery.release_silent(started_at=None, now=moment) for moment in moments]
    return {
        "before": before,
        "released": [[told(row) for row in rows] for rows in released],
        "after": row_of(label, pk).status,
        "n_messages": n_messages(label, pk) - n_before,
    }


def n_messages(label: str, pk: int) -> int:
    """Messages that wait where those of a job go."""
    return recovery._n_messages(recovery._queue_of(row_of(label, pk).task_name))


def page(address: str) -> str:
    """A page of the desk, as an administrator sees it."""
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username="watcher"))
    return client.get(address, follow=True).content.decode()


def found(label: str, pk: int) -> Made:
    """How a job ended, with the bytes of what it left."""
    row = row_of(label, pk)
    files: dict[str, str] = {}
    if isinstance(row, PatchSet | Cohort | StudyAnalysis):
        files = _sums(row.folder)
    elif isinstance(row, TrainingRun):
        history = row.history_path.read_text() if row.history_path.exists() else ""
        lines = [line.rpartition(",")[0] for line in history.splitlines()]  # without the seconds
        files = {"history": "\n".join(lines)}
        files |= {str(one.step): json.dumps(one.sha256, sort_keys=True) for one in row.checkpoints.all()}
    return {
        "status": row.status,
        "error": row.error,
        "files": files,
        "results": getattr(row, "results", getattr(row, "found", None)),
        "n_pools": row.pools.count() if isinstance(row, PatchSet) else 0,
        "n_patients": row.patients.count() if isinstance(row, Cohort) else 0,
    }


def mail_page(pk: int) -> str:
    """The page on which the people at the desk see what became of an e-mail."""
    return page(InvitationMail.objects.get(pk=pk).get_absolute_url())


def press_import(folder: str) -> Made:
    """Ask for an import on its page, as a person does; the folder is empty."""
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username="watcher"))
    name = f"Cohort {secrets.token_hex(4)}"
    empty = Path(folder) / "empty"
    empty.mkdir(exist_ok=True)
    response = client.post(reverse("generation:cohort_new"), {"folder": str(empty), "name": name})
    row = Cohort.objects.filter(name=name).first()
    made = {} if row is None else {**told(row), "status": row.status}
    return {"code": response.status_code, **made, "page": "" if row else response.content.decode()}


def stop_everything() -> None:
    Cohort.objects.filter(status=Job.Status.QUEUED).update(status=Job.Status.STOPPED)


def drain() -> None:
    app.control.purge()


def found_and_drafts(label: str, pk: int) -> list[Any]:
    return [found(label, pk), drafts()]


def rows(label: str, pk: int) -> Made:
    """The row of a job, with those of what it made, as they are stored."""
    row = row_of(label, pk)
    made = row.checkpoints if isinstance(row, TrainingRun) else row.parts
    return json.loads(serializers.serialize("json", [row, *made.order_by("pk")]))


def drafts() -> list[str]:
    """Files and folders below the data folder that are half-written, by their names."""
    words = (".partial-", ".part", ".draft", ".analysis-", ".taken")
    root: Path = settings.READERSTUDY_DATA
    return [
        str(path.relative_to(root))
        for path in root.rglob("*")
        if any(word in path.name for word in words) and path.exists()
    ]


def _sums(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
