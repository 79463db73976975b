"""Training recipes: every hyperparameter with its default, its unit and its source."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Literal

from generation.core.errors import InputError
from generation.core.labels import DCGAN, WGAN, parse_source

Loss = Literal["non_saturating", "wasserstein"]


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides what a training computes, apart from its seed and its patches.

    Sources: RMC15 = Radford 2015 (arXiv:1511.06434); ACB17 = Arjovsky 2017 (arXiv:1701.07875);
    GAA17 = Gulrajani 2017 (arXiv:1704.00028); H19 = Haarburger 2019; ZLLZ20 = Zhao 2020 (arXiv:2006.10738).
    """

    preset: str
    source: str  # name of the patches it generates
    loss: Loss
    n_steps: int = 25_000  # generator updates; no source states an end, H19 picks the best epoch
    batch_size: int = 64  # H19, sections 3.1 and 3.2
    noise_dim: int = 100  # RMC15
    width: int = 64  # feature maps of the widest layer of G before its output; RMC15's public code
    condition_discriminator: bool = (
        True  # Mirza 2014 gives y to both networks; H19 only says "to the noise vector"
    )
    optimizer: Literal["adam", "rmsprop"] = "adam"
    learning_rate: float = 2e-4  # RMC15
    beta1: float = 0.5  # RMC15; Adam only
    beta2: float = 0.999  # RMC15; Adam only
    alpha: float = 0.99  # RMSProp only; ACB17's code uses torch's default
    n_critic: int = 1  # discriminator or critic updates per generator update
    clip_value: float | None = (
        None  # bound on every critic weight, BatchNorm's too, as in ACB17's and GAA17's code
    )
    class_sampling: Literal["uniform", "shuffle"] = (
        "uniform"  # shuffled, 99 of 100 patches show no findings (H19, Table 1)
    )
    shift_pixels: int = (
        0  # 0: no augmentation; else random flips and shifts of real AND generated patches (ZLLZ20)
    )
    ema_decay: float | None = None  # running average of G's weights that is sampled instead of G
    precision: Literal["fp32", "bf16"] = "fp32"
    checkpoint_every: int = 1000  # generator updates

    def __post_init__(self) -> None:
        parse_source(self.source)
        limits: dict[str, tuple[float, float]] = {
            "n_steps": (1, 10_000_000),
            "batch_size": (2, 4096),
            "noise_dim": (1, 4096),
            "width": (4, 512),
            "learning_rate": (1e-8, 1.0),
            "n_critic": (1, 100),
            "shift_pixels": (0, 31),
            "checkpoint_every": (1, 10_000_000),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name} is {value}; it must lie between {low:g} and {high:g}.")
        if self.clip_value is not None and self.clip_value <= 0:
            raise InputError(f"clip_value is {self.clip_value}; it must be above 0.")
        if self.ema_decay is not None and not 0 < self.ema_decay < 1:
            raise InputError(f"ema_decay is {self.ema_decay}; it must lie between 0 and 1.")

    @property
    def critic_name(self) -> str:
        """How the paper calls the second network."""
        return "critic" if self.loss == "wasserstein" else "discriminator"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)


# The two recipes of the study, and the same two with aids that make an hour on two CPU cores enough.
PRESETS: Final[Mapping[str, TrainingConfig]] = {
    "dcgan": TrainingConfig(preset="dcgan", source=DCGAN, loss="non_saturating"),
    "wgan": TrainingConfig(
        preset="wgan",
        source=WGAN,
        loss="wasserstein",
        optimizer="rmsprop",  # ACB17, Algorithm 1; H19, section 3.2
        learning_rate=5e-5,  # ACB17, Algorithm 1
        n_critic=5,  # ACB17, Algorithm 1; H19, section 3.2
        clip_value=0.01,  # ACB17, Algorithm 1
    ),
    "dcgan-small": TrainingConfig(
        preset="dcgan-small",
        source=DCGAN,
        loss="non_saturating",
        n_steps=6000,
        width=32,
        shift_pixels=8,
        ema_decay=0.998,
        precision="bf16",
        checkpoint_every=500,
    ),
    "wgan-small": TrainingConfig(
        preset="wgan-small",
        source=WGAN,
        loss="wasserstein",
        n_steps=4000,
        batch_size=32,  # half the paper's: five critic updates per step are what takes the time
        width=32,
        optimizer="rmsprop",
        learning_rate=2e-4,  # four times ACB17's, because only thousands of updates fit into an hour
        n_critic=5,
        clip_value=0.01,
        shift_pixels=8,
        ema_decay=0.998,
        precision="bf16",
        checkpoint_every=500,
    ),
}


def preset(name: str, **changes: Any) -> TrainingConfig:
    """Return a preset, with some of its fields changed.

    Raises
    ------
    InputError
        If the name or a field is unknown, or a value is out of its limits.
    """
    if name not in PRESETS:
        raise InputError(f'Preset "{name}" is unknown; choose one of {", ".join(PRESETS)}.')
    known = {field.name for field in fields(TrainingConfig)}
    for field in changes:
        if field not in known:
            raise InputError(f'Setting "{field}" is unknown; the settings are {", ".join(sorted(known))}.')
    return replace(PRESETS[name], **changes)


def from_dict(values: Mapping[str, Any]) -> TrainingConfig:
    """Read a stored configuration.

    Raises
    ------
    InputError
        If a field is missing, unknown or out of its limits.
    """
    try:
        return TrainingConfig(**values)
    except TypeError as error:
        raise InputError(f"The stored training configuration cannot be read: {error}.") from None
