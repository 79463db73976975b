"""Patches uploaded to one machine, looked at by a second and imported by a third."""

import pytest
from django.urls import reverse

from generation import tasks
from generation.core.foreign import mapping
from generation.jobs import patch_copying, patch_looking
from generation.models import PatchImport, PatchSet
from generation.services import patch_imports
from tests.service.generation.conftest import NOW
from tests.service.generation.test_patch_import_pages import make_patches, upload, zipped

pytestmark = pytest.mark.django_db


def test_no_machine_needs_the_files_of_another_and_none_keeps_them(machine, bucket, study_admin, monkeypatch):
    monkeypatch.setattr(tasks.look_at_patches, "delay_on_commit", lambda pk: None)
    web = machine("web")
    assert upload(study_admin, zipped(make_patches(3))).status_code == 302
    row = PatchImport.objects.get()
    worker = machine("worker")
    patch_looking.run(row.pk)
    row.refresh_from_db()
    assert row.error == ""
    machine("web")
    picture = study_admin.get(reverse("generation:patch_import", args=[row.pk]))
    assert picture.status_code == 200
    made = patch_imports.request_copy(
        row=row, mapping=mapping.from_dict(row.mapping), source="diffusion", name="Uploaded", now=NOW
    )
    other = machine("other")
    patch_copying.run(made.pk)
    made.refresh_from_db()
    assert (made.status, made.error) == ("finished", "")
    assert PatchSet.objects.get(pk=made.pk).folder.exists()
    left = [
        path
        for place in (web, worker, other)
        for path in (place / "patch_imports").rglob("*")
        if path.is_file()
    ]
    assert left == []
    assert not bucket.stored("patch_imports/")
