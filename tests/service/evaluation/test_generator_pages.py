"""Pages beyond Table 2: one run, runs side by side, readers beside metrics."""

import numpy as np
import pytest
from django.urls import reverse

from evaluation.jobs import scoring
from evaluation.models import MetricRun
from evaluation.selectors import comparisons, metric_runs, reader_detection
from evaluation.services import metric_runs as services
from generation.core.frames import SUB, assemble
from generation.core.labels import LESION_CLASSES
from generation.core.patch_set import PatchRow, PatchSetWriter, open_patch_set
from generation.models import PatchSet
from readerstudy.models import Study
from readerstudy.services import studies
from tests.factories import (
    ADMIN,
    NOW,
    ReadingBrowser,
    make_invitation,
    make_patch_set,
    make_pool,
    make_study,
    small_protocol,
)

pytestmark = [pytest.mark.django_db]


def scored(real: PatchSet, fake: PatchSet, **changes) -> MetricRun:
    values = {"extractor": "pixels", "n_draws": 1, "n_per_set": 12, "seed": 3, "now": NOW, **changes}
    run = services.start(real=real, fake=fake, **values)
    scoring.run(run.pk)
    run.refresh_from_db()
    assert run.error == ""
    return run


def make_copies(real: PatchSet, n: int) -> PatchSet:
    """A generator that hands out its training patches, a grey level brighter."""
    opened = open_patch_set(real.folder)
    row = PatchSet.objects.create(
        name="Copies", slug="copies", source="copier", status=PatchSet.Status.FINISHED, created_at=NOW
    )
    with PatchSetWriter(row.folder, source="copier") as writer:
        for lesion_class in LESION_CLASSES:
            rows = opened.indices_of(lesion_class)[:n]
            frames = np.clip(np.asarray(opened.patches[rows])[:, :SUB] + 1, 0, 1023)
            writer.add(assemble(frames), [PatchRow("", lesion_class)] * n)
        row.sha256 = writer.finish({}).sha256
    row.save()
    return row


@pytest.fixture
def real() -> PatchSet:
    return make_patch_set("real", 12, n_patients=6)


def make_run() -> MetricRun:
    real = make_patch_set("real", 12, n_patients=6)
    return scored(real, make_copies(real, 10))


@pytest.fixture
def run(once) -> MetricRun:
    return once(make_run)


class TestRunPage:
    def test_everything_a_run_found(self, study_admin, run):
        text = study_admin.get(reverse("evaluation:metric_run", args=[run.pk])).content.decode()
        for said in ("At infinite n", "Curve types", "Frame by frame", "Memorisation", "Class fidelity"):
            assert said in text
        assert "NaN" not in text
        assert "None" not in text

    def test_copies_are_caught_and_their_pairs_drawn(self, study_admin, run):
        for test in run.results["patches"]["malignant"]["memorisation"]:
            assert test["auc"] == 0
        address = reverse("evaluation:memorisation_pair", args=[run.pk, "malignant", 0, 0])
        response = study_admin.get(address)
        assert response["Content-Type"] == "image/png"
        assert response.content.startswith(b"\x89PNG")

    @pytest.mark.parametrize("where", [("malignant", 9, 0), ("malignant", 0, 99), ("unheard", 0, 0)])
    def test_no_such_pair(self, study_admin, run, where):
        response = study_admin.get(reverse("evaluation:memorisation_pair", args=[run.pk, *where]))
        assert response.status_code == 404

    def test_metrics_json_is_what_was_stored(self, study_admin, run):
        response = study_admin.get(reverse("evaluation:metrics_json", args=[run.pk]))
        assert response.json() == run.results
        assert "attachment" in response["Content-Disposition"]

    def test_a_waiting_run_shows_how_far_it_is(self, study_admin, real):
        run = services.start(
            real=real, fake=make_patch_set("wgan", 4), extractor="pixels", n_draws=1, n_per_set=4, now=NOW
        )
        text = study_admin.get(run.get_absolute_url()).content.decode()
        assert 'data-refresh="3"' in text
        assert "Queued" in text
        assert study_admin.get(reverse("evaluation:metrics_json", args=[run.pk])).status_code == 404

    def test_it_stands_under_way_on_the_desk(self, study_admin, real):
        run = services.start(
            real=real, fake=make_patch_set("wgan", 4), extractor="pixels", n_draws=1, n_per_set=4, now=NOW
        )
        text = study_admin.get(reverse("desk")).content.decode()
        assert run.get_absolute_url() in text
        assert "scoring" in text

    def test_scores_of_an_earlier_version_are_still_shown(self, study_admin, run):
        """Rows stored before there were kernel distances and frames."""
        old = dict(run.results)
        for name in ("patches", "fidelity", "extractor_title", "extractor_key"):
            old.pop(name)
        for values in old["classes"].values():
            for name in ("kid", "precision", "patient_floor", "distance_infinite"):
                values.pop(name)
        MetricRun.objects.filter(pk=run.pk).update(results=old)
        for address in (run.get_absolute_url(), reverse("evaluation:generators")):
            assert study_admin.get(address).status_code == 200
        assert study_admin.get(reverse("evaluation:table2_csv")).status_code == 200

    @pytest.mark.parametrize("name", ["compare", "curves", "detection"])
    def test_nobody_without_an_account(self, client, name):
        assert client.get(reverse(f"evaluation:{name}")).status_code == 302


