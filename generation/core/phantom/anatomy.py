"""Paint a whole patient without lesions: skin, fat, gland, muscle, ribs, lung, heart."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.phantom.body import Body, BodyFields, body_fields
from generation.core.phantom.canvas import Canvas
from generation.core.phantom.grids import Array, Grid
from generation.core.phantom.inclusions import BLOOD
from generation.core.phantom.kinetics import Kinetics
from generation.core.phantom.noise import FractalNoise, draw_offset, smooth_noise
from generation.core.phantom.parenchyma import DENSITIES, DENSITY_SHARES, Density, draw_texture, weave
from generation.core.phantom.signal import CORTEX, LUNG, Protocol, Tissue, scaled_signals, signals

MUSCLE: Final = Tissue(t1_s=0.95, t2_s=0.045, m0=0.88, kinetics=Kinetics(0.03, 0.0, vp=0.02, delay_s=7.0))
SKIN: Final = Tissue(t1_s=0.85, t2_s=0.035, m0=0.80, kinetics=Kinetics(0.013, 0.0, vp=0.06, delay_s=5.0))
_BREAST_LIMIT_MM: Final = 22.0  # a breast voxel lies at most this far outside the breast's own width


@dataclass(frozen=True)
class Background:
    """Uptake of normal glandular tissue: background parenchymal enhancement."""

    gland: Tissue
    unevenness: float


@dataclass(frozen=True)
class BreastVoxels:
    """The voxels of one breast in front of the muscle, and what the painter found there."""

    where: NDArray[np.intp]  # flat indices into the grid
    points: Array  # (3, n) mm
    depth: Array  # (n,) mm below the skin
    chest_gap: Array  # (n,) mm in front of the muscle
    envelope: Array  # (n,) above 0 in the glandular body


@dataclass(frozen=True)
class Anatomy:
    """A patient without lesions."""

    canvas: Canvas
    fields: BodyFields
    breasts: tuple[BreastVoxels, BreastVoxels]
    noise: FractalNoise
    density: Density


def draw_density(rng: np.random.Generator) -> Density:
    """Draw the breast density of a patient."""
    return DENSITIES[int(rng.choice(len(DENSITIES), p=DENSITY_SHARES))]


def draw_background(rng: np.random.Generator) -> Background:
    """Draw T1, T2 and uptake of normal gland; Ktrans 0.010 to 0.035 per minute (Bae 2024), less after menopause."""
    ktrans = rng.uniform(0.004, 0.012) if rng.random() < 0.4 else rng.uniform(0.010, 0.035)
    gland = Tissue(
        t1_s=float(rng.uniform(1.02, 1.27)),
        t2_s=float(rng.uniform(0.058, 0.078)),
        m0=float(rng.uniform(0.86, 0.96)),
        kinetics=Kinetics(float(ktrans), 0.0, vp=float(rng.uniform(0.008, 0.03)), delay_s=15.0),
    )
    return Background(gland, unevenness=float(rng.uniform(0.15, 0.55)))


def build(rng: np.random.Generator, body: Body, grid: Grid, density: Density, protocol: Protocol) -> Anatomy:
    """Paint the anatomy of one patient.

    Parameters
    ----------
    rng : random generator
    body : outer shape
    grid : image grid
    density : amount of fibroglandular tissue
    protocol : settings of the sequences
    """
    canvas = Canvas(grid)
    fields = body_fields(rng, body, grid)
    noise = FractalNoise.draw(rng)
    inside = np.flatnonzero(fields.depth > -grid.spacing[1])
    canvas.fat.reshape(-1)[inside] = _ramp(fields.depth.reshape(-1)[inside], grid)
    background = draw_background(rng)
    breasts = []
    for index in range(2):
        voxels = _paint_breast(rng, canvas, body, index, fields, density, background, noise, protocol)
        breasts.append(voxels)
    _paint_chest(rng, canvas, fields, inside, protocol)
    near_skin = inside[fields.depth.reshape(-1)[inside] < body.skin + 2.0]
    below = fields.depth.reshape(-1)[near_skin]
    skin = _ramp(below, grid) - _ramp(below - body.skin, grid)
    canvas.paint(near_skin, skin, signals(SKIN, protocol))
    return Anatomy(canvas, fields, (breasts[0], breasts[1]), noise, density)


def _paint_breast(
    rng: np.random.Generator,
    canvas: Canvas,
    body: Body,
    index: int,
    fields: BodyFields,
    density: Density,
    background: Background,
    noise: FractalNoise,
    protocol: Protocol,
) -> BreastVoxels:
    breast, grid = body.breasts[index], canvas.grid
    where = _breast_voxels(grid, fields, body, index)
    n_z, n_y, n_x = np.unravel_index(where, grid.shape)
    points = np.stack(
        [o + s * i for o, s, i in zip(grid.origin, grid.spacing, (n_z, n_y, n_x), strict=True)]
    ).astype(np.float32)
    depth = fields.depth.reshape(-1)[where]
    chest_gap = -fields.chest_depth.reshape(-1)[where]
    texture = draw_texture(rng, density)
    woven = weave(rng, breast, texture, noise, points, depth, chest_gap)
    patches = noise.at(points, 2.4, draw_offset(rng))
    uptake = np.clip(1.0 + background.unevenness * patches, 0.0, 3.0).astype(np.float32)
    tissue = np.flatnonzero(woven.gland > 0.02)
    canvas.paint(
        where[tissue], woven.gland[tissue], scaled_signals(background.gland, protocol, uptake[tissue])
    )
    return BreastVoxels(where, points, depth, chest_gap, woven.envelope)


def _breast_voxels(grid: Grid, fields: BodyFields, body: Body, index: int) -> NDArray[np.intp]:
    """Flat indices of the voxels between skin and muscle on one side, near the breast's own cylinder."""
    breast = body.breasts[index]
    _, _, x = grid.axes()
    on_side = (x * breast.side > 0.0) & (np.abs(x - breast.centre_x) < breast.half_width + _BREAST_LIMIT_MM)
    between = (fields.depth > 0.3 * body.skin) & (fields.chest_depth < -0.5)
    return np.flatnonzero(between & on_side)


