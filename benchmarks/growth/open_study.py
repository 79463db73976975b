"""Fills a database and lets one more reader read, size by size; the sizes are a line of JSON on the input."""

import json
import sys
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
from django.core import signing
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from generation.core.labels import LESION_CLASSES
from generation.models import PatchSet
from readerstudy.core import protocol as protocols
from readerstudy.models import Case, Invitation, Reader, ReadingSession, Response, Study, Trial
from readerstudy.services import sessions
from readerstudy.views import reader_page

CHUNK = 5_000
N_MEASURED = 100
N_FIRST = 20  # requests before, which fill what each process keeps
SOURCES = ("real", "dcgan", "real", "wgan")


def make_study(number: int, n_readers: int, n_trials: int) -> Study:
    """An open study whose readers are half through."""
    now = timezone.now()
    patch_set = PatchSet.objects.create(
        name=f"Patches {number}", slug=f"patches-{number}", source="real", status="finished", sha256="0" * 64,
        created_at=now,
    )  # fmt: skip
    quotas = {
        "real": dict.fromkeys(LESION_CLASSES, 1) | {LESION_CLASSES[0]: n_trials // 2},
        "dcgan": {LESION_CLASSES[0]: n_trials - n_trials // 2 - 2},
    }
    study = Study.objects.create(
        name=f"Study {number}", slug=f"study-{number}", status="open", frozen_at=now, opened_at=now, created_at=now,
        protocol=protocols.Protocol(quotas, {}, seed=1).to_json(), fingerprint=f"{number:064x}",
    )  # fmt: skip
    cases = Case.objects.bulk_create(
        [
            Case(
                study=study, public_id=f"c{i:015x}", phase="test", source=SOURCES[i % 4],
                lesion_class=LESION_CLASSES[i % 3], patch_set=patch_set, patch_index=i, pixel_index=i,
            )
            for i in range(n_trials)
        ],
        batch_size=CHUNK,
    )  # fmt: skip
    for reader in range(n_readers):
        make_session(study, reader, cases, n_done=n_trials // 2)
    return study


def make_session(study: Study, number: int, cases: list[Case], *, n_done: int) -> ReadingSession:
    """A session in the test whose first panels are answered."""
    now = timezone.now()
    reader = Reader.objects.create(study=study, pseudonym=f"R{number + 1:04d}", name="A", group="layperson")
    invitation = Invitation.objects.create(reader=reader, public_id=uuid.uuid4().hex, created_at=now)
    session = ReadingSession.objects.create(
        invitation=invitation, public_id=uuid.uuid4().hex, seed=number, algorithm="sha256-strata-v2",
        state="test", started_at=now, seen_at=now,
    )  # fmt: skip
    trials = Trial.objects.bulk_create(
        [
            Trial(
                session=session, case=case, phase="test", position=position, token=uuid.uuid4().hex,
                served_at=now if position <= n_done else None,
                done_at=now + timedelta(milliseconds=position) if position <= n_done else None,
            )
            for position, case in enumerate(cases, start=1)
        ],
        batch_size=CHUNK,
    )  # fmt: skip
    Response.objects.bulk_create(
        [
            Response(trial=trial, answer="real", rt_ms=1000, key=trial.token, answered_at=now)
            for trial in trials[:n_done]
        ],
        batch_size=CHUNK,
    )
    return session


def read(session: ReadingSession, n: int) -> dict[str, float]:
    """Answer panels and fetch those that follow; processor time in ms of one request."""
    client = Client(SERVER_NAME="127.0.0.1")
    signer = signing.get_cookie_signer(salt=reader_page.COOKIE + "readerstudy.reading")
    client.cookies[reader_page.COOKIE] = signer.sign(session.public_id)
    address = f"/read/s/{session.public_id}/"
    seat = sessions.take_seat(public_id=session.public_id, now=timezone.now())
    ahead = client.get(f"{address}trials/", {"seat": seat}).json()["trials"]
    spent = dict.fromkeys(("answer", "answer_database", "panel", "panel_database"), 0.0)
    for i in range(N_FIRST + n):
        is_counted = i >= N_FIRST
        token = ahead.pop(0)["token"]
        ms, database_ms, _ = _timed(lambda token=token: client.get(f"/read/panel/{token}.bin"))
        spent["panel"] += is_counted * ms / n
        spent["panel_database"] += is_counted * database_ms / n
        body = {"seat": seat, "key": uuid.uuid4().hex, "token": token, "answer": "real", "rt_ms": 900}
        ms, database_ms, reply = _timed(
            lambda body=body: client.post(f"{address}answers/", body, content_type="application/json")
        )
        spent["answer"] += is_counted * ms / n
        spent["answer_database"] += is_counted * database_ms / n
        ahead += reply.json()["next"]
    return spent


def _timed(ask: Callable) -> tuple[float, float, object]:
    """Processor time in ms of a request with its database, that of the database alone, and the response."""
    process, backend = time.process_time_ns(), _backend_ns()
    response = ask()
    assert response.status_code == 200, response.content
    database_ms = (_backend_ns() - backend) / 1e6
    return (time.process_time_ns() - process) / 1e6 + database_ms, database_ms, response


def _backend_ns() -> int:
    """Processor time of the connection's process on this machine; SQLite has none of its own."""
    if connection.vendor != "postgresql":
        return 0
    connection.ensure_connection()
    stat = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return int(stat.read_text().split()[0]) if stat.exists() else 0


def measured(number: int, n_readers: int, n_trials: int) -> dict[str, float]:
    """Make a study, and let its last reader read."""
    study = make_study(number, n_readers - 1, n_trials)
    study.pixels_path.parent.mkdir(parents=True)
    shape = (n_trials, 7, 64, 64)
    np.lib.format.open_memmap(study.pixels_path, mode="w+", dtype=np.int16, shape=shape)  # of holes
    session = make_session(study, n_readers, list(study.cases.order_by("pixel_index")), n_done=0)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return read(session, min(N_MEASURED, n_trials - N_FIRST - 10))


def main() -> None:
    """One series after another, each line as soon as it is there; what was made before stays beside it."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    number = 0
    for n_readers, n_trials, n_others in json.loads(sys.stdin.readline()):
        while Study.objects.count() < n_others:
            number += 1
            make_study(number, 2, 10)
        number += 1
        found = measured(number, n_readers, n_trials)
        told = {**found, "n_trials": Trial.objects.count(), "n_studies": Study.objects.count()}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
