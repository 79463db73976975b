"""Generated patch sets scored against real ones, from patches to JSON."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.core import extractors, patch_sources
from evaluation.core.class_scoring import Depth
from evaluation.core.scoring import ScoreOptions, score_sets
from generation.core.errors import InputError
from generation.core.frames import SUB, assemble
from generation.core.labels import LESION_CLASSES, LesionClass
from generation.core.patch_set import PatchRow, PatchSetFolder, PatchSetWriter


def make_patches(n: int, seed: int, *, brightness: int = 0) -> NDArray[np.int16]:
    rng = np.random.default_rng(seed)
    return assemble(rng.integers(0, 600, (n, 6, 64, 64)) + brightness)


def make_patch_set(
    folder: Path,
    source: str,
    n_per_class: dict[LesionClass, int],
    seed: int,
    *,
    n_patients: int = 0,
    **kwargs: int,
) -> PatchSetFolder:
    with PatchSetWriter(folder, source=source) as writer:
        for lesion_class, n in n_per_class.items():
            patches = make_patches(n, seed + lesion_class.code, **kwargs)
            names = [f"P{i % n_patients}" if n_patients else "" for i in range(n)]
            writer.add(patches, [PatchRow(name, lesion_class) for name in names])
        return writer.finish({})


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
        assert values["options"] == {"n_draws": 3, "n_per_set": 5, "seed": 2, "depth": "patches"}
        assert set(values["patches"]) == {"benign"}  # one malignant fake cannot be drawn from
        assert values["patches"]["benign"]["real_coherence"]["mean"] == 0
        assert values["extractor_title"] == "pixels"

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
        monkeypatch.setattr(patch_sources, "PATCHES_READ", 5)
        assert score_sets(real, fake, extractors.load("pixels"), ScoreOptions(2, 6, 4)) == whole

    def test_classes_do_not_disturb_each_other(self, tmp_path: Path) -> None:
        both = {LesionClass.BENIGN: 12, LesionClass.MALIGNANT: 12}
        real = make_patch_set(tmp_path / "real", "real", both, seed=1)
        fake = make_patch_set(tmp_path / "fake", "dcgan", both, seed=9)
        one = make_patch_set(tmp_path / "one", "dcgan", {LesionClass.BENIGN: 12}, seed=9)
        options = ScoreOptions(2, 6, 4)
        first, second = (score_sets(real, other, extractors.load("pixels"), options) for other in (fake, one))
        assert first.classes[LesionClass.BENIGN] == second.classes[LesionClass.BENIGN]

    def test_the_draws_alone(self, tmp_path: Path) -> None:
        real = make_patch_set(tmp_path / "real", "real", {LesionClass.BENIGN: 12}, seed=1)
        fake = make_patch_set(tmp_path / "fake", "dcgan", {LesionClass.BENIGN: 12}, seed=9)
        found = score_sets(real, fake, extractors.load("pixels"), ScoreOptions(2, 6, 4, depth=Depth.DRAWS))
        assert (found.patches, found.fidelity) == ({}, None)
        assert found.classes[LesionClass.BENIGN].kid is None
        deeper = score_sets(
            real, fake, extractors.load("pixels"), ScoreOptions(2, 6, 4, depth=Depth.FEATURES)
        )
        assert deeper.patches == {}
        assert deeper.classes[LesionClass.BENIGN].kid is not None
        assert (
            deeper.classes[LesionClass.BENIGN].distance_mean
            == found.classes[LesionClass.BENIGN].distance_mean
        )


class TestMemorisation:
    def test_copies_of_the_training_set_are_found_and_shown(self, tmp_path: Path) -> None:
        real = make_patch_set(tmp_path / "real", "real", {LesionClass.BENIGN: 40}, seed=1, n_patients=8)
        with PatchSetWriter(tmp_path / "copies", source="copier") as writer:
            copies = np.asarray(real.patches[10:30]).copy()
            copies[:, :SUB] = np.clip(copies[:, :SUB] + 1, 0, 1023)
            writer.add(assemble(copies[:, :SUB]), [PatchRow("", LesionClass.BENIGN)] * 20)
            fake = writer.finish({})
        found = score_sets(real, fake, extractors.load("pixels"), ScoreOptions(2, 20, 0))
        for test in found.patches[LesionClass.BENIGN].memorisation:
            assert test.auc == 0.0
            assert test.share_close == 1.0
            assert {(pair.fake, pair.real) for pair in test.pairs} <= {(i, i + 10) for i in range(20)}

    def test_patients_that_were_not_trained_on_are_the_yardstick(self, tmp_path: Path) -> None:
        real = make_patch_set(tmp_path / "real", "real", {LesionClass.BENIGN: 40}, seed=1, n_patients=8)
        with PatchSetWriter(tmp_path / "train", source="real") as writer:
            rows = [i for i in range(40) if i % 8 < 4]
            writer.add(np.asarray(real.patches[rows]), [real.rows[i] for i in rows])
            training = writer.finish({})
        fake = make_patch_set(tmp_path / "fake", "dcgan", {LesionClass.BENIGN: 30}, seed=9)
        found = score_sets(real, fake, extractors.load("pixels"), ScoreOptions(1, 40, 0), training=training)
        pixels, features = found.patches[LesionClass.BENIGN].memorisation
        for test in (pixels, features):
            assert (test.n_training, test.n_held_out) == (20, 20)
            assert test.held_out == "real patches of patients that were not trained on"
            # independent noise: no closer than unseen reals
            assert test.auc == pytest.approx(0.5, abs=0.2)
        assert found.training_sha256 == training.sha256


class TestFidelity:
    def test_bright_and_dark_classes_are_kept_apart(self, tmp_path: Path) -> None:
        folders = {}
        for name, brightness in (("real", (0, 300)), ("dcgan", (300, 0))):  # the generator swaps the classes
            with PatchSetWriter(tmp_path / name, source=name) as writer:
                for code, (lesion_class, level) in enumerate(
                    zip(LESION_CLASSES[:2], brightness, strict=True)
                ):
                    patches = make_patches(24, 100 * len(folders) + code, brightness=level)
                    patient = [f"P{i % 6}" if name == "real" else "" for i in range(24)]
                    writer.add(patches, [PatchRow(one, lesion_class) for one in patient])
                folders[name] = writer.finish({})
        found = score_sets(
            folders["real"], folders["dcgan"], extractors.load("pixels"), ScoreOptions(1, 24, 0)
        ).fidelity
        assert found is not None
        assert found.classes == ("benign", "malignant")
        assert found.real_balanced == 1.0
        assert found.fake_balanced == 0.0
