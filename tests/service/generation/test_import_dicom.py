"""DICOM from door to rows: nothing of the patient is kept anywhere, and what cannot be imported leaves nothing."""

import gzip
import json
import logging
import resource
import shutil
import signal
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.urls import reverse

from generation.core.patch_set import open_patch_set
from generation.jobs import extracting, importing
from generation.models import Cohort, Patient
from generation.services import cohorts, jobs, patch_sets, regions
from tests import dicom_scans as scans
from tests.service.generation.conftest import FEW, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def brought(tmp_path_factory):
    """Two patients in folders with their names, one with a lesion."""
    brought = tmp_path_factory.mktemp("brought") / "Marienhospital"
    for number, name in enumerate(("Zweigelt_Hildegard", "Zweigelt_Other")):
        scans.make_study(brought / name, patient=f"KH-4711-99{number}")
    (brought / "lesions.csv").write_text(
        "patient,lesion_class,breast\nZweigelt_Hildegard,malignant,right\nKH-4711-991,no_findings,\n"
    )
    return brought


@pytest.fixture
def folder(brought, tmp_path):
    return shutil.copytree(brought, tmp_path / "Marienhospital")


def run(folder, **kwargs):
    row = cohorts.request_import(folder=folder, now=NOW, **({"name": "Neutral"} | kwargs))
    importing.run(row.pk)
    row.refresh_from_db()
    regions.approve_waiting(cohort=row, by="Ada Admin", now=NOW)
    return row


def everything_stored(data_folder):
    """All rows and all files, unpacked, as one text."""
    texts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - names of our own tables
            texts += [str(row) for row in cursor.fetchall()]
    for path in sorted(data_folder.rglob("*")) if data_folder.exists() else []:
        content = path.read_bytes() if path.is_file() else b""
        texts += [
            str(path.relative_to(data_folder)),
            (gzip.decompress(content) if path.suffix == ".gz" else content).decode("latin-1"),
        ]
    return "\n".join(texts)


def planted_in(text):
    return [planted for planted in scans.PLANTED if planted.lower() in text.lower()]


class TestDeidentification:
    def test_planted_words_are_there_before(self, folder):
        text = b"".join(path.read_bytes() for path in folder.rglob("*.dcm")).decode("latin-1")
        assert planted_in(text) == list(scans.PLANTED)

    def test_nothing_is_kept_of_the_patient(self, folder, data_folder, capfd, caplog, desk):
        caplog.set_level(logging.DEBUG)
        row = run(folder)
        assert row.status == "finished", row.error
        patch_set = patch_sets.request_extraction(cohort=row, options=FEW, now=NOW)
        extracting.run(patch_set.pk)
        page = desk.get(reverse("generation:cohort", args=[row.slug])).content.decode()
        assert planted_in(everything_stored(data_folder)) == []
        assert planted_in(page) == []
        assert planted_in(caplog.text + "".join(capfd.readouterr())) == []
        assert Patient.objects.filter(facts__phase_seconds__0=0.0).count() == 2

    def test_dry_run_tells_nothing_of_the_patient(self, folder, capfd, caplog):
        caplog.set_level(logging.DEBUG)
        out = StringIO()
        call_command("import_cohort", folder, dry_run=True, stdout=out)
        call_command("import_cohort", folder, dry_run=True, json=True, stdout=out)
        assert planted_in(out.getvalue() + caplog.text + "".join(capfd.readouterr())) == []
        assert "5 phases were told apart by acquisition time" in out.getvalue()

    @pytest.mark.parametrize("spoil", ["truncated", "mixed", "missing"])
    def test_errors_tell_nothing_of_the_patient(self, folder, data_folder, capfd, caplog, spoil):
        caplog.set_level(logging.DEBUG)
        path = sorted((folder / "Zweigelt_Hildegard" / "s1").iterdir())[1]
        if spoil == "truncated":
            path.write_bytes(path.read_bytes()[:3000])
        elif spoil == "mixed":
            scans.edit_file(path, PatientID="KH-0815")
        else:
            path.unlink()
        row = run(folder)
        assert row.status == "failed"
        assert "Patient " in row.error
        assert planted_in(everything_stored(data_folder)) == []
        assert planted_in(caplog.text + "".join(capfd.readouterr())) == []
        assert not list(data_folder.rglob("*.nii*"))

    @pytest.mark.parametrize("field", ["name", "note"])
    def test_typed_name_of_a_patient_is_refused_and_taken_away(self, folder, data_folder, field):
        row = run(folder, **{field: "Scans of Zweigelt"})
        assert row.status == "failed"
        assert "holds a word of a patient's name or number; import again under a neutral name" in row.error
        assert planted_in(everything_stored(data_folder)) == []

    def test_origin_is_forgotten_whatever_the_end(self, folder):
        assert run(folder).origin_folder == ""
        row = cohorts.request_import(folder=folder, name="Stopped", now=NOW)
        importing.run(row.pk, on_progress=lambda done, total: jobs.request_stop(row, now=NOW))
        row.refresh_from_db()
        assert (row.status, row.origin_folder) == ("stopped", "")

    def test_unexpected_error_is_told_without_its_words(self, folder, caplog, monkeypatch):
        def explode(*args, **kwargs):
            raise RuntimeError("Zweigelt^Hildegard")

        monkeypatch.setattr(importing.cohorts, "store_patients", explode)
        row = run(folder)
        assert row.status == "failed"
        assert row.error.startswith("The import failed (RuntimeError in test_import_dicom.py, line ")
        assert planted_in(caplog.text + row.error) == []

    def test_default_name_is_not_that_of_the_folder(self, folder):
        call_command("import_cohort", folder, stdout=StringIO())
        assert Cohort.objects.get().name.startswith("Import 20")