def _paint_chest(
    rng: np.random.Generator, canvas: Canvas, fields: BodyFields, inside: NDArray[np.intp], protocol: Protocol
) -> None:
    """Paint muscle, ribs with marrow, sternum, lung and heart behind the breasts."""
    grid = canvas.grid
    behind = inside[fields.chest_depth.reshape(-1)[inside] > -grid.spacing[1]]
    front = fields.chest_depth.reshape(-1)[behind]
    wall = fields.wall_depth.reshape(-1)[behind]
    n_z, n_y, n_x = np.unravel_index(behind, grid.shape)
    z, y, x = (
        np.asarray(o + s * i, dtype=np.float32)
        for o, s, i in zip(grid.origin, grid.spacing, (n_z, n_y, n_x), strict=True)
    )
    streaks = smooth_noise(rng, grid, 3.2).reshape(-1)[behind]
    marbling = 0.92 - 0.30 * np.clip(streaks - 0.9, 0.0, 1.0)
    lung = np.clip((wall - 17.0) / 1.5 + 0.5, 0.0, 1.0)
    canvas.paint(behind, _ramp(front, grid) * marbling * (lung < 1.0), signals(MUSCLE, protocol))
    between = np.exp(-(((wall + 1.0) / 0.8) ** 2)) * 0.8  # fat plane between muscle and ribs
    canvas.paint(behind, between, np.zeros(6, dtype=np.float32))
    canvas.fat.reshape(-1)[behind] += between
    bend = smooth_noise(rng, grid, 14.0).reshape(-1)[behind]
    _paint_ribs(rng, canvas, behind, wall, z, x, bend, protocol)
    canvas.paint(behind, lung, signals(LUNG, protocol))
    heart = 1.0 - np.sqrt(((x - 28.0) / 58.0) ** 2 + ((y - 74.0) / 46.0) ** 2 + ((z + 40.0) / 62.0) ** 2)
    heart = np.clip(heart * 9.0 + 0.6 * bend, 0.0, 1.0) * np.clip((wall - 19.0) / 2.0, 0.0, 1.0)
    canvas.paint(behind, heart * (0.8 + 0.03 * streaks), signals(BLOOD, protocol))


def _paint_ribs(
    rng: np.random.Generator,
    canvas: Canvas,
    behind: NDArray[np.intp],
    wall: Array,
    z: Array,
    x: Array,
    bend: Array,
    protocol: Protocol,
) -> None:
    """Oblique ribs and the sternum: dark cortex around fatty marrow."""
    phase = (z + 0.30 * np.abs(x) + rng.uniform(0.0, 30.0)) / 30.0
    rib = 6.0 + 7.0 * np.cos(2.0 * np.pi * phase)  # mm from the edge of a rib, positive inside
    sternum = 17.0 - np.abs(x)
    across = np.maximum(rib, sternum) + bend
    # an ellipse-like section: the rounder the closer the flank is to the edge
    bone = 5.5 - np.hypot(wall - 8.5, np.clip(7.0 - across, 0.0, None)) + 0.4 * bend
    share = np.clip(bone / 1.2 + 0.5, 0.0, 1.0).astype(np.float32)
    canvas.paint(behind, share, signals(CORTEX, protocol))
    marrow = (0.6 * np.clip((bone - 1.5) / 1.2 + 0.5, 0.0, 1.0)).astype(np.float32)
    canvas.paint(behind, marrow, np.zeros(6, dtype=np.float32))
    canvas.fat.reshape(-1)[behind] += marrow


def _ramp(depth: Array, grid: Grid) -> Array:
    """Share of a voxel that lies below a surface, from the distance of its centre."""
    return np.asarray(np.clip(depth / grid.spacing[1] + 0.5, 0.0, 1.0), dtype=np.float32)
