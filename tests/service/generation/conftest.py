"""Fixtures of the generation tests: a folder of two tiny patients, and what becomes of it."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User

from generation.core.extraction_options import ExtractionOptions
from generation.jobs import extracting, importing
from generation.services import cohorts, patch_sets
from tests.scans import make_patient_folder

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
FEW = ExtractionOptions(seed=5, healthy_per_breast_slice=1)


@pytest.fixture(autouse=True)
def data_folder(tmp_path, settings):
    settings.READERSTUDY_DATA = tmp_path / "var"
    return settings.READERSTUDY_DATA


@pytest.fixture
def scans(tmp_path):
    for number in (1, 2):
        make_patient_folder(tmp_path / "scans" / f"P0{number}", seed=number)
    return tmp_path / "scans"


@pytest.fixture
def cohort(scans):
    row = cohorts.request_import(folder=scans, name="Tiny scans", now=NOW)
    importing.run(row.pk)
    row.refresh_from_db()
    assert row.status == "finished", row.error
    return row


@pytest.fixture
def patch_set(cohort):
    row = patch_sets.request_extraction(cohort=cohort, options=FEW, now=NOW)
    extracting.run(row.pk)
    row.refresh_from_db()
    assert row.status == "finished", row.error
    return row


@pytest.fixture
def desk(client):
    client.force_login(User.objects.create_user("admin"))
    return client