class TestRows:
    def test_patients_and_lesions(self, folder):
        row = run(folder)
        first, second = sorted(row.patients.all(), key=lambda patient: -patient.lesions.count())
        assert first.pseudonym.startswith("P-")
        assert [(lesion.lesion_class, lesion.origin) for lesion in first.lesions.all()] == [
            ("malignant", "automatic")
        ]
        assert not second.lesions.exists()
        assert second.facts["lesions_known"]
        assert json.loads((first.folder / "truth.json").read_text())["phase_seconds"] == [
            0,
            70,
            140,
            210,
            280,
        ]

    def test_no_patch_is_cut_where_lesions_are_unknown(self, folder):
        (folder / "lesions.csv").write_text(
            "patient,lesion_class,breast\nZweigelt_Hildegard,malignant,right\n"
        )
        row = run(folder)
        patch_set = patch_sets.request_extraction(cohort=row, options=FEW, now=NOW)
        extracting.run(patch_set.pk)
        patch_set.refresh_from_db()
        (known,) = [patient.pseudonym for patient in row.patients.all() if patient.facts["lesions_known"]]
        assert open_patch_set(patch_set.folder).patients() == (known,)

    def test_cohort_without_t2_can_be_extracted(self, folder):
        for name in ("Zweigelt_Hildegard", "Zweigelt_Other"):
            for path in (folder / name / "t2").iterdir():
                path.unlink()
        assert "no T2 was found" in run(folder).error
        row = run(folder, options={"without_t2": True})
        patch_set = patch_sets.request_extraction(cohort=row, options=FEW, now=NOW)
        extracting.run(patch_set.pk)
        opened = open_patch_set(patch_set.folder)
        assert not opened.patches[:, 0].any()
        assert opened.patches[:, 1].any()

    def test_same_patient_in_two_folders_is_one(self, folder):
        target = folder / "Zweigelt_Other"
        for path in target.rglob("*.dcm"):
            scans.edit_file(path, PatientID="KH-4711-990")
        assert (
            "there are 2 dynamic acquisitions" in run(folder).error
            or "one per phase" in run(folder, name="B").error
        )


class TestBroken:
    def test_full_disk_leaves_nothing(self, folder, data_folder):
        """A file may not grow beyond 20 kB here: the writer meets what it meets on a full disk, an OSError."""
        old = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        row = cohorts.request_import(folder=folder, name="Full", now=NOW)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, old[1]))
            importing.run(row.pk)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
            signal.signal(signal.SIGXFSZ, handler)
        row.refresh_from_db()
        assert row.status == "failed"
        assert "cannot be written" in row.error
        assert "MB are free in the data folder: make room and import again." in row.error
        assert not any((data_folder / "cohorts").iterdir())
        assert not Patient.objects.exists()

    def test_unreadable_folder(self, folder, monkeypatch):
        closed = folder / "Zweigelt_Hildegard" / "s1"
        listed = type(closed).iterdir

        def iterdir(path):
            if path == closed:  # root may read everything, so the refusal of the system is raised here
                raise PermissionError(13, "Permission denied", str(path))
            return listed(path)

        monkeypatch.setattr(type(closed), "iterdir", iterdir)
        row = run(folder)
        assert (
            "a folder inside cannot be listed (Permission denied); give the importing account the right"
            in row.error
        )
        assert planted_in(row.error) == []

    def test_dry_run_names_the_mend(self, folder):
        for path in (folder / "Zweigelt_Hildegard" / "s4").iterdir():
            path.unlink()
        out = StringIO()
        with pytest.raises(
            CommandError, match="1 of 2 patients cannot be imported; nothing would be imported"
        ):
            call_command("import_cohort", folder, dry_run=True, json=True, stdout=out)
        told = json.loads(out.getvalue())
        assert not told["can_import"]
        assert [bool(patient["error"]) for patient in told["patients"]].count(True) == 1
        assert not Cohort.objects.exists()
