"""Checkpoints: a folder of safetensors files and one JSON file, written whole or not at all, checked by hash."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from generation.core.checkpoint_values import random_stream, values_checked
from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES, parse_lesion_class
from generation.core.networks import Generator
from generation.core.presets import TrainingConfig, from_dict
from generation.core.share import ALONE, Share
from generation.core.training_state import (
    TrainingState,
    assemble_state,
    class_names,
    make_discriminator,
)

FORMAT_VERSION: Final = 1
STATE_FILE: Final = "state.json"
GENERATOR_FILE: Final = "generator.safetensors"
OPTIMIZER_FILE: Final = "optimizer.safetensors"
AVERAGE_PREFIX: Final = "average."
SEAL: Final = "facts_sha256"  # of everything else in state.json; checkpoints of old have none


@dataclass(frozen=True)
class StoredGenerator:
    """A generator ready to be sampled, and what is known about it."""

    generator: Generator
    config: TrainingConfig
    classes: tuple[int, ...]
    step: int
    sha256: Mapping[str, str]  # file name -> SHA-256


def save(
    state: TrainingState, folder: Path, *, summary: Mapping[str, Any] | None = None
) -> Mapping[str, str]:
    """Write a checkpoint; an interrupted call leaves nothing at `folder`.

    Parameters
    ----------
    state : the training to store
    folder : where to write; an older checkpoint there is replaced
    summary : JSON values to keep beside it, such as losses

    Returns
    -------
    SHA-256 by file name.
    """
    tensors = {
        GENERATOR_FILE: _generator_tensors(state),
        f"{state.config.critic_name}.safetensors": _contiguous(state.discriminator.state_dict()),
        OPTIMIZER_FILE: _optimizer_tensors(state),
    }
    return _write(folder, tensors, _facts(state, summary))


def save_generator(
    state: TrainingState, folder: Path, *, summary: Mapping[str, Any] | None = None
) -> Mapping[str, str]:
    """Write only the network that is sampled: smaller, enough to make patches, not enough to train on."""
    tensors = {GENERATOR_FILE: _contiguous(state.sampled_generator.state_dict())}
    return _write(folder, tensors, _facts(state, summary))


def load_generator(folder: Path) -> StoredGenerator:
    """Read the network to sample from.

    Raises
    ------
    InputError
        If a file is missing, damaged or of another version.
    """
    with values_checked(folder):
        return _load_generator(folder)


def _load_generator(folder: Path) -> StoredGenerator:
    facts = _read_facts(folder)
    config = from_dict(facts["config"])
    generator = Generator(noise_dim=config.noise_dim, width=config.width)
    tensors = _read_tensors(folder, GENERATOR_FILE, facts)
    averaged = {
        name.removeprefix(AVERAGE_PREFIX): t for name, t in tensors.items() if name.startswith(AVERAGE_PREFIX)
    }
    _fill(generator, averaged or tensors, folder / GENERATOR_FILE)
    generator.eval().requires_grad_(False)
    return StoredGenerator(generator, config, _classes(facts), int(facts["step"]), dict(facts["sha256"]))


def load(folder: Path, *, device: torch.device, share: Share = ALONE) -> TrainingState:
    """Read a checkpoint and go on from it; on a CPU the resumed training is the uninterrupted one, bit for bit.

    Parameters
    ----------
    folder : the checkpoint
    device : where to go on; where it draws from another device than before, its random stream begins anew
    share : which part of each batch this process computes

    Raises
    ------
    InputError
        If a file is missing, damaged or of another version.
    """
    with values_checked(folder):
        return _load(folder, device, share)


def _load(folder: Path, device: torch.device, share: Share) -> TrainingState:
    facts = _read_facts(folder)
    config = from_dict(facts["config"])
    if OPTIMIZER_FILE not in facts["sha256"]:
        raise InputError(f"{folder.name} holds a generator only; it can be sampled but not trained further.")
    stored = _read_tensors(folder, GENERATOR_FILE, facts)
    generator = Generator(noise_dim=config.noise_dim, width=config.width)
    _fill(generator, {n: t for n, t in stored.items() if not n.startswith(AVERAGE_PREFIX)}, folder)
    average = None
    if config.ema_decay is not None:
        average = Generator(noise_dim=config.noise_dim, width=config.width)
        _fill(
            average,
            {n.removeprefix(AVERAGE_PREFIX): t for n, t in stored.items() if n.startswith(AVERAGE_PREFIX)},
            folder,
        )
    discriminator = make_discriminator(config)
    _fill(discriminator, _read_tensors(folder, f"{config.critic_name}.safetensors", facts), folder)
    state = assemble_state(
        config,
        _classes(facts),
        int(facts["seed"]),
        int(facts["step"]),
        generator,
        discriminator,
        average,
        random_stream(facts, device),
        device,
        share,
    )
    state.critic_losses = [float(loss) for loss in facts.get("critic_losses", [])]
    _fill_optimizers(state, _read_tensors(folder, OPTIMIZER_FILE, facts))
    return state


def verify(folder: Path) -> dict[str, Any]:
    """Check every file's hash and return the stored facts.

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    with values_checked(folder):
        facts = _read_facts(folder)
        for name in facts["sha256"]:
            _verified_path(folder, name, facts)
    return facts


