"""Fixtures of the generation tests: a folder of two tiny patients, and what becomes of it."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User

from generation.core import breast_mask, cohort_extraction
from generation.core.extraction_options import ExtractionOptions
from generation.core.patch_set import sha256_of_file
from generation.jobs import extracting, importing
from generation.services import cohorts, patch_sets, regions
from tests.scans import make_patient_folder

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
FEW = ExtractionOptions(seed=5, healthy_per_breast_slice=1)


@pytest.fixture(autouse=True)
def data_folder(tmp_path, settings):
    settings.READERSTUDY_DATA = tmp_path / "var"
    return settings.READERSTUDY_DATA


_made: dict[tuple[object, ...], object] = {}


def _content(folder):
    files = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    return tuple((path.name, sha256_of_file(path)) for path in files)


@pytest.fixture(autouse=True)
def made_once(monkeypatch):
    """The same tiny scans are imported and extracted again and again: what is made of them is made once, for real."""
    find, extract = breast_mask.find_and_write, cohort_extraction.extract_patient

    def find_and_write(folder):
        key = (folder.name, *_content(folder))
        files = (folder / "breasts.nii.gz", folder / breast_mask.REGION_SHEET)
        if key not in _made:
            find(folder)
            _made[key] = tuple(file.read_bytes() for file in files)
        for file, content in zip(files, _made[key], strict=True):
            file.write_bytes(content)

    def extract_patient(folder, options, *, has_region=True, sha256=""):
        key = (folder.name, options, has_region, *_content(folder))
        if key not in _made:
            _made[key] = extract(folder, options, has_region=has_region, sha256=sha256)
        return _made[key]

    monkeypatch.setattr(breast_mask, "find_and_write", find_and_write)
    monkeypatch.setattr(cohort_extraction, "extract_patient", extract_patient)


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
    regions.approve_waiting(cohort=row, by="Ada Admin", now=NOW)
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
    client.force_login(User.objects.create_superuser("admin"))
    return client
