"""One DCGAN step (one update of D and one of G), batch 64, width 64: this project's loop against a plain one.

The plain loop is the textbook one with the paper's resize convolution written as resize, then convolve: contiguous
tensors, unfused Adam, discriminator gradients computed and thrown away in the generator's update. The fp32 contestants
compute the same functions; bf16 is a named choice of the presets. The plain loop lets the generator learn from the very
patches that the discriminator saw, as `shares_fakes` does; without it a step generates a second batch, which the plain
loop does not.
"""

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.timing import interleaved, table
from generation.core import presets, training
from generation.core.frames import N_FRAMES, to_network
from generation.core.networks import Discriminator, Generator, UpConvolution, initialize

ROUNDS = 5
BATCH = 64
SEED = 1
CPU = torch.device("cpu")
PLAIN = "plain loop, resize then convolve, fp32"


class NaiveUpConvolution(UpConvolution):
    """Resize by 2 with nearest neighbours, then convolve: what UpConvolution folds into one."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(
            functional.interpolate(x, scale_factor=2, mode="nearest"), self.weight, self.bias, padding=1
        )


def naive_generator(width: int, rng: torch.Generator) -> Generator:
    """Build the generator with its upconvolutions unfolded, with weights drawn as for the folded one."""
    G = Generator(noise_dim=100, width=width)
    widths = [8 * width, 4 * width, 2 * width, width]
    G.upconvolutions = nn.ModuleList(NaiveUpConvolution(n, m, bias=False) for n, m in pairwise(widths))
    G.output = NaiveUpConvolution(width, N_FRAMES, bias=True)
    initialize(G, rng)
    return G


class PlainLoop:
    """The step as tutorials write it."""

    def __init__(self, data: training.TrainingPatches, width: int, device: torch.device = CPU) -> None:
        self.rng = torch.Generator().manual_seed(SEED)
        self.data, self.device = data, device
        self.G = naive_generator(width, self.rng)
        self.D = Discriminator(width=width, is_conditional=True)
        initialize(self.D, self.rng)
        self.G.to(device)
        self.D.to(device)
        self.g_optimizer = torch.optim.Adam(self.G.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.d_optimizer = torch.optim.Adam(self.D.parameters(), lr=2e-4, betas=(0.5, 0.999))

    def step(self) -> None:
        index = torch.randint(len(self.data.patches), (BATCH,), generator=self.rng).numpy()
        x = torch.from_numpy(to_network(self.data.patches[index])).to(self.device)
        y = torch.from_numpy(self.data.labels[index]).to(self.device)
        ones, zeros = torch.ones(BATCH, device=self.device), torch.zeros(BATCH, device=self.device)
        x_fake = self.G(torch.randn(BATCH, 100, generator=self.rng).to(self.device), y)
        self.D.zero_grad()
        loss = functional.binary_cross_entropy_with_logits
        (loss(self.D(x, y), ones) + loss(self.D(x_fake.detach(), y), zeros)).backward()
        self.d_optimizer.step()
        self.G.zero_grad()
        loss(self.D(x_fake, y), ones).backward()
        self.g_optimizer.step()


class OurLoop:
    """The project's step with a preset."""

    def __init__(
        self, data: training.TrainingPatches, precision: str, width: int, *, shares_fakes: bool
    ) -> None:
        config = presets.preset(
            "dcgan", n_steps=10**6, precision=precision, width=width, shares_fakes=shares_fakes
        )
        self.state = training.begin(config, classes=data.classes, seed=SEED, device=CPU)
        self.data = data

    def step(self) -> None:
        training.train(self.state, self.data, on_step=lambda report: False, on_checkpoint=lambda state: None)


def main(rounds: int = ROUNDS, width: int = 64) -> None:
    """Print seconds per step and the ratios."""
    torch.set_flush_denormal(True)
    rng = np.random.default_rng(SEED)
    patches = rng.integers(0, 1024, (256, 7, 64, 64)).astype(np.int16)
    data = training.TrainingPatches(patches, rng.integers(0, 3, 256))
    contestants = {PLAIN: PlainLoop(data, width).step}
    for precision in ("fp32", "bf16"):
        for shares_fakes in (True, False):
            words = "one batch of fakes" if shares_fakes else "two batches of fakes"
            loop = OurLoop(data, precision, width, shares_fakes=shares_fakes)
            contestants[f"this project, {precision}, {words}"] = loop.step
    for step in contestants.values():
        step()
    seconds = interleaved(contestants, rounds=rounds)
    notes = {name: f"{BATCH / taken.wall:6.0f} real patches/s" for name, taken in seconds.items()}
    title = f"DCGAN step, batch {BATCH}, width {width}, {torch.get_num_threads()} CPU threads"
    print(table(title, seconds, baseline=PLAIN, notes=notes))


if __name__ == "__main__":
    main()