def _facts(state: TrainingState, summary: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "config": state.config.to_dict(),
        "classes": class_names(state.classes),
        "seed": state.seed,
        "step": state.step,
        "critic_losses": list(state.critic_losses),
        "rng_state": bytes(state.rng.get_state().tolist()).hex(),
        "rng_device": state.rng.device.type,
        "torch": str(torch.__version__),
        "summary": dict(summary or {}),
    }


def _write(
    folder: Path, tensors: Mapping[str, Mapping[str, Tensor]], facts: dict[str, Any]
) -> Mapping[str, str]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    for left in folder.parent.glob(f".{folder.name}.*.part"):  # by a writer that was killed
        shutil.rmtree(left, ignore_errors=True)
    draft.mkdir()
    try:
        facts["sha256"] = {}
        for name, content in tensors.items():
            _save(content, draft / name)
            _sync(draft / name)
            facts["sha256"][name] = _sha256(draft / name)
        facts[SEAL] = _seal(facts)
        (draft / STATE_FILE).write_text(json.dumps(facts, indent=1), encoding="utf-8")
        _sync(draft / STATE_FILE)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
        _sync(folder.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return dict(facts["sha256"])


def _save(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors; what the system says against it is told by its number, as for every other file."""
    try:
        save_file(dict(tensors), path)
    except SafetensorError as error:
        if found := re.search(r"os error (\d+)", str(error)):
            raise OSError(int(found[1]), os.strerror(int(found[1])), str(path)) from None
        raise


def _generator_tensors(state: TrainingState) -> dict[str, Tensor]:
    tensors = _contiguous(state.generator.state_dict())
    if state.average is not None:
        averaged = _contiguous(state.average.state_dict())
        tensors |= {AVERAGE_PREFIX + name: tensor for name, tensor in averaged.items()}
    return tensors


def _contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _optimizers(state: TrainingState) -> dict[str, torch.optim.Optimizer]:
    return {"generator": state.generator_optimizer, state.config.critic_name: state.discriminator_optimizer}


def _optimizer_tensors(state: TrainingState) -> dict[str, Tensor]:
    """Name each tensor network/parameter/quantity, e.g. generator/0/exp_avg."""
    tensors = {}
    for network, optimizer in _optimizers(state).items():
        for index, quantities in optimizer.state_dict()["state"].items():
            for quantity, value in quantities.items():
                tensors[f"{network}/{index}/{quantity}"] = torch.as_tensor(value).detach().cpu().contiguous()
    return tensors


def _fill_optimizers(state: TrainingState, tensors: Mapping[str, Tensor]) -> None:
    for network, optimizer in _optimizers(state).items():
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        content = optimizer.state_dict()
        for name, tensor in tensors.items():
            owner, index, quantity = name.split("/")
            if owner == network:
                content["state"].setdefault(int(index), {})[quantity] = _laid_out_like(
                    weights[int(index)], tensor
                )
        optimizer.load_state_dict(content)


def _laid_out_like(weight: Tensor, tensor: Tensor) -> Tensor:
    """Give a running moment its weight's memory layout: a fused optimizer pairs the two by position in memory."""
    return torch.empty_like(weight).copy_(tensor) if tensor.shape == weight.shape else tensor


def _fill(network: torch.nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    try:
        network.load_state_dict(dict(tensors))
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise InputError(
            f"{path} does not fit its network ({first}); use the checkpoint before it."
        ) from None


def _read_facts(folder: Path) -> dict[str, Any]:
    path = folder / STATE_FILE
    if path.exists() and not path.is_file():  # a device would be read for ever
        raise InputError(f"{path} is no plain file; use the checkpoint before it.")
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{folder} is not a checkpoint: it holds no {STATE_FILE}.") from None
    except (ValueError, RecursionError, OSError) as error:
        raise InputError(f"{path} cannot be read ({error}); use the checkpoint before it.") from None
    version = facts.get("format_version") if isinstance(facts, dict) else None
    if version != FORMAT_VERSION:
        raise InputError(
            f"{path} has format version {version}; this software reads version {FORMAT_VERSION}."
        )
    if SEAL in facts and facts[SEAL] != _seal(facts):
        raise InputError(f"{path} is damaged: its own SHA-256 does not fit; use the checkpoint before it.")
    missing = {"config", "classes", "step", "seed", "rng_state", "sha256"} - facts.keys()
    if missing:
        raise InputError(f"{path} lacks {', '.join(sorted(missing))}; use the checkpoint before it.")
    return facts


def _read_tensors(folder: Path, name: str, facts: Mapping[str, Any]) -> dict[str, Tensor]:
    path = _verified_path(folder, name, facts)
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} cannot be read ({error}); use the checkpoint before it.") from None


def _verified_path(folder: Path, name: str, facts: Mapping[str, Any]) -> Path:
    path = folder / name
    expected = facts["sha256"].get(name)
    if Path(name).name != name or expected is None or not path.is_file():
        raise InputError(f"{path} is missing; use the checkpoint before it.")
    if _sha256(path) != expected:
        raise InputError(
            f"{path} is damaged: its SHA-256 is not the one in {STATE_FILE}; use the checkpoint before it."
        )
    return path


def _classes(facts: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(LESION_CLASSES.index(parse_lesion_class(name)) for name in facts["classes"])


def _seal(facts: Mapping[str, Any]) -> str:
    content = {name: value for name, value in facts.items() if name != SEAL}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
