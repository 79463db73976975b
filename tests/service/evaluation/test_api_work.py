"""The JSON interface does what the pages do, and says in one sentence why not."""

import io
import zipfile

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from generation.models import Checkpoint, Cohort, PatchSet, TrainingRun
from readerstudy.models import AuditEvent, Study
from readerstudy.services import unblinding
from tests import dicom_scans as scans_of_dicom
from tests.factories import NOW, administrator, make_patch_set, make_study
from tests.tokens import Script

pytestmark = pytest.mark.django_db


@pytest.fixture
def script() -> Script:
    return Script(User.objects.create_superuser("Ada Admin"))


def refused(answer) -> tuple[int, str]:
    """Status and sentence of a refusal, which holds nothing else."""
    [sentence] = answer.json().values()
    assert list(answer.json()) == ["error"]
    return answer.status_code, sentence


class TestRefusals:
    def test_body_that_is_no_json(self, script):
        answer = script.client.post(
            "/api/v1/pools", b"{\xff", content_type="application/json", headers=script.headers
        )
        assert refused(answer) == (400, "The body is no JSON that can be read.")

    def test_too_large(self, script, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        answer = script.post("/pools", {"name": "x" * 200, "patch_set": "y"})
        assert refused(answer) == (413, "The request is too large or cannot be read; send less.")

    def test_names_the_field_and_how_many_others(self, script):
        status, sentence = refused(script.post("/training-runs", {"preset": "dcgan", "seed": -1}))
        assert status == 422
        assert sentence == "patch_set: Field required (1 more)."

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            ({"name": 7, "patch_set": "x"}, "name: Input should be a valid string."),
            ({"name": "P", "patch_set": "x", "by": "me"}, "by: Extra inputs are not permitted."),
            (
                {"name": "P", "patch_set": "none"},
                'There is no patch set "none"; list /patch-sets for those there are.',
            ),
        ],
    )
    def test_nothing_half_written_remains(self, script, body, sentence):
        assert refused(script.post("/pools", body)) == (422, sentence)
        assert not AuditEvent.objects.exclude(verb="token.made").exists()

    def test_name_that_nothing_is_asked_for_by(self, script):
        status, sentence = refused(script.get("/studies", stauts="open"))
        assert status == 422
        assert sentence.startswith(
            "The address asks for 'stauts', which is unknown here; it may ask for order,"
        )

    def test_protocol_with_a_value_of_another_kind(self, script):
        protocol = {"test": {"real": {"benign": 1}}, "warm_up": {}, "seed": 1}
        status, sentence = refused(script.post("/studies", {"name": "S", "protocol": protocol, "pools": []}))
        assert (status, sentence) == (
            422,
            "The test has 1 real and 0 synthetic panels; ask for at least one of each.",
        )
        assert not Study.objects.exists()


class TestLists:
    def test_parts(self, script):
        for number in range(5):
            Cohort.objects.create(name=f"C{number}", slug=f"c{number}", status="finished", created_at=NOW)
        asked = {
            "sort": "name",
            "order": "desc",
            "per_page": 2,
            "page": 2,
            "status": "finished",
            "words": "c",
        }
        part = script.get("/cohorts", **asked).json()
        assert [item["slug"] for item in part["items"]] == ["c2", "c1"]
        assert (part["n_found"], part["page"], part["n_pages"]) == (5, 2, 3)

    def test_where_a_cohort_came_from_is_told_to_nobody(self, script):
        Cohort.objects.create(
            name="C", slug="c", status="running", origin_folder="/scans/Doe^Jane", created_at=NOW
        )
        assert "Doe" not in script.get("/cohorts/c").content.decode()


