"""Encoders that an operator brings, written here as the smallest networks whose features can be counted by hand."""

import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from evaluation.core import extractors, own_extractor
from generation.core.errors import InputError

CPU = torch.device("cpu")


def write_onnx(path: Path, *, batch: int | str = "n", size: int = 64) -> Path:
    """A network whose features are the mean of each colour, (n, 3, 1, 1)."""
    graph = helper.make_graph(
        [helper.make_node("GlobalAveragePool", ["x"], ["y"])],
        "means",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, size, size])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 3, 1, 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


class Means(nn.Module):
    """Mean of each colour and their sum, (n, 4)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        means = x.mean(dim=(2, 3))
        return torch.cat([means, means.sum(dim=1, keepdim=True)], dim=1)


def write_torchscript(path: Path, module: nn.Module) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # tracing is how such files come about
        torch.jit.trace(module, torch.zeros(2, 3, 64, 64)).save(str(path))
    return path


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (21, 3, 64, 64), dtype=np.uint8)


class TestLoad:
    def test_onnx(self, tmp_path: Path, pictures: np.ndarray) -> None:
        extractor = extractors.load("own", weights=write_onnx(tmp_path / "means.onnx"))
        assert extractor.about.n_features == 3
        assert extractor.features(pictures) == pytest.approx(pictures.mean(axis=(2, 3)) / 255, abs=1e-5)

    @pytest.mark.parametrize("batch", [1, 7])
    def test_onnx_of_a_fixed_batch(self, tmp_path: Path, pictures: np.ndarray, batch: int) -> None:
        extractor = extractors.load("own", weights=write_onnx(tmp_path / "means.onnx", batch=batch))
        assert extractor.features(pictures) == pytest.approx(pictures.mean(axis=(2, 3)) / 255, abs=1e-5)

    def test_torchscript(self, tmp_path: Path, pictures: np.ndarray) -> None:
        extractor = extractors.load("own", weights=write_torchscript(tmp_path / "means.pt", Means()))
        found = extractor.features(pictures)
        assert found.shape == (21, 4)
        assert found[:, 3] == pytest.approx(pictures.mean(axis=(2, 3)).sum(axis=1) / 255, abs=1e-4)

    def test_its_distance_is_never_fid_and_names_the_file(self, tmp_path: Path) -> None:
        extractor = extractors.load("own", weights=write_onnx(tmp_path / "means.onnx"))
        assert not extractor.about.is_fid
        assert extractor.about.distance_title.startswith("Fréchet distance (means.onnx, ")
        assert extractor.key.startswith("own-")

    def test_what_is_stated_beside_it(self, tmp_path: Path, pictures: np.ndarray) -> None:
        path = write_onnx(tmp_path / "means.onnx", size=32)
        stated = {"title": "Radiographs", "size": 32, "mean": [0.5, 0.25, 0], "std": [0.5, 2, 1]}
        (tmp_path / "means.onnx.json").write_text(json.dumps(stated))
        encoder = own_extractor.load(path, device=CPU)
        found = encoder.features(torch.full((1, 3, 64, 64), 51, dtype=torch.uint8))  # 51 / 255 = .2
        assert found[0].tolist() == pytest.approx([-0.6, -0.025, 0.2], abs=1e-6)
        assert encoder.title.startswith("Radiographs, ")
        bare = write_onnx(tmp_path / "bare.onnx", size=64)
        assert own_extractor.load(bare, device=CPU).sha256 != encoder.sha256

    def test_other_pictures_sizes_than_the_encoder_takes(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="gives no features of 3 x 64 pixel pictures"):
            own_extractor.load(write_onnx(tmp_path / "means.onnx", size=32), device=CPU)

    def test_outputs_that_are_no_features(self, tmp_path: Path) -> None:
        class Total(nn.Module):
            def forward(self, x: torch.Tensor) -> torch.Tensor:
                return x.sum()

        with pytest.raises(InputError, match=r"gives \(\) for 2 pictures"):
            own_extractor.load(write_torchscript(tmp_path / "total.pt", Total()), device=CPU)

    @pytest.mark.parametrize("name", ["torn.onnx", "torn.pt"])
    def test_damaged_files(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_bytes(b"torn")
        with pytest.raises(InputError, match="cannot be read as"):
            own_extractor.load(tmp_path / name, device=CPU)

    def test_other_files(self, tmp_path: Path) -> None:
        (tmp_path / "encoder.h5").write_bytes(b"")
        with pytest.raises(InputError, match=r"ends in none of \.onnx, \.pt"):
            own_extractor.load(tmp_path / "encoder.h5", device=CPU)
        with pytest.raises(InputError, match="is not a file"):
            own_extractor.load(tmp_path / "none.onnx", device=CPU)

    @pytest.mark.parametrize(
        ("stated", "message"),
        [("{", "cannot be read"), ('{"size": 0}', "states size 0"), ('{"std": [1, 0, 1]}', "positive")],
    )
    def test_a_wrong_statement(self, tmp_path: Path, stated: str, message: str) -> None:
        path = write_onnx(tmp_path / "means.onnx")
        (tmp_path / "means.onnx.json").write_text(stated)
        with pytest.raises(InputError, match=message):
            own_extractor.load(path, device=CPU)
