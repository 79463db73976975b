"""Doors that are pages and jobs: an upload, an import of scans, a list of readers, an answer of the reading room."""

import json
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from generation.core.errors import InputError
from tests.fuzz.doors import Door
from tests.fuzz.doors.patches import spoil_zip, zip_samples
from tests.fuzz.doors.scans import dicom_samples, own_samples, public_samples
from tests.fuzz.doors.tables import answer_samples, reader_samples
from tests.fuzz.tree import Tree

CAUGHT = "failed ("  # by what a job does with errors that nobody thought of


def _with_data(enter: Callable[[Path, Path], object]) -> Callable[[Path, Path], object]:
    """Let an instance keep its files in the data folder of the run."""

    @wraps(enter)
    def entered(folder: Path, data: Path) -> object:
        before, settings.READERSTUDY_DATA = settings.READERSTUDY_DATA, data
        try:
            return enter(folder, data)
        finally:
            settings.READERSTUDY_DATA = before

    return entered


def _judge(row: Any) -> None:
    """What became of a job."""
    row.refresh_from_db()
    if CAUGHT in row.error:
        raise AssertionError(row.error)
    if row.status == "failed":
        raise InputError(row.error)
    assert row.status == "finished", row.status


@cache
def _admin() -> Client:
    from django.contrib.auth.models import User

    client = Client(raise_request_exception=True)
    client.force_login(User.objects.get_or_create(username="fuzz", is_staff=True, is_superuser=True)[0])
    return client


@_with_data
def upload(folder: Path, data: Path) -> None:
    """A ZIP by the page of imports: stored, unpacked, looked at; then discarded."""
    from generation.jobs import patch_looking
    from generation.models import PatchImport
    from generation.services import patch_imports

    file = SimpleUploadedFile("upload.zip", (folder / "upload.zip").read_bytes())
    answer = _admin().post(reverse("generation:patch_import_new"), {"archive": file, "pattern": ""})
    row = PatchImport.objects.order_by("pk").last()
    if answer.status_code == 422:
        raise InputError("The page refused the file.")
    assert answer.status_code == 302, answer.status_code
    assert row is not None
    try:
        patch_looking.run(row.pk)
        _judge(row)
        assert _admin().get(reverse("generation:patch_import", args=[row.pk])).status_code == 200
        if row.survey.n_faults:
            patch_imports.forget(row)
            raise InputError(row.survey.faults[0])
    finally:
        row.delete()


@_with_data
def import_scans(folder: Path, data: Path) -> None:
    """A folder of scans by the job that imports it."""
    from generation.jobs import importing
    from generation.services import cohorts

    row = cohorts.request_import(folder=folder, name="Fuzz", now=timezone.now())
    try:
        importing.run(row.pk)
        _judge(row)
    finally:
        row.patients.all().delete()
        row.delete()


@cache
def _study() -> Any:
    from readerstudy.core.conduct import Conduct
    from tests.factories import make_study, small_protocol

    rules = small_protocol(confidence_levels=4, conduct=Conduct(comment=True))
    return make_study("open", protocol=rules)


def invite(folder: Path, data: Path) -> None:
    """A list of readers by its page, looked at and not invited."""
    study = _study()
    file = SimpleUploadedFile("readers.csv", (folder / "readers.csv").read_bytes())
    answer = _admin().post(
        reverse("readerstudy:invitation_list", args=[study.slug]), {"file": file, "text": "", "days": "30"}
    )
    if answer.status_code == 422:
        raise InputError("The page refused the list.")
    assert answer.status_code == 200, answer.status_code


@cache
def _room() -> Any:
    from tests.factories import make_invitation
    from tests.running_room import enter

    return enter(make_invitation(_study(), "Fay Fuzz"))


def answer(folder: Path, data: Path) -> None:
    """The body of an answer to a panel that is there; the study has enough panels for one answer only."""
    from django.db import transaction

    room = _room()
    with transaction.atomic():
        try:
            content = (folder / "answer.json").read_bytes()
            token = room.token()
            try:
                body = json.loads(content)
                if isinstance(body, dict):
                    body = {"seat": room.seat, "key": "k", "token": token, **body}
                content = json.dumps(body).encode()
            except (ValueError, RecursionError):
                pass
            reply = room.client.post(
                room.address("answers"),
                content,
                content_type="application/json",
                headers={"X-CSRFToken": room.csrf},
            )
            told = reply.json()
        finally:
            transaction.set_rollback(True)
    if reply.status_code == 400:
        assert told["kind"] == "bad", told
        raise InputError(told["sentence"])
    assert reply.status_code == 200, reply.status_code


@cache
def scans_samples() -> list[Tree]:
    """Of every layout."""
    return [*own_samples()[:1], *public_samples()[:1], *dicom_samples()[:1]]


DOORS = [
    Door("page: upload of a ZIP", 400, zip_samples, upload, spoil_zip),
    Door("job: import of scans", 100, scans_samples, import_scans),
    Door("page: list of readers", 200, reader_samples, invite),
    Door("reading room: answer", 400, answer_samples, answer),
]
