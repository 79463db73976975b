"""Features kept under the SHA-256 of their pictures."""

from pathlib import Path

import numpy as np

from evaluation.core import extractors, feature_cache


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
