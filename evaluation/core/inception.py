"""Inception-v3 as the Frechet Inception distance knows it, in plain torch.

It is the network of 5 December 2015 with 1008 outputs, whose state dict (566 tensors) is published as
`pt_inception-2015-12-05-6726825d.pth`; the names of the layers are the names in that file. It differs from the network of
torchvision in three places: average pools leave padding out of the mean, the pool branch of Mixed_7c takes the maximum,
and there is no auxiliary head. Pictures are enlarged as TensorFlow 1 did and scaled by (x - 128) / 128.
"""

import copy
import hashlib
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import fuse_conv_bn_eval

from evaluation.core.extractor_names import STANDARD_FILE, STANDARD_SHA256
from generation.core.errors import InputError
from generation.core.networks import place

N_FEATURES: Final = 2048  # pool3
N_OUTPUTS: Final = 1008
N_TENSORS: Final = 566
INPUT_SIZE: Final = 299

Kernel = int | tuple[int, int]

# Convolution and ReLU in one pass over memory, as torch's own compiler calls it on CPUs; None where torch lacks it.
_FUSED: Final = (
    getattr(torch.ops.mkldnn, "_convolution_pointwise", None)
    if torch.backends.mkldnn.is_available()
    else None
)


class Pool(Enum):
    """The 3x3 pools of the network."""

    MEAN = "mean"  # stride 1, padding not counted
    MAX = "max"  # stride 1
    SHRINK = "shrink"  # maximum, stride 2


class Conv(NamedTuple):
    """One convolution: its name in the state dict, output channels, kernel; padded to keep the size unless it shrinks."""

    name: str
    n_out: int
    kernel: Kernel
    shrinks: bool = False


class Split(NamedTuple):
    """Two convolutions of the same input, side by side."""

    left: Conv
    right: Conv


Branch = tuple[Pool | Conv | Split, ...]

_ROW, _COLUMN = (1, 7), (7, 1)


def _grid(n_pool: int) -> tuple[Branch, ...]:
    """Branches of Mixed_5*: Szegedy 2015, arXiv:1512.00567, figure 5, with one 5x5 kept."""
    return (
        (Conv("branch1x1", 64, 1),),
        (Conv("branch5x5_1", 48, 1), Conv("branch5x5_2", 64, 5)),
        (Conv("branch3x3dbl_1", 64, 1), Conv("branch3x3dbl_2", 96, 3), Conv("branch3x3dbl_3", 96, 3)),
        (Pool.MEAN, Conv("branch_pool", n_pool, 1)),
    )


def _factorized(n: int) -> tuple[Branch, ...]:
    """Branches of Mixed_6b .. 6e: arXiv:1512.00567, figure 6 with kernels of length 7."""
    return (
        (Conv("branch1x1", 192, 1),),
        (Conv("branch7x7_1", n, 1), Conv("branch7x7_2", n, _ROW), Conv("branch7x7_3", 192, _COLUMN)),
        (
            Conv("branch7x7dbl_1", n, 1),
            *(Conv("branch7x7dbl_2", n, _COLUMN), Conv("branch7x7dbl_3", n, _ROW)),
            *(Conv("branch7x7dbl_4", n, _COLUMN), Conv("branch7x7dbl_5", 192, _ROW)),
        ),
        (Pool.MEAN, Conv("branch_pool", 192, 1)),
    )


def _wide(pool: Pool) -> tuple[Branch, ...]:
    """Branches of Mixed_7b and 7c: arXiv:1512.00567, figure 7."""
    short = Split(Conv("branch3x3_2a", 384, (1, 3)), Conv("branch3x3_2b", 384, (3, 1)))
    double = Split(Conv("branch3x3dbl_3a", 384, (1, 3)), Conv("branch3x3dbl_3b", 384, (3, 1)))
    return (
        (Conv("branch1x1", 320, 1),),
        (Conv("branch3x3_1", 384, 1), short),
        (Conv("branch3x3dbl_1", 448, 1), Conv("branch3x3dbl_2", 384, 3), double),
        (pool, Conv("branch_pool", 192, 1)),
    )


