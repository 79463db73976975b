from pathlib import Path

import numpy as np
import pytest

from generation.core import checkpoint, training
from generation.core.checkpoint import StoredGenerator
from generation.core.errors import InputError
from generation.core.frames import SUB
from generation.core.labels import LesionClass
from generation.core.sampling import sample
from tests.unit.generation.test_demo_generators import SHIPPED
from tests.unit.generation.test_training import CPU, make_config, make_data, run


def make_stored(tmp_path: Path, classes: tuple[int, ...] = (0, 1, 2)) -> StoredGenerator:
    data = make_data(classes=classes)
    state = training.begin(make_config(), classes=data.classes, seed=7, device=CPU)
    run(state, data, stop_at=1)
    checkpoint.save(state, tmp_path / "c")
    return checkpoint.load_generator(tmp_path / "c")


def draw(stored: StoredGenerator, seed: int, **n: int) -> dict[str, np.ndarray]:
    parts: dict[str, list[np.ndarray]] = {}
    wanted = {LesionClass(name): number for name, number in n.items()}
    for lesion_class, patches in sample(stored, n_per_class=wanted, seed=seed, device=CPU, batch_size=8):
        parts.setdefault(lesion_class.value, []).append(patches)
    return {name: np.concatenate(batches) for name, batches in parts.items()}


@pytest.fixture(scope="module")
def shipped() -> StoredGenerator:
    """A trained generator: its values are far enough apart for a rounded sum to show."""
    return checkpoint.load_generator(SHIPPED / "dcgan")


@pytest.fixture(scope="module")
def many(shipped: StoredGenerator) -> np.ndarray:
    return draw(shipped, 5, malignant=192)["malignant"]


def test_patches_have_the_stored_format(tmp_path: Path) -> None:
    drawn = draw(make_stored(tmp_path), 1, benign=3, malignant=9)
    assert {name: patches.shape for name, patches in drawn.items()} == {
        "benign": (3, 7, 64, 64),
        "malignant": (9, 7, 64, 64),
    }
    assert drawn["malignant"].dtype == np.int16
    assert drawn["malignant"][:, :SUB].min() >= 0


def test_same_seed_gives_the_same_patches(tmp_path: Path) -> None:
    stored = make_stored(tmp_path)
    assert (draw(stored, 5, benign=4)["benign"] == draw(stored, 5, benign=4)["benign"]).all()
    assert (draw(stored, 5, benign=4)["benign"] != draw(stored, 6, benign=4)["benign"]).any()


@pytest.mark.parametrize("n", [1, 3, 63, 64, 65, 100, 127, 129])
def test_a_patch_does_not_depend_on_how_many_are_drawn(
    shipped: StoredGenerator, many: np.ndarray, n: int
) -> None:
    drawn = draw(shipped, 5, benign=7, malignant=n)
    assert (len(drawn["benign"]), len(drawn["malignant"])) == (7, n)
    assert (drawn["malignant"] == many[:n]).all()


def test_the_network_computes_full_batches_alone(shipped: StoredGenerator) -> None:
    sizes: list[int] = []
    watching = shipped.generator.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    draw(shipped, 5, benign=1, malignant=65)
    watching.remove()
    assert sizes == [64, 64, 64]


def test_a_patch_does_not_depend_on_the_size_of_a_batch(tmp_path: Path) -> None:
    stored = make_stored(tmp_path)
    wanted = {LesionClass.BENIGN: 150}
    drawn = [
        np.concatenate([p for _, p in sample(stored, n_per_class=wanted, seed=5, device=CPU, batch_size=n)])
        for n in (64, 128, 100, 2048)
    ]
    assert all(patches.shape == (150, 7, 64, 64) for patches in drawn)
    for patches in drawn[1:]:
        assert np.abs(patches.astype(int) - drawn[0]).max() <= 1  # convolutions may round differently


def test_class_that_was_never_trained_is_refused(tmp_path: Path) -> None:
    stored = make_stored(tmp_path, classes=(1, 2))
    with pytest.raises(
        InputError, match=r"The generator was not trained on class benign; it knows malignant, no_findings."
    ):
        draw(stored, 1, benign=1)
