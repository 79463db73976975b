"""The FID variant of Inception-v3, with seeded random weights."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from evaluation.core import inception
from generation.core.errors import InputError


@pytest.fixture(scope="module")
def network() -> inception.Inception:
    """A network whose normalizations do something, so that folding them is tested."""
    torch.manual_seed(7)
    made = inception.Inception().eval()
    for name, buffer in made.named_buffers():
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
        elif name.endswith("running_mean"):
            buffer.normal_(0, 0.1)
    return made


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    generator = torch.Generator().manual_seed(8)
    return torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8, generator=generator)


class TestStateDict:
    def test_number_of_tensors_and_ends(self, network: inception.Inception) -> None:
        tensors = network.state_dict()
        assert len(tensors) == inception.N_TENSORS == 566  # pt_inception-2015-12-05: 94 convolutions x 6 + 2
        assert tensors["fc.weight"].shape == (1008, 2048)
        assert tensors["Conv2d_1a_3x3.conv.weight"].shape == (32, 3, 3, 3)

    @pytest.mark.parametrize(
        ("name", "shape"),
        # shapes of Inception-v3 (Szegedy 2015, arXiv:1512.00567) under the names of that file
        [
            ("Mixed_5b.branch5x5_2", (64, 48, 5, 5)),
            ("Mixed_5d.branch_pool", (64, 288, 1, 1)),
            ("Mixed_6a.branch3x3", (384, 288, 3, 3)),
            ("Mixed_6b.branch7x7dbl_4", (128, 128, 7, 1)),
            ("Mixed_6e.branch7x7_2", (192, 192, 1, 7)),
            ("Mixed_7a.branch7x7x3_4", (192, 192, 3, 3)),
            ("Mixed_7b.branch1x1", (320, 1280, 1, 1)),
            ("Mixed_7c.branch3x3dbl_3b", (384, 384, 3, 1)),
        ],
    )
    def test_shapes(self, network: inception.Inception, name: str, shape: tuple[int, ...]) -> None:
        assert network.state_dict()[f"{name}.conv.weight"].shape == shape


@pytest.fixture(scope="module")
def features(network: inception.Inception, pictures: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return network.features(pictures)


class TestFeatures:
    def test_shape_and_sign(self, features: torch.Tensor) -> None:
        assert features.shape == (2, 2048)
        assert (features >= 0).all()  # pool3 averages rectified values

    def test_folding_changes_nothing(
        self, network: inception.Inception, pictures: torch.Tensor, features: torch.Tensor
    ) -> None:
        with torch.inference_mode():
            folded = network.folded().features(pictures)
        assert float((features - folded).norm() / features.norm()) < 1e-6
        assert len(network.state_dict()) == 566  # the original is left alone

    def test_outputs(self, network: inception.Inception, features: torch.Tensor) -> None:
        with torch.inference_mode():
            assert network.fc(features).shape == (2, 1008)


class TestPools:
    def test_average_leaves_padding_out(self) -> None:
        ones = torch.ones(1, 1, 4, 4)
        assert (
            inception._pool(inception.Pool.MEAN, ones) == 1
        ).all()  # with padding counted, corners would be 4/9

    def test_last_block_takes_the_maximum(self) -> None:
        assert inception.MIXED["Mixed_7c"][-1][0] is inception.Pool.MAX
        assert inception.MIXED["Mixed_7b"][-1][0] is inception.Pool.MEAN


class TestResize:
    @pytest.mark.parametrize(("n_in", "n_out"), [(64, 299), (5, 3), (7, 7)])
    def test_definition(self, n_in: int, n_out: int) -> None:
        picture = np.random.default_rng(9).uniform(0, 255, (n_in, n_in)).astype(np.float32)
        resized = inception.resize_tf1(torch.from_numpy(picture), n_out).numpy()
        assert np.abs(resized - resize_by_definition(picture, n_out)).max() < 1e-3

    def test_first_corner_stays_and_the_end_repeats(self) -> None:
        row = torch.tensor([[0.0, 10.0], [0.0, 10.0]])
        # TensorFlow 1, align_corners=False: positions 0, .5, 1, 1.5; what lies beyond the last pixel repeats it
        assert inception.resize_tf1(row, 4)[0].tolist() == [0.0, 5.0, 10.0, 10.0]


def resize_by_definition(picture: NDArray[np.float32], n_out: int) -> NDArray[np.float64]:
    """Pixel by pixel, as resize_bilinear of TensorFlow 1 is described."""
    n_in = len(picture)
    resized = np.empty((n_out, n_out))
    for i in range(n_out):
        for j in range(n_out):
            y, x = i * n_in / n_out, j * n_in / n_out
            top, left = int(y), int(x)
            bottom, right = min(top + 1, n_in - 1), min(left + 1, n_in - 1)
            upper = picture[top, left] * (1 - x + left) + picture[top, right] * (x - left)
            lower = picture[bottom, left] * (1 - x + left) + picture[bottom, right] * (x - left)
            resized[i, j] = upper * (1 - y + top) + lower * (y - top)
    return resized


class TestLoad:
    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(
            InputError, match="are not a file; give the path of pt_inception-2015-12-05-6726825d"
        ):
            inception.load(tmp_path / "weights.pth")

    def test_another_file_is_refused_by_its_hash(self, tmp_path: Path) -> None:
        path = tmp_path / "weights.pth"
        path.write_bytes(b"not the weights")
        with pytest.raises(InputError, match=r"has the SHA-256 [0-9a-f]{12}..., not 6726825d..."):
            inception.load(path)

    def test_a_state_dict_comes_back(self, network: inception.Inception, tmp_path: Path) -> None:
        path = tmp_path / "weights.pth"
        torch.save(network.state_dict(), path)
        loaded = inception.load(path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        assert torch.equal(loaded.fc.weight, network.fc.weight)
        assert not loaded.training

    def test_tensors_of_another_network_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "weights.pth"
        torch.save({"fc.weight": torch.zeros(2)}, path)
        with pytest.raises(InputError, match="does not hold the 566 tensors"):
            inception.load(path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())

    def test_code_in_the_file_is_never_run(self, tmp_path: Path) -> None:
        path = tmp_path / "weights.pth"
        torch.save({"fc.weight": Path}, path)  # a pickled class; weights_only refuses it
        with pytest.raises(InputError, match="does not hold"):
            inception.load(path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