class TestWork:
    def test_import_is_queued_and_stopped(self, script, tmp_path):
        answer = script.post("/cohorts", {"folder": str(tmp_path), "name": "Aachen"})
        assert answer.status_code == 202
        assert (answer.json()["slug"], answer.json()["job"]["status"]) == ("aachen", "queued")
        assert script.post("/cohorts/aachen/stop").json()["job"]["status"] == "stopped"
        assert Cohort.objects.get().origin_folder == ""
        assert refused(script.post("/cohorts/aachen/stop")) == (
            409,
            "The import is stopped; only one that waits or runs can be stopped.",
        )

    def test_folder_is_looked_at_before_anything_is_imported(
        self, script, tmp_path, django_capture_on_commit_callbacks
    ):
        folder = scans_of_dicom.make_study(tmp_path / "Zweigelt_Hildegard")
        with django_capture_on_commit_callbacks(execute=True):
            begun = script.post("/looks", {"folder": str(folder)})
        assert begun.status_code == 202
        answer = script.get(f"/looks/{begun.json()['id']}")
        found = answer.json()
        assert (found["job"]["status"], found["layout"], found["n_refused"]) == ("finished", "DICOM", 0)
        assert len(found["findings"]) == 1
        assert "Zweigelt" not in answer.content.decode()
        assert not Cohort.objects.exists()
        assert refused(script.post(f"/looks/{found['id']}/stop"))[0] == 409
        assert refused(script.post("/looks", {"folder": "scans"}))[0] == 422

    @pytest.mark.parametrize(
        ("folder", "sentence"),
        [
            ("scans", "The folder has to be a whole path, beginning with /."),
            ("/no/such/folder", "This is not a folder on this machine; give the folder that holds"),
        ],
    )
    def test_import_of_what_is_no_folder(self, script, folder, sentence):
        status, said = refused(script.post("/cohorts", {"folder": folder}))
        assert status == 422
        assert said.startswith(sentence)
        assert not Cohort.objects.exists()

    def test_a_training_from_start_to_deletion(self, script):
        patch_set = make_patch_set(n_per_class=1)
        body = {"patch_set": patch_set.slug, "preset": "dcgan", "seed": 3, "n_steps": 10, "width": 8}
        begun = script.post("/training-runs", body)
        assert begun.status_code == 202
        slug = begun.json()["slug"]
        assert (begun.json()["config"]["width"], begun.json()["job"]["n_total"]) == (8, 10)
        assert refused(script.delete(f"/training-runs/{slug}"))[0] == 422
        assert script.post(f"/training-runs/{slug}/stop").json()["job"]["status"] == "stopped"
        assert script.post(f"/training-runs/{slug}/resume").status_code == 202
        assert refused(script.post(f"/training-runs/{slug}/resume"))[0] == 409
        script.post(f"/training-runs/{slug}/stop")
        assert script.delete(f"/training-runs/{slug}").status_code == 204
        assert not TrainingRun.objects.exists()

    def test_unknown_recipe_is_refused(self, script):
        body = {"patch_set": make_patch_set(n_per_class=1).slug, "preset": "stylegan", "seed": 3}
        status, sentence = refused(script.post("/training-runs", body))
        assert status == 422
        assert "stylegan" in sentence

    def test_a_checkpoint_is_sampled_into_a_pool(self, script):
        row = Checkpoint.objects.create(name="c", source="dcgan", step=1, path="c", created_at=NOW)
        answer = script.post(f"/checkpoints/{row.pk}/sample", {"benign": 2, "seed": 1, "pool": "Drawn"})
        assert answer.status_code == 202
        queued = PatchSet.objects.get()
        assert queued.options["pool"] == "Drawn"
        assert queued.options["asked_by"] == "Ada Admin"
        assert refused(script.post(f"/checkpoints/{row.pk}/sample", {"seed": 1}))[0] == 422


class TestStudies:
    def test_steps_are_in_the_audit_log_under_the_account(self, script):
        study = make_study("frozen")
        assert script.post(f"/studies/{study.slug}/open").json()["status"] == "open"
        assert refused(script.post(f"/studies/{study.slug}/freeze"))[0] == 409
        log = script.get(f"/studies/{study.slug}/audit", verb="study.opened").json()["items"]
        assert [(line["actor"], line["sentence"]) for line in log] == [
            ("Ada Admin", "opened the study to readers")
        ]

    def test_results_after_early_unblinding(self, script):
        study = make_study("open")
        assert refused(script.get(f"/studies/{study.slug}/results/trials"))[0] == 409
        unblinding.unblind(
            study=study, reason="The data safety board asked for it.", by=administrator("Ada"), now=NOW
        )
        answer = script.get(f"/studies/{study.slug}/results/trials")
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert b"".join(answer.streaming_content).startswith(b"reader,group,case,origin")

    def test_files_are_those_of_the_pages(self, script, client):
        study = make_study("open")
        for name in ("table2", "readers", "everything"):
            assert refused(script.get(f"/studies/{study.slug}/results/{name}"))[0] == 409
        unblinding.unblind(
            study=study, reason="The data safety board asked for it.", by=administrator("Ada"), now=NOW
        )
        client.force_login(User.objects.get(username="Ada Admin"))
        for name, page in (("table2", "study_table2_csv"), ("readers", "reader_csv")):
            answer = script.get(f"/studies/{study.slug}/results/{name}")
            same = client.get(reverse(f"evaluation:{page}", args=[study.slug]))
            assert b"".join(answer.streaming_content) == b"".join(same.streaming_content)
        answer = script.get(f"/studies/{study.slug}/results/everything")
        with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as everything:
            assert everything.testzip() is None
            assert {"manifest.json", "trials.csv", "table3.csv"} <= set(everything.namelist())

    def test_a_frozen_study_is_verified(self, script):
        study = make_study("frozen")
        assert script.get(f"/studies/{study.slug}/verify").json() == {"is_same": True, "sentences": []}
