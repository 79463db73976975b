"""Training recipes: every hyperparameter with its default, its unit and its source."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Literal, get_args

from generation.core.errors import InputError
from generation.core.labels import DCGAN, WGAN, parse_source

Loss = Literal["non_saturating", "wasserstein", "relativistic"]
Optimizer = Literal["adam", "rmsprop"]
ClassSampling = Literal["uniform", "shuffle"]
Norm = Literal["batch", "layer", "none"]
Precision = Literal["fp32", "bf16"]

# When `warmup_n_critic` counts: ACB17's code, main.py, "gen_iterations < 25 or gen_iterations % 500 == 0".
WARMUP_STEPS: Final = 25
WARMUP_EVERY: Final = 500


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides what a training computes, apart from its seed and its patches.

    Sources: RMC15 = Radford 2015 (arXiv:1511.06434); ACB17 = Arjovsky 2017 (arXiv:1701.07875);
    GAA17 = Gulrajani 2017 (arXiv:1704.00028); H19 = Haarburger 2019; ZLLZ20 = Zhao 2020 (arXiv:2006.10738);
    HGKT24 = Huang 2024 (arXiv:2501.05441), whose values are those of its public code for 64x64 faces.
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
    optimizer: Optimizer = "adam"
    learning_rate: float = 2e-4  # RMC15
    beta1: float = 0.5  # RMC15; Adam only
    beta2: float = 0.999  # RMC15; Adam only
    alpha: float = 0.99  # RMSProp only; ACB17's code uses torch's default
    n_critic: int = 1  # discriminator or critic updates per generator update
    clip_value: float | None = (
        None  # bound on every critic weight, BatchNorm's too, as in ACB17's and GAA17's code
    )
    class_sampling: ClassSampling = "uniform"  # shuffled, 99 of 100 patches show no findings (H19, Table 1)
    shift_pixels: int = (
        0  # 0: no augmentation; else random flips and shifts of real AND generated patches (ZLLZ20)
    )
    ema_decay: float | None = None  # running average of G's weights that is sampled instead of G
    precision: Precision = "fp32"  # of a penalised discriminator update always fp32
    checkpoint_every: int = 1000  # generator updates
    warmup_n_critic: int | None = (
        None  # critic updates for each of the first 25 generator updates and for every 500th
    )
    gradient_penalty: float = 0.0  # lambda of GAA17, eq. 3: 1-centred, between real and generated patches
    r1_gamma: float = 0.0  # zero-centred penalty on real patches: Mescheder 2018 (arXiv:1801.04406), eq. 9
    r2_gamma: float = 0.0  # the same on generated patches: Mescheder 2018, eq. 10
    discriminator_norm: Norm = (
        "batch"  # RMC15; with penalties another one: BatchNorm mixes patches (GAA17, section 4)
    )
    # Train on the training patients of the patch set's split alone, so that the others can judge. Ours: H19 names no
    # split and scores on the reals it trained on. A patch set without a split is trained on whole.
    use_split: bool = True
    # Let the generator learn from the very patches that the discriminator last saw, as RMC15's public code and the
    # usual loops do; else from new ones (Goodfellow 2014, Algorithm 1). A tenth of a step is saved.
    shares_fakes: bool = False

    def __post_init__(self) -> None:
        parse_source(self.source)
        self._check_choices()
        self._check_limits()
        if self.clip_value is not None and not 0 < self.clip_value < math.inf:
            raise InputError(f"clip_value is {self.clip_value}; it must be above 0 and finite.")
        if self.ema_decay is not None and not 0 < self.ema_decay < 1:
            raise InputError(f"ema_decay is {self.ema_decay}; it must lie between 0 and 1.")
        if self.is_penalized and self.discriminator_norm == "batch":
            raise InputError(
                "A gradient penalty looks at each patch alone and BatchNorm mixes them; "
                "set discriminator_norm to layer or none, as the presets wgan-gp and rpgan-r1r2 have it."
            )

    def _check_choices(self) -> None:
        choices = {
            "loss": Loss,
            "optimizer": Optimizer,
            "class_sampling": ClassSampling,
            "precision": Precision,
            "discriminator_norm": Norm,
        }
        for name, kind in choices.items():
            if getattr(self, name) not in get_args(kind):
                known = ", ".join(get_args(kind))
                raise InputError(f'{name} is "{getattr(self, name)}"; write one of {known}.')

    def _check_limits(self) -> None:
        limits: dict[str, tuple[float, float]] = {
            "n_steps": (1, 10_000_000),
            "batch_size": (2, 4096),
            "noise_dim": (1, 4096),
            "width": (4, 512),
            "learning_rate": (1e-8, 1.0),
            "n_critic": (1, 100),
            "shift_pixels": (0, 31),
            "checkpoint_every": (1, 10_000_000),
            "warmup_n_critic": (1, 1000),
            "gradient_penalty": (0, 1000),
            "r1_gamma": (0, 1000),
            "r2_gamma": (0, 1000),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise InputError(f"{name} is {value}; it must lie between {low:g} and {high:g}.")

    @property
    def critic_name(self) -> str:
        """How the paper calls the second network."""
        return "critic" if self.loss == "wasserstein" else "discriminator"

    @property
    def is_penalized(self) -> bool:
        """Whether the gradient of the second network with respect to its patches enters its loss."""
        return max(self.gradient_penalty, self.r1_gamma, self.r2_gamma) > 0

    @property
    def pairs_patches(self) -> bool:
        """Whether each generated patch is set against a real one, and therefore has its class."""
        return self.loss == "relativistic" or self.gradient_penalty > 0

    @property
    def draws_reals_for_generator(self) -> bool:
        """Whether an update of the generator needs real patches too."""
        return self.loss == "relativistic"

    def n_critic_at(self, step: int) -> int:
        """Return how many updates of the second network precede generator update `step`, counted from 0."""
        if self.warmup_n_critic is not None and (step < WARMUP_STEPS or step % WARMUP_EVERY == 0):
            return self.warmup_n_critic
        return self.n_critic

    def n_critic_between(self, first: int, last: int) -> int:
        """Return how many updates of the second network belong to generator updates first to last - 1."""
        if self.warmup_n_critic is None:
            return self.n_critic * (last - first)
        at_start = min(last, WARMUP_STEPS) - min(first, WARMUP_STEPS)
        beyond = max(first, WARMUP_STEPS)
        at_intervals = max(0, -(-last // WARMUP_EVERY) - -(-beyond // WARMUP_EVERY))
        n_warm = at_start + at_intervals
        return self.warmup_n_critic * n_warm + self.n_critic * (last - first - n_warm)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)


_DCGAN: Final = TrainingConfig(preset="dcgan", source=DCGAN, loss="non_saturating")
_WGAN: Final = TrainingConfig(
    preset="wgan",
    source=WGAN,
    loss="wasserstein",
    optimizer="rmsprop",  # ACB17, Algorithm 1; H19, section 3.2
    learning_rate=5e-5,  # ACB17, Algorithm 1
    n_critic=5,  # ACB17, Algorithm 1; H19, section 3.2
    clip_value=0.01,  # ACB17, Algorithm 1
)

# The two recipes of the study, other readings of its text, two later recipes on the same networks, and the study's
# two with aids that make an hour on two CPU cores enough.
PRESETS: Final[Mapping[str, TrainingConfig]] = {
    "dcgan": _DCGAN,
    "wgan": _WGAN,
    "dcgan-literal": replace(
        _DCGAN,
        preset="dcgan-literal",
        condition_discriminator=False,  # H19, section 3.1, gives y to the generator's noise and to nothing else
        class_sampling="shuffle",  # H19 states no balancing of the classes
        use_split=False,  # H19 trains and scores on all reals
    ),
    "wgan-acb17": replace(
        _WGAN,
        preset="wgan-acb17",
        warmup_n_critic=100,  # ACB17's code, which its README says the paper forgot
    ),
    "wgan-gp": TrainingConfig(
        preset="wgan-gp",
        source="wgan-gp",
        loss="wasserstein",
        learning_rate=1e-4,  # GAA17, Algorithm 1 and code for 64x64 images
        beta1=0.0,  # GAA17, Algorithm 1 and code for 64x64 images
        beta2=0.9,  # GAA17, Algorithm 1
        n_critic=5,  # GAA17, Algorithm 1
        gradient_penalty=10.0,  # GAA17, Algorithm 1
        discriminator_norm="layer",  # GAA17, section 4
    ),
    "rpgan-r1r2": TrainingConfig(
        preset="rpgan-r1r2",
        source="rpgan-r1r2",
        loss="relativistic",  # HGKT24, section 2; Jolicoeur-Martineau 2018 (arXiv:1807.00734)
        learning_rate=2e-4,  # HGKT24 at the start; its decay spans 20 million images, twelve times this training
        beta1=0.0,  # HGKT24
        beta2=0.9,  # HGKT24 at the start
        r1_gamma=2.0,  # HGKT24 at the start
        r2_gamma=2.0,  # HGKT24 at the start; both penalties have one weight
        discriminator_norm="none",  # HGKT24, section 3: no normalisation
        ema_decay=0.998,  # half-life 22,000 patches: HGKT24's after 0.9 million, the middle of this training
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
        return TrainingConfig(
            **({"use_split": False} | dict(values))
        )  # older ones were trained on everything
    except TypeError as error:
        raise InputError(f"The stored training configuration cannot be read: {error}.") from None
