"""Scoring generators: from the form to Table 2, and by the command."""

import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from evaluation.jobs import scoring
from evaluation.models import MetricRun
from evaluation.services import metric_runs
from generation.core.errors import InputError
from generation.models import PatchSet
from generation.services import jobs
from tests.factories import NOW, make_patch_set
from tests.unit.evaluation.test_own_extractor import write_onnx

pytestmark = pytest.mark.django_db

PAGE = "/desk/generators/"


@pytest.fixture
def real():
    return make_patch_set("real", 8)


@pytest.fixture
def fake():
    return make_patch_set("wgan", 6)


def start(real, fake, **changes) -> MetricRun:
    values = {"extractor": "pixels", "n_draws": 2, "n_per_set": 5, "seed": 3, "now": NOW, **changes}
    return metric_runs.start(real=real, fake=fake, **values)


def table2(client) -> list[dict[str, str]]:
    response = client.get(reverse("evaluation:table2_csv"))
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


class TestStart:
    def test_a_run_waits_for_its_worker(self, real, fake):
        run = start(real, fake)
        assert (run.status, run.n_draws, run.task_name) == ("queued", 2, "evaluation.score")

    def test_an_unfinished_set_is_refused(self, real, fake):
        PatchSet.objects.filter(pk=fake.pk).update(status="running")
        fake.refresh_from_db()
        with pytest.raises(InputError, match="is running; wait until it is finished"):
            start(real, fake)

    def test_sets_must_be_real_and_generated(self, real, fake):
        with pytest.raises(InputError, match="compare with a set of real patches"):
            start(fake, fake)
        with pytest.raises(InputError, match="choose a generated set"):
            start(real, real)

    def test_inception_without_weights_is_refused(self, real, fake, settings):
        settings.INCEPTION_WEIGHTS = ""
        with pytest.raises(InputError, match="run fetch_inception, set INCEPTION_WEIGHTS to the path"):
            start(real, fake, extractor="inception")

    def test_numbers_outside_their_range_are_refused(self, real, fake):
        with pytest.raises(InputError, match="Draws: 0 is outside 1 to 100"):
            start(real, fake, n_draws=0)


class TestOwnEncoder:
    def test_it_is_offered_once_its_path_is_set(self, study_admin, real, fake, settings, tmp_path):
        with pytest.raises(InputError, match="set OWN_EXTRACTOR to its path"):
            start(real, fake, extractor="own")
        assert "own encoder" not in study_admin.get(PAGE).content.decode()
        settings.OWN_EXTRACTOR = str(write_onnx(tmp_path / "means.onnx"))
        assert "own encoder" in study_admin.get(PAGE).content.decode()
        run = start(real, fake, extractor="own", n_draws=1)
        scoring.run(run.pk)
        run.refresh_from_db()
        assert run.status == "finished"
        assert "Fréchet distance (means.onnx, " in study_admin.get(PAGE).content.decode()
        assert {row["fid_mean"] for row in table2(study_admin)} == {""}


