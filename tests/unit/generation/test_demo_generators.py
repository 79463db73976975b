"""The two generators that ship with the project are whole, small, and described by their model cards."""

import pytest
import torch

from generation.core import checkpoint, sampling
from generation.core.labels import LESION_CLASSES, LesionClass
from tests.conftest import PROJECT

SHIPPED = PROJECT / "generation" / "demo_generators"
MAX_BYTES = 10_000_000


def test_both_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) <= MAX_BYTES


@pytest.mark.parametrize("source", ["dcgan", "wgan"])
class TestEach:
    def test_is_undamaged_and_knows_every_class(self, source: str) -> None:
        checkpoint.verify(SHIPPED / source)
        stored = checkpoint.load_generator(SHIPPED / source)
        assert stored.config.source == source
        assert stored.classes == tuple(range(len(LESION_CLASSES)))

    def test_draws_frames_that_enhance_where_lesions_are_malignant(self, source: str) -> None:
        stored = checkpoint.load_generator(SHIPPED / source)
        means = {}
        for lesion_class in (LesionClass.MALIGNANT, LesionClass.NO_FINDINGS):
            drawn = sampling.sample(
                stored, n_per_class={lesion_class: 64}, seed=1, device=torch.device("cpu")
            )
            patches = next(patches for _, patches in drawn)
            centre = patches[:, :, 24:40, 24:40].astype(float)
            means[lesion_class] = float((centre[:, 2] - centre[:, 1]).mean())
        assert means[LesionClass.MALIGNANT] > means[LesionClass.NO_FINDINGS] + 20  # of 1023 grey levels

    def test_model_card_names_this_very_file(self, source: str) -> None:
        card = (SHIPPED / source / "MODEL_CARD.md").read_text(encoding="utf-8")
        stored = checkpoint.load_generator(SHIPPED / source)
        assert stored.sha256["generator.safetensors"] in card
        assert f"step {stored.step:,}" in card
