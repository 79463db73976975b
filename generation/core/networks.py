"""Generator and discriminator (critic) of the conditional DCGAN and WGAN, 64x64 pixels, seven frames."""

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from generation.core.frames import N_FRAMES, PATCH_SIZE
from generation.core.labels import N_CLASSES
from generation.core.presets import Norm
from generation.core.small_maps import double, halve

INITIAL_SIZE = 4  # pixels of G's first feature map; Radford 2015, Fig. 1
LEAKY_SLOPE = 0.2  # Radford 2015, section 4
INITIAL_SD = 0.02  # Radford 2015, section 4


def fold_upconvolution(weight: Tensor) -> Tensor:
    """Fold "nearest-neighbour resize by 2, then 3x3 convolution" into one transposed convolution.

    Along one axis an even output pixel sees w0 x[i-1] + (w1 + w2) x[i], an odd one (w0 + w1) x[i] + w2 x[i+1];
    a transposed convolution of kernel 4, stride 2, padding 1 with the taps (w2, w1 + w2, w0 + w1, w0) is the same
    function, with 4/9 of the multiplications and no enlarged tensor in between.

    Parameters
    ----------
    weight : (C_out, C_in, 3, 3)

    Returns
    -------
    (C_in, C_out, 4, 4)

    Source: Odena 2016 (doi:10.23915/distill.00003) for the resize convolution; the folding is derived above.
    """
    for axis in (2, 3):
        w0, w1, w2 = weight.unbind(axis)
        weight = torch.stack((w2, w1 + w2, w0 + w1, w0), axis)
    return weight.transpose(0, 1)


class UpConvolution(nn.Module):
    """Nearest-neighbour resize by 2 and 3x3 convolution without checkerboards (Odena 2016), computed folded.

    Maps (N, C_in, H, W) to (N, C_out, 2H, 2W).
    """

    def __init__(self, n_in: int, n_out: int, *, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_out, n_in, 3, 3))
        self.bias = nn.Parameter(torch.zeros(n_out)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return double(x, fold_upconvolution(self.weight), self.bias)


class Generator(nn.Module):
    """G(z, y): a projection, three upconvolutions with BatchNorm and ReLU, and one with tanh.

    Maps noise (N, noise_dim) and class indices (N,) to (N, 7, 64, 64) in [-1, 1].

    Source: Haarburger 2019, section 3.1, after Radford 2015; the one-hot class is concatenated to the noise.
    """

    def __init__(self, *, noise_dim: int, width: int) -> None:
        super().__init__()
        self.noise_dim = noise_dim
        self.project = nn.ConvTranspose2d(noise_dim + N_CLASSES, 8 * width, INITIAL_SIZE, bias=False)
        self.project_norm = nn.BatchNorm2d(8 * width)
        widths = [8 * width, 4 * width, 2 * width, width]
        self.upconvolutions = nn.ModuleList(
            UpConvolution(n_in, n_out, bias=False) for n_in, n_out in itertools.pairwise(widths)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(n_out) for n_out in widths[1:])
        self.output = UpConvolution(width, N_FRAMES, bias=True)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        one_hot = functional.one_hot(y, N_CLASSES).to(z.dtype)
        x = self.project(torch.cat((z, one_hot), dim=1)[:, :, None, None])
        x = functional.relu(self.project_norm(x), inplace=True)
        for upconvolution, norm in zip(self.upconvolutions, self.norms, strict=True):
            x = functional.relu(norm(upconvolution(x)), inplace=True)
        return torch.tanh(self.output(x))


class Halving(nn.Conv2d):
    """The strided convolution between two maps, (N, C_in, 2H, 2W) to (N, C_out, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return halve(x, self.weight, self.bias)


class Discriminator(nn.Module):
    """D(x, y), or the critic: four strided convolutions and a fully connected layer; returns logits, not probabilities.

    Maps patches (N, 7, 64, 64) and class indices (N,) to (N,). BatchNorm follows every convolution but the first;
    for gradient penalties LayerNorm over channels and pixels with one gain per channel, or nothing, stands in its
    place.

    Source: Haarburger 2019, section 3.1, after Radford 2015; the class enters as constant planes (Mirza 2014);
    LayerNorm as in Gulrajani 2017, section 4 and public code.
    """

    def __init__(self, *, width: int, is_conditional: bool, norm: Norm = "batch") -> None:
        super().__init__()
        self.is_conditional = is_conditional
        widths = [N_FRAMES + (N_CLASSES if is_conditional else 0), width, 2 * width, 4 * width, 8 * width]
        self.convolutions = nn.ModuleList(
            # Without normalisation nothing else shifts the features.
            Halving(n_in, n_out, 4, stride=2, padding=1, bias=norm == "none")
            for n_in, n_out in itertools.pairwise(widths)
        )
        self.norms = nn.ModuleList([nn.Identity(), *(_normalization(norm, n) for n in widths[2:])])
        # A kernel as large as the map that it sees is the fully connected layer.
        self.output = nn.Conv2d(8 * width, 1, INITIAL_SIZE, bias=False)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if self.is_conditional:
            x = x.to(_arithmetic(x))  # before the planes are added, not after: half as much memory is moved
            planes = functional.one_hot(y, N_CLASSES).to(x.dtype)[:, :, None, None]
            x = torch.cat((x, planes.expand(-1, -1, PATCH_SIZE, PATCH_SIZE)), dim=1)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = functional.leaky_relu(norm(convolution(x)), LEAKY_SLOPE, inplace=True)
        logits: Tensor = self.output(x).flatten()
        return logits.float()


def _arithmetic(x: Tensor) -> torch.dtype:
    """The type in which a convolution computes with x now."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


def _normalization(norm: Norm, n_channels: int) -> nn.Module:
    if norm == "batch":
        return nn.BatchNorm2d(n_channels)
    return nn.GroupNorm(1, n_channels) if norm == "layer" else nn.Identity()


def place(network: nn.Module, device: torch.device | None = None) -> None:
    """Move a network to a device, if one is given, in the memory layout that convolutions like, in place."""
    # The stubs of torch leave out the documented form of Module.to that takes a memory format.
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def initialize(network: nn.Module, rng: torch.Generator) -> None:
    """Draw all weights from N(0, .02), BatchNorm gains from N(1, .02), and set biases to 0, in place.

    Gains of LayerNorm start at 1.

    Source: Radford 2015, section 4; the gains as in the authors' code, and in Gulrajani's.
    """
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | UpConvolution):
                module.weight.normal_(0.0, INITIAL_SD, generator=rng)
                if module.bias is not None:
                    module.bias.zero_()
            elif isinstance(module, nn.BatchNorm2d):
                module.weight.normal_(1.0, INITIAL_SD, generator=rng)
                module.bias.zero_()
            elif isinstance(module, nn.GroupNorm):
                module.weight.fill_(1.0)
                module.bias.zero_()