MIXED: Final[dict[str, tuple[Branch, ...]]] = {
    "Mixed_5b": _grid(32),
    "Mixed_5c": _grid(64),
    "Mixed_5d": _grid(64),
    "Mixed_6a": (
        (Conv("branch3x3", 384, 3, shrinks=True),),
        (
            Conv("branch3x3dbl_1", 64, 1),
            Conv("branch3x3dbl_2", 96, 3),
            Conv("branch3x3dbl_3", 96, 3, shrinks=True),
        ),
        (Pool.SHRINK,),
    ),
    "Mixed_6b": _factorized(128),
    "Mixed_6c": _factorized(160),
    "Mixed_6d": _factorized(160),
    "Mixed_6e": _factorized(192),
    "Mixed_7a": (
        (Conv("branch3x3_1", 192, 1), Conv("branch3x3_2", 320, 3, shrinks=True)),
        (
            Conv("branch7x7x3_1", 192, 1),
            *(Conv("branch7x7x3_2", 192, _ROW), Conv("branch7x7x3_3", 192, _COLUMN)),
            Conv("branch7x7x3_4", 192, 3, shrinks=True),
        ),
        (Pool.SHRINK,),
    ),
    "Mixed_7b": _wide(Pool.MEAN),
    "Mixed_7c": _wide(Pool.MAX),
}


class ConvNorm(nn.Module):
    """Convolution without bias, batch normalization, ReLU."""

    def __init__(
        self, n_in: int, n_out: int, kernel: Kernel, *, stride: int = 1, is_padded: bool = True
    ) -> None:
        super().__init__()
        size = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (size[0] // 2, size[1] // 2) if is_padded else (0, 0)
        self.conv = nn.Conv2d(n_in, n_out, size, stride=stride, padding=padding, bias=False)
        self.bn: nn.Module = nn.BatchNorm2d(n_out, eps=0.001)  # TensorFlow's epsilon, not torch's

    @property
    def is_folded(self) -> bool:
        """True once there is a convolution only."""
        return isinstance(self.bn, nn.Identity)

    def forward(self, x: Tensor) -> Tensor:
        if _FUSED is not None and self.is_folded and x.device.type == "cpu":
            conv = self.conv
            step = (list(conv.padding), list(conv.stride), list(conv.dilation), conv.groups)
            rectified: Tensor = _FUSED(x, conv.weight, conv.bias, *step, "relu", [], "")
            return rectified
        return functional.relu(self.bn(self.conv(x)), inplace=True)

    def of_means(self, x: Tensor) -> Tensor:
        """Compute what this 1x1 convolution gives of 3x3 means, averaging its fewer outputs instead of its inputs."""
        if not self.is_folded:
            return torch.as_tensor(self(_pool(Pool.MEAN, x)))
        return functional.relu(_pool(Pool.MEAN, self.conv(x)), inplace=True)

    def fold(self) -> None:
        """Put the normalization into weights and bias of the convolution, computed in float64."""
        if isinstance(self.bn, nn.BatchNorm2d):
            self.conv = fuse_conv_bn_eval(self.conv.double(), self.bn.double()).float()
            self.bn = nn.Identity()


class Mixed(nn.Module):
    """Branches of one input, joined along the channels."""

    def __init__(self, n_in: int, branches: tuple[Branch, ...]) -> None:
        super().__init__()
        self.branches = branches
        self.n_out = sum(self._build(branch, n_in) for branch in branches)

    def _build(self, branch: Branch, n: int) -> int:
        """Add the layers of one branch; gives its number of output channels."""
        for step in branch:
            if isinstance(step, Pool):
                continue
            convs = step if isinstance(step, Split) else (step,)
            for conv in convs:
                stride = 2 if conv.shrinks else 1
                layer = ConvNorm(n, conv.n_out, conv.kernel, stride=stride, is_padded=not conv.shrinks)
                self.add_module(conv.name, layer)
            n = sum(conv.n_out for conv in convs)
        return n

    def forward(self, x: Tensor) -> Tensor:
        return _joined([self._follow(branch, x) for branch in self.branches])

    def _follow(self, branch: Branch, x: Tensor) -> Tensor:
        if branch[0] is Pool.MEAN and isinstance(branch[1], Conv):
            of_means: Tensor = getattr(self, branch[1].name).of_means(x)
            return of_means
        for step in branch:
            if isinstance(step, Pool):
                x = _pool(step, x)
            elif isinstance(step, Split):
                x = _joined([self.get_submodule(conv.name)(x) for conv in step])
            else:
                x = self.get_submodule(step.name)(x)
        return x


class Inception(nn.Module):
    """Inception-v3, FID variant; `features` gives the 2048 values of pool3.

    Its state dict has the names, shapes and number (566) of tensors of the published file.
    """

    def __init__(self) -> None:
        super().__init__()
        self.memory_format = torch.contiguous_format
        self.Conv2d_1a_3x3 = ConvNorm(3, 32, 3, stride=2, is_padded=False)
        self.Conv2d_2a_3x3 = ConvNorm(32, 32, 3, is_padded=False)
        self.Conv2d_2b_3x3 = ConvNorm(32, 64, 3)
        self.Conv2d_3b_1x1 = ConvNorm(64, 80, 1)
        self.Conv2d_4a_3x3 = ConvNorm(80, 192, 3, is_padded=False)
        n = 192
        for name, branches in MIXED.items():
            block = Mixed(n, branches)
            self.add_module(name, block)
            n = block.n_out
        self.fc = nn.Linear(N_FEATURES, N_OUTPUTS)

    def features(self, pictures: Tensor) -> Tensor:
        """Compute the pool3 features of 8-bit pictures.

        Parameters
        ----------
        pictures : (n, 3, H, W) uint8

        Returns
        -------
        (n, 2048) float32
        """
        x = (resize_tf1(pictures.float(), INPUT_SIZE) - 128.0) / 128.0
        x = x.contiguous(memory_format=self.memory_format)
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(_pool(Pool.SHRINK, x)))
        x = _pool(Pool.SHRINK, x)
        for name in MIXED:
            x = self.get_submodule(name)(x)
        return x.mean(dim=(2, 3))

    def folded(self) -> Self:
        """Copy the network with every normalization folded and weights in channels-last order: same function, faster."""
        network = copy.deepcopy(self).eval()
        for module in network.modules():
            if isinstance(module, ConvNorm):
                module.fold()
        network.memory_format = torch.channels_last
        place(network)
        return network.requires_grad_(False)


