"""Draws, features and scores of generated patch sets."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.core import (
    csv_text,
    extractor_names,
    extractors,
    feature_cache,
    generator_scores,
    scoring,
    table2,
    wording,
)
from evaluation.core.generator_scores import plan, score
from evaluation.core.rgb import to_rgb
from evaluation.core.scoring import ScoreOptions, score_sets
from evaluation.core.table2 import Table2Row
from generation.core.errors import InputError
from generation.core.frames import assemble
from generation.core.labels import LESION_CLASSES, LesionClass
from generation.core.patch_set import PatchRow, PatchSetFolder, PatchSetWriter


def make_patches(n: int, seed: int, *, brightness: int = 0) -> NDArray[np.int16]:
    rng = np.random.default_rng(seed)
    return assemble(rng.integers(0, 600, (n, 6, 64, 64)) + brightness)


def make_patch_set(
    folder: Path, source: str, n_per_class: dict[LesionClass, int], seed: int, **kwargs: int
) -> PatchSetFolder:
    with PatchSetWriter(folder, source=source) as writer:
        for lesion_class, n in n_per_class.items():
            patches = make_patches(n, seed + lesion_class.code, **kwargs)
            writer.add(patches, [PatchRow("", lesion_class)] * n)
        return writer.finish({})


class TestRgb:
    def test_fixed_mapping_of_three_frames(self) -> None:
        patch = np.zeros((1, 7, 2, 2), dtype=np.int16)
        patch[0, 0], patch[0, 1], patch[0, 2], patch[0, 3] = 1023, 512, 2, 700
        # x / 1023 * 255, rounded: 255, 127.6, .5 -> .499; T1_post2 is not used
        assert to_rgb(patch)[0, :, 0, 0].tolist() == [255, 128, 0]
        assert to_rgb(patch).dtype == np.uint8


class TestPlan:
    def test_the_papers_protocol(self) -> None:
        made = plan(n_real=1149, n_fake=5000, n_draws=10, n_per_set=1000, rng=np.random.default_rng(1))
        assert len(made.draws) == 10
        for draw in made.draws:
            assert len(set(draw.reals)) == len(set(draw.fakes)) == 1000
            assert set(draw.floor[0]).isdisjoint(draw.floor[1])
        assert made.n_floor == 574
        assert made.draws[0].reals.max() < 1149

    def test_same_seed_same_draws(self) -> None:
        first, second = (
            plan(n_real=50, n_fake=40, n_draws=2, n_per_set=20, rng=np.random.default_rng(3))
            for _ in range(2)
        )
        assert all((a.reals == b.reals).all() for a, b in zip(first.draws, second.draws, strict=True))

    def test_small_sets_shrink_every_draw(self) -> None:
        made = plan(n_real=300, n_fake=150, n_draws=10, n_per_set=1000, rng=np.random.default_rng(1))
        assert (made.n_per_set, made.n_per_set_asked, len(made.draws)) == (150, 1000, 10)

    def test_whole_sets_are_drawn_once(self) -> None:
        made = plan(n_real=150, n_fake=150, n_draws=10, n_per_set=1000, rng=np.random.default_rng(1))
        assert len(made.draws) == 1

    @pytest.mark.parametrize(("n_real", "n_fake"), [(0, 10), (10, 1)])
    def test_too_few_give_no_draw(self, n_real: int, n_fake: int) -> None:
        assert (
            plan(n_real=n_real, n_fake=n_fake, n_draws=10, n_per_set=5, rng=np.random.default_rng(1)).draws
            == ()
        )

    def test_nonsense_is_refused(self) -> None:
        with pytest.raises(InputError, match="0 draws of 10 patches cannot be scored"):
            plan(n_real=9, n_fake=9, n_draws=0, n_per_set=10, rng=np.random.default_rng(1))


class TestScore:
    def test_fakes_from_the_same_distribution_lie_near_the_floor(self) -> None:
        rng = np.random.default_rng(4)
        reals, fakes = rng.standard_normal((400, 10)), rng.standard_normal((400, 10))
        made = plan(n_real=400, n_fake=400, n_draws=5, n_per_set=200, rng=rng)
        scores = score(reals[made.reals_needed], fakes[made.fakes_needed], made)
        assert scores.distance_mean is not None
        assert scores.floor_mean is not None
        assert 0.5 < scores.distance_mean / scores.floor_mean < 2
        assert scores.knn_overall == pytest.approx(0.5, abs=0.06)
        assert scores.distance_sd is not None
        assert scores.n_floor == 200

    def test_one_draw_has_no_sd_and_says_so(self) -> None:
        rng = np.random.default_rng(5)
        made = plan(n_real=30, n_fake=30, n_draws=10, n_per_set=1000, rng=rng)
        scores = score(rng.standard_normal((30, 40)), rng.standard_normal((30, 40)), made)
        assert scores.distance_sd is None
        assert "Every patch is used, so there is one draw and no SD." in scores.note
        assert "30 patches per set, as many as there are; 1000 were asked for." in scores.note
        assert "30 patches for 40 features" in scores.note

    def test_a_class_that_cannot_be_scored_is_absent_with_its_reason(self) -> None:
        made = plan(n_real=1, n_fake=30, n_draws=3, n_per_set=10, rng=np.random.default_rng(6))
        scores = score(np.empty((0, 4)), np.empty((0, 4)), made)
        assert (scores.distance_mean, scores.knn_real, scores.knn_z, scores.n_draws) == (None, None, None, 0)
        assert scores.note == "Not scored: 1 reals and 30 fakes, at least 2 of each are needed."

    def test_shared_reals_are_mentioned(self) -> None:
        # 1000 of 1149 benign patches: two draws share 87 % of their reals
        made = plan(n_real=1149, n_fake=3000, n_draws=1, n_per_set=1000, rng=np.random.default_rng(7))
        assert "Two draws share 87% of their reals" in generator_scores._note(made, n_features=5)


class TestExtractors:
    def test_efficientnet_works_offline_and_ignores_its_company(self) -> None:
        pictures = np.random.default_rng(8).integers(0, 256, (3, 3, 64, 64), dtype=np.uint8)
        extractor = extractors.load("efficientnet-lite0")
        together = extractor.features(pictures)
        assert together.shape == (3, 1280)
        assert (extractor.features(pictures[1:2])[0] == together[1]).all()

    def test_pixels(self) -> None:
        pictures = np.arange(2 * 3 * 64 * 64).reshape(2, 3, 64, 64).astype(np.uint8)
        expected = pictures.reshape(2, -1).astype(np.float32) / 255
        assert (extractors.load("pixels").features(pictures) == expected).all()

    def test_only_inception_is_called_fid(self) -> None:
        titles = {name: one.distance_title for name, one in extractor_names.EXTRACTORS.items()}
        assert titles == {
            "inception": "FID",
            "efficientnet-lite0": "Fréchet distance (EfficientNet-Lite0)",
            "pixels": "Fréchet distance (pixels)",
        }

    def test_unknown_missing_and_needless_weights_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(
            InputError, match='"vgg" is unknown; write one of efficientnet-lite0, inception, pixels'
        ):
            extractors.load("vgg")
        with pytest.raises(InputError, match="inception needs weights"):
            extractors.load("inception")
        with pytest.raises(InputError, match="pixels takes no weights"):
            extractors.load("pixels", weights=tmp_path / "w.pth")


class TestFeatureCache:
    def test_second_time_reads_what_the_first_kept(self, tmp_path: Path) -> None:
        pictures = np.random.default_rng(9).integers(0, 256, (4, 3, 64, 64), dtype=np.uint8)
        extractor = extractors.load("pixels")
        first = feature_cache.features(extractor, pictures, folder=tmp_path, report=lambda n: None)
        [path] = (tmp_path / "pixels-v1").iterdir()
        np.save(path, first + 1)  # something only the file can know
        again = feature_cache.features(extractor, pictures, folder=tmp_path, report=lambda n: None)
        assert (again == first + 1).all()

    def test_a_damaged_file_is_replaced(self, tmp_path: Path) -> None:
        pictures = np.zeros((2, 3, 64, 64), dtype=np.uint8)
        extractor = extractors.load("pixels")
        first = feature_cache.features(extractor, pictures, folder=tmp_path, report=lambda n: None)
        [path] = (tmp_path / "pixels-v1").iterdir()
        path.write_bytes(b"torn")
        assert (
            feature_cache.features(extractor, pictures, folder=tmp_path, report=lambda n: None) == first
        ).all()
        assert np.load(path).shape == first.shape


class TestScoreSets:
    def test_classes_progress_and_json(self, tmp_path: Path) -> None:
        everywhere = dict.fromkeys(LESION_CLASSES, 8)
        real = make_patch_set(tmp_path / "real", "real", everywhere, seed=1)
        fake = make_patch_set(
            tmp_path / "wgan", "wgan", {LesionClass.BENIGN: 6, LesionClass.MALIGNANT: 1}, seed=50
        )
        seen: list[tuple[int, int, str]] = []
        scores = score_sets(
            real,
            fake,
            extractors.load("pixels"),
            ScoreOptions(n_draws=3, n_per_set=5, seed=2),
            cache=tmp_path / "features",
            report=lambda *step: seen.append(step),
        )
        assert list(scores.classes) == [LesionClass.BENIGN, LesionClass.MALIGNANT]
        assert scores.classes[LesionClass.BENIGN].n_draws == 3
        assert scores.classes[LesionClass.MALIGNANT].distance_mean is None
        assert [n for n, _, _ in seen] == sorted(n for n, _, _ in seen)
        assert seen[-1][0] == seen[-1][1]
        values = json.loads(json.dumps(scores.to_dict(), allow_nan=False))
        assert values["source"] == "wgan"
        assert values["options"] == {"n_draws": 3, "n_per_set": 5, "seed": 2}

    def test_scores_repeat_exactly(self, tmp_path: Path) -> None:
        real = make_patch_set(tmp_path / "real", "real", {LesionClass.BENIGN: 12}, seed=1)
        fake = make_patch_set(tmp_path / "fake", "dcgan", {LesionClass.BENIGN: 12}, seed=9)
        options = ScoreOptions(n_draws=2, n_per_set=6, seed=4)
        first, second = (score_sets(real, fake, extractors.load("pixels"), options) for _ in range(2))
        assert first == second

    def test_brighter_fakes_are_told_apart(self, tmp_path: Path) -> None:
        real = make_patch_set(tmp_path / "real", "real", {LesionClass.BENIGN: 20}, seed=1)
        fake = make_patch_set(tmp_path / "fake", "dcgan", {LesionClass.BENIGN: 20}, seed=9, brightness=400)
        [found] = score_sets(real, fake, extractors.load("pixels"), ScoreOptions(2, 10, 0)).classes.values()
        assert (found.knn_real, found.knn_fake) == (1.0, 1.0)
        assert found.distance_mean is not None
        assert found.floor_mean is not None
        assert found.distance_mean > 3 * found.floor_mean

    def test_a_set_against_itself_is_refused(self, tmp_path: Path) -> None:
        real = make_patch_set(tmp_path / "real", "real", {LesionClass.BENIGN: 4}, seed=1)
        with pytest.raises(InputError, match="Both patch sets hold the same patches"):
            score_sets(real, real, extractors.load("pixels"), ScoreOptions())

    def test_sets_without_a_common_class_are_refused(self, tmp_path: Path) -> None:
        real = make_patch_set(tmp_path / "real", "real", {LesionClass.BENIGN: 4}, seed=1)
        fake = make_patch_set(tmp_path / "fake", "dcgan", {LesionClass.MALIGNANT: 4}, seed=9)
        with pytest.raises(InputError, match="No lesion class has 2 real and 2 generated patches"):
            score_sets(real, fake, extractors.load("pixels"), ScoreOptions())

    def test_memory_is_read_in_parts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        real = make_patch_set(tmp_path / "real", "real", {LesionClass.BENIGN: 12}, seed=1)
        fake = make_patch_set(tmp_path / "fake", "dcgan", {LesionClass.BENIGN: 12}, seed=9)
        whole = score_sets(real, fake, extractors.load("pixels"), ScoreOptions(2, 6, 4))
        monkeypatch.setattr(scoring, "PATCHES_READ", 5)
        assert score_sets(real, fake, extractors.load("pixels"), ScoreOptions(2, 6, 4)) == whole


class TestTable2:
    @pytest.mark.parametrize(("extractor", "has_fid"), [("inception", True), ("efficientnet-lite0", False)])
    def test_fid_columns_only_for_inception(self, extractor: str, has_fid: bool) -> None:
        rng = np.random.default_rng(5)
        made = plan(n_real=30, n_fake=40, n_draws=3, n_per_set=20, rng=rng)
        found = score(
            rng.standard_normal((30, 4))[made.reals_needed],
            rng.standard_normal((40, 4))[made.fakes_needed],
            made,
        )
        row = Table2Row("benign", "wgan", extractor, found, "reals", "fakes", 5)
        header, line = csv.reader(table2.csv_lines([row]))
        cells = dict(zip(header, line, strict=True))
        assert header[:7] == ["tissue", "source", "fid_mean", "fid_sd", "fid_floor", "knn_real", "knn_fake"]
        assert bool(cells["fid_mean"]) is bool(cells["fid_floor"]) is has_fid
        assert float(cells["frechet_mean"]) == pytest.approx(found.distance_mean, rel=1e-5)
        assert (cells["extractor"], cells["n_draws"], cells["n_per_set"]) == (extractor, "3", "20")


class TestWording:
    def test_numbers(self) -> None:
        assert [wording.p_value(p) for p in (0.0004, 0.0078, 1.0, None)] == [
            "p < .001",
            "p = .008",
            "p = 1",
            "–",
        ]
        assert (wording.percent(0.7333), wording.percent(None)) == ("73.3", "–")
        assert [wording.percent(k / 80) for k in (51, 57, 61, 0, 80)] == [
            "63.8",
            "71.3",
            "76.3",
            "0.0",
            "100.0",
        ]
        assert (wording.points(-0.075), wording.points(0.017)) == ("−7.5", "+1.7")
        assert (wording.decimal(12.345, 1), wording.decimal(-22.67, 1)) == ("12.3", "−22.7")

    def test_names(self) -> None:
        assert [wording.origin(one) for one in ("real", "all", "dcgan", "wgan", "stylegan-2")] == [
            "Real",
            "All",
            "DCGAN",
            "WGAN",
            "stylegan-2",
        ]
        assert wording.tissue("no_findings") == "no findings"

    def test_negative_numbers_are_no_formulas(self) -> None:
        assert csv_text.line(["-1.5", "-x", "@y"]) == "-1.5,'-x,'@y\n"