class TestRun:
    def test_scores_are_stored(self, real, fake):
        run = start(real, fake)
        seen = []
        scoring.run(run.pk, on_progress=lambda done, total: seen.append((done, total)))
        run.refresh_from_db()
        assert (run.status, run.percent, run.error) == ("finished", 100, "")
        assert set(run.results["classes"]) == {"benign", "malignant", "no_findings"}
        benign = run.results["classes"]["benign"]
        assert (benign["n_real"], benign["n_fake"], benign["n_per_set"], benign["n_draws"]) == (8, 6, 5, 2)
        assert run.results["distance_name"] == "Fréchet distance (pixels)"
        assert seen[-1][0] == seen[-1][1]

    def test_a_run_is_computed_once(self, real, fake):
        run = start(real, fake)
        assert jobs.claim(run, now=NOW)
        scoring.run(run.pk)  # another worker got the same message
        run.refresh_from_db()
        assert run.status == "running"
        assert run.results == {}

    def test_a_stop_ends_it(self, real, fake, monkeypatch):
        run = start(real, fake)

        def stop_at_first_report(done, total):
            jobs.request_stop(MetricRun.objects.get(pk=run.pk), now=NOW)

        scoring.run(run.pk, on_progress=stop_at_first_report)
        run.refresh_from_db()
        assert run.status == "stopped"

    def test_a_failure_is_one_sentence(self, real, fake):
        run = start(real, fake)
        (fake.folder / "manifest.json").unlink()
        scoring.run(run.pk)
        run.refresh_from_db()
        assert run.status == "failed"
        assert run.error

    def test_features_are_kept_and_read_again(self, real, fake, data_folder):
        scoring.run(start(real, fake).pk)
        kept = sorted((data_folder / "features" / "pixels-v1").iterdir())
        assert len(kept) == 6  # two sets, three classes
        times = [path.stat().st_mtime_ns for path in kept]
        scoring.run(start(real, fake).pk)
        assert sorted((data_folder / "features" / "pixels-v1").iterdir()) == kept
        assert [path.stat().st_mtime_ns for path in kept] == times


class TestPage:
    def test_from_form_to_table_2(self, study_admin, real, fake, django_capture_on_commit_callbacks):
        form = {"real_set": real.pk, "fake_set": fake.pk, "extractor": "pixels"}
        with django_capture_on_commit_callbacks(execute=True):
            response = study_admin.post(PAGE, {**form, "n_draws": 1, "n_per_set": 4, "seed": 1})
        assert response.status_code == 302
        text = study_admin.get(PAGE).content.decode()
        assert "Fréchet distance (pixels) and 1-NN accuracy against" in text
        assert "no SD" in text
        assert "1 − acc." in text
        rows = table2(study_admin)
        assert [(row["tissue"], row["source"]) for row in rows] == [
            ("benign", "wgan"),
            ("malignant", "wgan"),
            ("no_findings", "wgan"),
        ]
        assert {row["fid_mean"] for row in rows} == {""}
        assert all(float(row["frechet_mean"]) > 0 for row in rows)

    def test_the_newest_scores_stand_in_table_2(self, study_admin, real, fake):
        for seed in (1, 2):
            scoring.run(start(real, fake, seed=seed).pk)
        assert {row["seed"] for row in table2(study_admin)} == {"2"}

    def test_a_refused_form_says_why(self, study_admin, real, fake):
        form = {
            "real_set": real.pk,
            "fake_set": fake.pk,
            "extractor": "pixels",
            "n_draws": 0,
            "n_per_set": 4,
            "seed": 1,
        }
        response = study_admin.post(PAGE, form)
        assert response.status_code == 422
        assert "greater than or equal to 1" in response.content.decode()
        assert not MetricRun.objects.exists()

    def test_nothing_to_score_yet(self, study_admin):
        assert "No generator has been scored yet" in study_admin.get(PAGE).content.decode()

    def test_a_waiting_run_is_shown_and_can_be_stopped(self, study_admin, real, fake):
        run = start(real, fake)
        text = study_admin.get(PAGE).content.decode()
        assert 'data-refresh="3"' in text
        study_admin.post(reverse("evaluation:metric_run_stop", args=[run.pk]))
        run.refresh_from_db()
        assert run.status == "stopped"

    def test_nobody_without_an_account(self, client):
        assert client.get(PAGE).status_code == 302


