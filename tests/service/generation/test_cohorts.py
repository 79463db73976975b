"""From a folder of scans to a patch set, through services, jobs and commands."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from generation.core.errors import InputError
from generation.core.patch_set import open_patch_set, sha256_of_file
from generation.jobs import extracting, importing
from generation.models import Cohort, Lesion, PatchSet, Patient
from generation.services import cohorts, jobs, patch_sets
from tests.service.generation.conftest import FEW, NOW

pytestmark = pytest.mark.django_db


class TestImport:
    def test_rows_and_files(self, cohort):
        assert cohort.slug == "tiny-scans"
        assert [patient.pseudonym for patient in cohort.patients.all()] == ["P01", "P02"]
        assert Lesion.objects.filter(patient__cohort=cohort, lesion_class="malignant").count() == 2
        for patient in cohort.patients.all():
            assert sorted(path.name for path in patient.folder.iterdir()) == [
                "T1_post1.nii.gz",
                "T1_post2.nii.gz",
                "T1_post3.nii.gz",
                "T1_post4.nii.gz",
                "T1_pre.nii.gz",
                "T2.nii.gz",
                "breasts.nii.gz",
                "lesions.nii.gz",
                "region.jpg",
                "truth.json",
            ]

    def test_one_bad_patient_leaves_nothing(self, scans, data_folder):
        (scans / "P02" / "T2.nii.gz").unlink()
        row = cohorts.request_import(folder=scans, name="Bad", now=NOW)
        importing.run(row.pk)
        row.refresh_from_db()
        assert row.status == "failed"
        assert row.error.startswith("Patient P02 has no T2; add T2.nii.gz")
        assert not Patient.objects.exists()
        assert not any((data_folder / "cohorts").iterdir())

    def test_mended_folder_is_imported_under_the_same_name(self, scans):
        (scans / "P02" / "truth.json").rename(scans / "truth.json")
        importing.run(cohorts.request_import(folder=scans, name="Bad", now=NOW).pk)
        (scans / "truth.json").rename(scans / "P02" / "truth.json")
        row = cohorts.request_import(folder=scans, name="Bad", now=NOW)
        importing.run(row.pk)
        row.refresh_from_db()
        assert (row.status, row.patients.count(), Cohort.objects.count()) == ("finished", 2, 1)

    def test_same_name_again_is_refused(self, cohort, scans):
        with pytest.raises(InputError, match='Cohort "tiny-scans" is there already'):
            cohorts.request_import(folder=scans, name="Tiny Scans", now=NOW)

    @pytest.mark.parametrize("name", ["", "...", "New", "x" * 101])
    def test_unusable_names(self, scans, name):
        with pytest.raises(InputError, match="cannot be used"):
            cohorts.request_import(folder=scans, name=name, now=NOW)

    def test_claimed_import_is_left_alone(self, scans):
        row = cohorts.request_import(folder=scans, name="Once", now=NOW)
        assert jobs.claim(row, now=NOW)
        importing.run(row.pk)
        row.refresh_from_db()
        assert (row.status, row.patients.count()) == ("running", 0)

    def test_stop_leaves_nothing(self, scans, data_folder):
        row = cohorts.request_import(folder=scans, name="Stopped", now=NOW)
        importing.run(row.pk, on_progress=lambda done, total: jobs.request_stop(row, now=NOW))
        row.refresh_from_db()
        assert row.status == "stopped"
        assert not Patient.objects.exists()
        assert not any((data_folder / "cohorts").iterdir())

    def test_remains_of_a_killed_worker_are_replaced(self, scans, data_folder):
        (data_folder / "cohorts" / "again" / "P09").mkdir(parents=True)
        (data_folder / "cohorts" / ".again.partial-12").mkdir()
        row = cohorts.request_import(folder=scans, name="Again", now=NOW)
        importing.run(row.pk)
        assert [path.name for path in (data_folder / "cohorts").iterdir()] == ["again"]
        assert sorted(path.name for path in row.folder.iterdir()) == ["P01", "P02"]

    def test_phantom_is_known_by_its_truth(self, scans):
        truth = json.loads((scans / "P01" / "truth.json").read_text())
        (scans / "P01" / "truth.json").write_text(json.dumps(truth | {"source": "procedural breast phantom"}))
        row = cohorts.request_import(folder=scans, name="Phantom", now=NOW)
        importing.run(row.pk)
        row.refresh_from_db()
        assert row.is_phantom


class TestExtraction:
    def test_row_repeats_the_folder(self, patch_set):
        folder = open_patch_set(patch_set.folder, verify=True)
        counts = folder.counts()
        assert (patch_set.n_benign, patch_set.n_malignant, patch_set.n_no_findings) == tuple(counts.values())
        assert min(counts.values()) > 0
        assert patch_set.sha256 == folder.sha256
        assert folder.patients() == ("P01", "P02")

    def test_manifest_says_where_patches_came_from(self, patch_set):
        provenance = open_patch_set(patch_set.folder).manifest["provenance"]
        assert provenance["cohort"] == "tiny-scans"
        assert provenance["options"] == {
            "seed": 5,
            "healthy_per_breast_slice": 1,
            "intensity_range": "min-max",
        }
        assert provenance["scan_sha256"] == dict(Patient.objects.values_list("pseudonym", "sha256"))
        assert provenance["patients"]["P01"]["size"] == [32, 512, 512]
        assert provenance["patients"]["P01"]["spacing_mm"] == pytest.approx(
            [90 / 32, 336 / 512, 336 / 512], abs=1e-4
        )

    def test_same_seed_same_bytes_in_two_processes(self, patch_set, cohort):
        again = patch_sets.request_extraction(cohort=cohort, options=FEW, now=NOW)
        assert again.slug == f"{patch_set.slug}-2"
        extracting.run(again.pk, n_jobs=2)
        for name in ("patches.npy", "index.csv", "manifest.json"):
            assert sha256_of_file(again.folder / name) == sha256_of_file(patch_set.folder / name)

    def test_unfinished_cohort_is_refused(self, scans):
        row = cohorts.request_import(folder=scans, name="Waiting", now=NOW)
        with pytest.raises(InputError, match='Cohort "Waiting" is queued; wait until its import is finished'):
            patch_sets.request_extraction(cohort=row, options=FEW, now=NOW)

    def test_lost_scan_fails_with_a_sentence(self, cohort):
        (cohort.folder / "P02" / "T2.nii.gz").unlink()
        row = patch_sets.request_extraction(cohort=cohort, options=FEW, now=NOW)
        extracting.run(row.pk)
        row.refresh_from_db()
        assert row.status == "failed"
        assert "T2.nii.gz cannot be read" in row.error
        assert list(row.folder.parent.iterdir()) == [row.parts_folder]

    def test_stop(self, cohort):
        row = patch_sets.request_extraction(cohort=cohort, options=FEW, now=NOW)
        extracting.run(row.pk, on_progress=lambda done, total: jobs.request_stop(row, now=NOW))
        row.refresh_from_db()
        assert row.status == "stopped"
        assert list(row.folder.parent.iterdir()) == [row.parts_folder]


class TestCommands:
    def test_import_then_extract(self, scans):
        out = StringIO()
        call_command("import_cohort", scans / "P01", name="Demo", stdout=out)
        call_command(
            "extract_patches", "demo", seed=3, healthy_per_breast_slice=1, approve_regions=True, stdout=out
        )
        assert "Cohort demo: 1 patients imported" in out.getvalue()
        assert PatchSet.objects.get().status == "finished"

    def test_dry_run_writes_nothing(self, scans, data_folder):
        out = StringIO()
        call_command("import_cohort", scans, dry_run=True, json=True, stdout=out)
        told = json.loads(out.getvalue())
        assert told["can_import"]
        assert [patient["patient"] for patient in told["patients"]] == ["P01", "P02"]
        assert told["patients"][0]["lesions"][1]["lesion_class"] == "malignant"
        assert not Cohort.objects.exists()
        assert not (data_folder / "cohorts").exists()

    def test_dry_run_names_every_bad_patient(self, scans):
        for name in ("P01", "P02"):
            (scans / name / "T2.nii.gz").unlink()
        out = StringIO()
        with pytest.raises(CommandError, match="2 of 2 patients cannot be imported"):
            call_command("import_cohort", scans, dry_run=True, stdout=out)
        assert out.getvalue().count("has no T2") == 2

    def test_failed_import_is_an_error(self, tmp_path):
        (tmp_path / "empty").mkdir()
        with pytest.raises(CommandError, match="holds no patient"):
            call_command("import_cohort", tmp_path / "empty", name="Empty")

    def test_unknown_cohort(self, cohort):
        with pytest.raises(CommandError, match='There is no cohort "x"; the cohorts are: tiny-scans'):
            call_command("extract_patches", "x")