def load(path: Path, *, sha256: str = STANDARD_SHA256) -> Inception:
    """Read published weights; nothing in the file is executed.

    Parameters
    ----------
    path : the file `pt_inception-2015-12-05-6726825d.pth`
    sha256 : of the published file

    Raises
    ------
    InputError
        If the file is missing, is another file, or does not hold the tensors of this network.
    """
    if not path.is_file():
        raise InputError(f"Inception weights {path} are not a file; give the path of {STANDARD_FILE}.")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise InputError(
            f"{path} has the SHA-256 {found[:12]}..., not {sha256[:12]}...; give an undamaged {STANDARD_FILE}."
        )
    network = Inception()
    try:
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises half a dozen types for files that are no such state dict
        raise InputError(
            f"{path} does not hold the {N_TENSORS} tensors of Inception-v3: {str(error)[:120]}"
        ) from error
    return network.eval()


def resize_tf1(pictures: Tensor, size: int) -> Tensor:
    """Enlarge or shrink as TensorFlow 1's bilinear resize did: corners at the origin, no half-pixel shift, no smoothing.

    Parameters
    ----------
    pictures : (..., H, W) floats
    size : height and width wanted, pixels

    Returns
    -------
    (..., size, size) floats
    """
    rows = _resize_matrix(pictures.shape[-2], size).to(pictures)
    columns = _resize_matrix(pictures.shape[-1], size).to(pictures)
    return rows @ pictures @ columns.T


def _resize_matrix(n_in: int, n_out: int) -> Tensor:
    """Weights (n_out, n_in): output i lies at i * n_in / n_out, between two inputs (positions in float32, as there)."""
    position = torch.arange(n_out, dtype=torch.float32) * torch.tensor(n_in / n_out, dtype=torch.float32)
    below = position.floor().long().clamp(max=n_in - 1)
    above = (below + 1).clamp(max=n_in - 1)
    share = position - below
    matrix = torch.zeros(n_out, n_in)
    matrix.scatter_add_(1, below[:, None], (1 - share)[:, None])
    return matrix.scatter_add_(1, above[:, None], share[:, None])


def _joined(parts: list[Tensor]) -> Tensor:
    """Join along the channels; seen as rows of channels where they lie like that, which torch copies three times faster."""
    if all(part.is_contiguous(memory_format=torch.channels_last) for part in parts):
        rows = torch.cat([part.permute(0, 2, 3, 1) for part in parts], dim=3)
        return rows.permute(0, 3, 1, 2)
    return torch.cat(parts, dim=1)


def _pool(kind: Pool, x: Tensor) -> Tensor:
    if kind is Pool.MEAN:
        return functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
    if kind is Pool.MAX:
        return functional.max_pool2d(x, 3, stride=1, padding=1)
    return functional.max_pool2d(x, 3, stride=2)
