"""Extractors by name, and features that do not depend on the company they are extracted in."""

from pathlib import Path

import numpy as np
import pytest
import torch

from evaluation.core import extractor_names, extractors
from evaluation.core.extractors import Extractor
from evaluation.core.inception import Inception
from generation.core.errors import InputError


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
            "own": "Fréchet distance (own encoder)",
        }

    def test_unknown_missing_and_needless_weights_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(
            InputError, match='"vgg" is unknown; write one of efficientnet-lite0, inception, pixels, own'
        ):
            extractors.load("vgg")
        with pytest.raises(InputError, match="inception needs weights"):
            extractors.load("inception")
        with pytest.raises(InputError, match="pixels takes no weights"):
            extractors.load("pixels", weights=tmp_path / "w.pth")

    def test_convolutions_are_computed_in_full_precision_on_any_device(self) -> None:
        seen = []

        def network(batch: torch.Tensor) -> torch.Tensor:
            seen.append(torch.backends.cudnn.allow_tf32)
            return batch.flatten(1).float()

        before = torch.backends.cudnn.allow_tf32
        extractor = Extractor(extractor_names.PIXELS, "probe", network, torch.device("cpu"))
        extractor.features(np.zeros((2, 3, 64, 64), dtype=np.uint8))
        assert seen == [False]
        assert torch.backends.cudnn.allow_tf32 is before


class TestInception:
    def test_features_do_not_depend_on_the_batch(self) -> None:
        # A picture alone, among two and as one of 17 (a full batch and a rest); seeded weights of the same architecture
        torch.manual_seed(3)
        network = Inception().eval().folded()
        extractor = Extractor(extractor_names.INCEPTION, "seeded", network.features, torch.device("cpu"))
        pictures = np.random.default_rng(4).integers(0, 256, (17, 3, 64, 64), dtype=np.uint8)
        together = extractor.features(pictures)
        assert together.shape == (17, 2048)
        assert (
            extractor.features(pictures[16:])[0] == together[16]
        ).all()  # batches are filled up: exactly equal
        with torch.inference_mode():
            bare = network.features(torch.from_numpy(pictures[:2])).numpy()  # a batch of two, not filled up
        assert np.linalg.norm(bare - together[:2]) / np.linalg.norm(bare) < 1e-5
