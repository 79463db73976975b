"""An operator's own encoder as feature extractor: an ONNX or TorchScript file, such as a network trained on radiographs.

Loading TorchScript executes code from the file, and ONNX graphs run native kernels: a file must come from somebody who is
trusted as much as this software. So its path is named by the operator only, on the command line or in the settings, and
never arrives by upload.

The encoder gets float32 pictures (n, 3, size, size), scaled to 0..1, then (x - mean) / std; it gives (n, d), or
(n, d, h, w), which is averaged over its positions. A file `<encoder>.json` beside it may state `title`, `size`, `mean` and
`std`; without it pictures stay at 64 x 64 and in 0..1.
"""

import hashlib
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from generation.core.errors import InputError

ONNX_SUFFIX: Final = ".onnx"
TORCHSCRIPT_SUFFIXES: Final = (".pt", ".pth", ".ts", ".torchscript")
MAX_SIZE: Final = 1024
_PROBE: Final = (
    2  # pictures that go through an encoder when it is loaded, to learn the number of its features
)


@dataclass(frozen=True)
class Preparation:
    """How pictures are brought into the form that an encoder was trained on."""

    title: str
    size: int | None = None  # pixels; None leaves them as they are
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def of(self, pictures: Tensor) -> Tensor:
        """Scale, resize and standardize pictures, (n, 3, H, W) uint8 -> (n, 3, size, size) float32."""
        x = pictures.float() / 255.0
        if self.size is not None and x.shape[-1] != self.size:
            x = functional.interpolate(x, size=(self.size, self.size), mode="bilinear", align_corners=False)
        mean, std = (torch.tensor(v, device=x.device).view(1, 3, 1, 1) for v in (self.mean, self.std))
        return (x - mean) / std


@dataclass(frozen=True)
class OwnEncoder:
    """An encoder ready to run.

    Parameters
    ----------
    title : what tables call it
    n_features : length of a feature vector
    sha256 : of the encoder's file and of what is stated beside it
    features : (n, 3, H, W) uint8 -> (n, d) float32
    """

    title: str
    n_features: int
    sha256: str
    features: Callable[[Tensor], Tensor]


def load(path: Path, *, device: torch.device, picture_size: int = 64) -> OwnEncoder:
    """Load an encoder and try it once.

    Parameters
    ----------
    path : file that ends in .onnx, or in .pt, .pth, .ts or .torchscript
    device : where TorchScript computes; ONNX runs on the CPU
    picture_size : height and width of the pictures it will get, before resizing

    Raises
    ------
    InputError
        If the file is missing, of another kind, cannot be loaded, or does not give features of pictures.
    """
    if not path.is_file():
        raise InputError(f"Encoder {path} is not a file; give the path of an .onnx or TorchScript file.")
    sidecar = path.with_name(f"{path.name}.json")
    digest = hashlib.sha256(path.read_bytes())
    if sidecar.is_file():
        digest.update(sidecar.read_bytes())
    sha256 = digest.hexdigest()
    preparation = _preparation(sidecar, default_title=path.name)
    if path.suffix.lower() == ONNX_SUFFIX:
        run = _onnx(path)
    elif path.suffix.lower() in TORCHSCRIPT_SUFFIXES:
        run = _torchscript(path, device)
    else:
        known = ", ".join((ONNX_SUFFIX, *TORCHSCRIPT_SUFFIXES))
        raise InputError(f"Encoder {path} ends in none of {known}; export it to ONNX or TorchScript.")

    def features(pictures: Tensor) -> Tensor:
        return _pooled(run(preparation.of(pictures)))

    try:
        with torch.inference_mode():
            probe = features(
                torch.zeros(_PROBE, 3, picture_size, picture_size, dtype=torch.uint8, device=device)
            )
    except Exception as error:  # the file's own code may raise anything
        raise InputError(
            f"Encoder {path} gives no features of 3 x {preparation.size or picture_size} pixel pictures ({str(error)[:160]})."
        ) from error
    if probe.ndim != 2 or probe.shape[0] != _PROBE:
        raise InputError(
            f"Encoder {path} gives {tuple(probe.shape)} for {_PROBE} pictures; it has to give (n, d) or (n, d, h, w)."
        )
    return OwnEncoder(f"{preparation.title}, {sha256[:8]}", int(probe.shape[1]), sha256, features)


def _preparation(sidecar: Path, *, default_title: str) -> Preparation:
    if not sidecar.is_file():
        return Preparation(default_title)
    try:
        stated = json.loads(sidecar.read_text(encoding="utf-8"))
        mean, std = (
            tuple(float(v) for v in stated.get(key, (d,) * 3)) for key, d in (("mean", 0.0), ("std", 1.0))
        )
        size = stated.get("size")
        size = None if size is None else int(size)
        title = str(stated.get("title", default_title))[:60]
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise InputError(
            f"{sidecar} cannot be read: {str(error)[:120]}; state title, size, mean and std."
        ) from error
    if len(mean) != 3 or len(std) != 3 or min(std) <= 0 or (size is not None and not 1 <= size <= MAX_SIZE):
        raise InputError(
            f"{sidecar} states size {size}, mean {mean} and std {std}; give a size up to {MAX_SIZE}, three means and "
            "three positive standard deviations."
        )
    return Preparation(title, size, (mean[0], mean[1], mean[2]), (std[0], std[1], std[2]))


def _torchscript(path: Path, device: torch.device) -> Callable[[Tensor], Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # torch prefers torch.export; encoders exist as files
            module = torch.jit.load(str(path), map_location=device)
    except Exception as error:  # torch raises several types for damaged files
        raise InputError(f"Encoder {path} cannot be read as TorchScript ({str(error)[:160]}).") from error
    module.eval()
    return lambda x: torch.as_tensor(_first(module(x)))


def _onnx(path: Path) -> Callable[[Tensor], Tensor]:
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class of their own
        raise InputError(f"Encoder {path} cannot be read as ONNX ({str(error)[:160]}).") from error
    given = session.get_inputs()[0]
    n_fixed = given.shape[0] if isinstance(given.shape[0], int) else None

    def run(x: Tensor) -> Tensor:
        rows = x.cpu().numpy()
        parts = (
            [rows]
            if n_fixed is None
            else [_filled(rows[i : i + n_fixed], n_fixed) for i in range(0, len(rows), n_fixed)]
        )
        found = [session.run(None, {given.name: part})[0] for part in parts]
        return torch.from_numpy(np.concatenate(found)[: len(rows)])

    return run


def _filled(rows: Any, n: int) -> Any:
    """Fill the last part of a batch up to the number of pictures that an encoder insists on."""
    missing = n - len(rows)
    return np.concatenate([rows, np.zeros((missing, *rows.shape[1:]), dtype=rows.dtype)]) if missing else rows


def _first(outputs: Any) -> Any:
    return outputs[0] if isinstance(outputs, tuple | list) else outputs


def _pooled(outputs: Tensor) -> Tensor:
    return (outputs.mean(dim=(2, 3)) if outputs.ndim == 4 else outputs).float()