class TestTable2:
    def test_every_column_is_filled_where_it_can_be(self, run):
        [row] = [row for row in metric_runs.table2_rows() if row.tissue == "benign"]
        assert row.memorisation["auc"] == 0
        assert row.of_patches("fake_coherence", "mean") == 0
        assert row.of_patches("kinetics", "wasserstein", "initial") is not None
        assert row.of_patches("kinetics", "nowhere") is None
        assert row.class_recall[1] is not None


class TestCompare:
    def test_two_runs_side_by_side(self, study_admin, run):
        other = scored(run.real_set, make_patch_set("wgan", 10))
        page = reverse("evaluation:compare")
        text = study_admin.get(page, {"run": [run.pk, other.pk]}).content.decode()
        assert "Nothing is marked as better" not in text
        assert "<strong>" in text
        found = comparisons.of_runs([run.pk, other.pk])
        [frechet] = [line for line in found.blocks[0].lines if line.title == "Fréchet distance"]
        assert [cell.is_best for cell in frechet.cells] == [True, False]  # copies lie closest

    def test_other_reals_are_said_and_nothing_is_better(self, run):
        other = scored(make_patch_set("real", 12), make_patch_set("wgan", 12))
        found = comparisons.of_runs([run.pk, other.pk])
        assert found.caveats == (
            "The runs used different real patches; part of a difference is that of the reals.",
            "The runs drew different numbers of patches per set; a Fréchet distance falls with that number.",
        )
        assert not any(cell.is_best for block in found.blocks for line in block.lines for cell in line.cells)

    def test_nonsense_in_the_address_is_ignored(self, study_admin, run):
        page = reverse("evaluation:compare")
        assert study_admin.get(page, {"run": ["x", "-1", "9" * 40, "99999"]}).status_code == 200


class TestReadersAndMetrics:
    def test_detection_beside_the_distance_of_the_same_patches(self, study_admin):
        pools = [make_pool(source, 8) for source in ("real", "dcgan", "wgan")]
        study = make_study("open", protocol=small_protocol(), offered=pools)
        reader = ReadingBrowser(make_invitation(study, "Rosa", "radiologist")).begin().see_warm_up()
        while "All done" not in reader.text:
            reader.press("fake")
        assert reader_detection.of_closed_studies(Study.objects.all()) == []  # still open
        scored(pools[0].patch_set, pools[1].patch_set, n_per_set=8)
        studies.close(study=study, by=ADMIN, now=NOW)
        [found] = reader_detection.of_closed_studies(Study.objects.all())
        by_cell = {(row.source, row.tissue): row for row in found.rows}
        assert len(by_cell) == 6
        assert by_cell["dcgan", "benign"].together.fraction == 1.0  # everything was called fake
        assert by_cell["dcgan", "benign"].row is not None
        assert by_cell["wgan", "benign"].row is None
        text = study_admin.get(reverse("evaluation:detection")).content.decode()
        assert "100.0 %" in text
        assert "not scored" in text

    def test_an_open_study_stays_out_of_sight(self, study_admin, open_study):
        text = study_admin.get(reverse("evaluation:detection")).content.decode()
        assert open_study.name not in text
        assert "No study is closed yet" in text