class TestScorePatches:
    def test_two_folders_give_metrics_json(self, real, fake, tmp_path, capsys):
        out = tmp_path / "deep" / "metrics.json"
        options = {"extractor": "pixels", "draws": 2, "per_set": 4, "seed": 1, "out": out}
        call_command("score_patches", real.folder, fake.folder, **options)
        values = json.loads(out.read_text())
        assert values["distance_name"] == "Fréchet distance (pixels)"
        assert values["real_sha256"] == real.sha256
        assert values["classes"]["benign"]["n_per_set"] == 4
        assert "benign" in capsys.readouterr().out
        assert not MetricRun.objects.exists()

    def test_the_training_set_can_be_named(self, real, fake, tmp_path, capsys):
        trained_on = make_patch_set("real", 6)
        out = tmp_path / "metrics.json"
        options = {"extractor": "pixels", "draws": 1, "per_set": 4, "training": trained_on.folder, "out": out}
        call_command("score_patches", real.folder, fake.folder, **options)
        values = json.loads(out.read_text())
        assert values["training_sha256"] == trained_on.sha256
        assert values["patches"]["benign"]["memorisation"][0]["n_training"] == 6
        said = capsys.readouterr().out
        for line in ("kernel distance", "memorisation", "subtraction error", "class fidelity"):
            assert line in said

    def test_the_draws_alone_are_quick(self, real, fake, tmp_path, capsys):
        out = tmp_path / "metrics.json"
        options = {"extractor": "pixels", "draws": 1, "per_set": 4, "depth": "draws", "out": out}
        call_command("score_patches", real.folder, fake.folder, **options)
        values = json.loads(out.read_text())
        assert values["patches"] == {}
        assert values["classes"]["benign"]["kid"] is None
        assert "1-NN accuracy" in capsys.readouterr().out

    def test_an_own_encoder_is_named_in_the_results(self, real, fake, tmp_path):
        out = tmp_path / "metrics.json"
        options = {
            "extractor": "own",
            "weights": write_onnx(tmp_path / "means.onnx"),
            "draws": 1,
            "per_set": 4,
        }
        call_command("score_patches", real.folder, fake.folder, depth="draws", out=out, **options)
        values = json.loads(out.read_text())
        assert values["distance_name"].startswith("Fréchet distance (means.onnx, ")
        assert values["extractor"] == "own"

    def test_bad_folders_are_one_sentence(self, real, tmp_path):
        with pytest.raises(CommandError):
            call_command("score_patches", real.folder, tmp_path / "nowhere", extractor="pixels")


class TestAnalyseTrials:
    def test_five_columns_are_enough(self, tmp_path, capsys):
        trials = tmp_path / "trials.csv"
        trials.write_text(
            "reader,case,origin,tissue,answer\nA,1,real,benign,real\nA,2,stylegan,malignant,real\n"
        )
        call_command("analyse_trials", trials, out=tmp_path / "out")
        table = list(csv.DictReader((tmp_path / "out" / "table3.csv").read_text().splitlines()))
        assert [(row["origin"], row["n_correct"]) for row in table] == [
            ("real", "1"),
            ("stylegan", "0"),
            ("all", "1"),
        ]
        assert json.loads((tmp_path / "out" / "statistics.json").read_text())[0]["analysis"] == "accuracy"
        assert "1 reader," in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"reader,case\nA,1\n", "no column origin or tissue or answer"),
            (b"\xff\xfe", "not UTF-8"),
            (
                b"reader,case,origin,tissue,phase,answer\nA,1,real,benign,warmup,real\n",
                "holds no test trials",
            ),
        ],
    )
    def test_a_bad_file_is_one_sentence(self, tmp_path, content, message):
        trials = tmp_path / "trials.csv"
        trials.write_bytes(content)
        with pytest.raises(CommandError, match=message):
            call_command("analyse_trials", trials, out=tmp_path / "out")

    @pytest.mark.parametrize(
        ("option", "message"),
        [({"seed": -1}, "--seed -1 is negative"), ({"levels": 0}, "--levels 0 is not between")],
    )
    def test_a_bad_option_is_one_sentence(self, tmp_path, option, message):
        trials = tmp_path / "trials.csv"
        trials.write_text("reader,case,origin,tissue,answer\nA,1,real,benign,real\nA,2,wgan,benign,real\n")
        with pytest.raises(CommandError, match=message):
            call_command("analyse_trials", trials, out=tmp_path / "out", **option)

    def test_a_missing_file_is_one_sentence(self, tmp_path):
        with pytest.raises(CommandError, match=r"cannot be read.*: No such file"):
            call_command("analyse_trials", tmp_path / "none.csv", out=tmp_path / "out")
