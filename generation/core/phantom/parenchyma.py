"""The inside of a breast: fibroglandular tissue, Cooper's ligaments and the fat between them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from generation.core.phantom.body import Breast
from generation.core.phantom.grids import Array
from generation.core.phantom.noise import FractalNoise, draw_offset


class Density(StrEnum):
    """Amount of fibroglandular tissue, ACR BI-RADS."""

    A = "a"
    B = "b"
    C = "c"
    D = "d"


DENSITIES: Final = tuple(Density)
# Shares of the four grades in screening populations (Sprague 2014: about 10, 40, 40 and 10 %)
DENSITY_SHARES: Final = (0.10, 0.38, 0.40, 0.12)
_EXTENT: Final = {Density.A: 0.40, Density.B: 0.54, Density.C: 0.68, Density.D: 0.86}
_FILL: Final = {Density.A: -0.70, Density.B: -0.36, Density.C: 0.0, Density.D: 0.45}


@dataclass(frozen=True)
class Texture:
    """How one breast's tissue is woven; lengths in mm."""

    density: Density
    extent: float  # share of the breast that the glandular body may fill
    fill: float  # bias of the level that separates gland from fat
    lobule: float  # size of the compartments between ligaments
    ligament: float  # half-thickness of a ligament
    ligament_signal: float  # share of connective tissue in a ligament
    clumping: float  # how patchy the gland is
    duct_weight: float  # how strongly ducts converge on the nipple
    grain: float  # size of a cell of the fractal noise
    sharpness: float  # contrast of the border between gland and fat


@dataclass(frozen=True)
class Woven:
    """Tissue shares at the sampled points, each (n,) float32."""

    gland: Array  # share of fibroglandular tissue, ligaments included
    envelope: Array  # above 0 inside the glandular body


def draw_texture(rng: np.random.Generator, density: Density) -> Texture:
    """Draw how the tissue of one breast is woven."""
    return Texture(
        density=density,
        extent=_EXTENT[density] * rng.uniform(0.92, 1.10),
        fill=_FILL[density] + rng.normal(0.0, 0.10),
        lobule=rng.uniform(7.5, 18.0),
        ligament=rng.uniform(0.25, 0.65),
        ligament_signal=rng.uniform(0.35, 0.80),
        clumping=rng.uniform(0.10, 0.40),
        duct_weight=rng.uniform(0.40, 0.95),
        grain=rng.uniform(0.85, 1.35),
        sharpness=rng.uniform(1.1, 2.2),
    )


def weave(
    rng: np.random.Generator,
    breast: Breast,
    texture: Texture,
    noise: FractalNoise,
    points: Array,
    depth: Array,
    chest_gap: Array,
) -> Woven:
    """Fill a breast with tissue.

    Parameters
    ----------
    rng : random generator
    breast, texture : the breast and its weave
    noise : fractal noise shared by the patient
    points : (3, n) positions (z, y, x) in mm inside the breast
    depth : (n,) mm below the skin
    chest_gap : (n,) mm in front of the pectoral muscle

    Returns
    -------
    shares of tissue at the points
    """
    from_nipple = points - np.asarray(breast.nipple, dtype=np.float32)[:, None]
    envelope = _envelope(breast, texture, from_nipple, depth, chest_gap)
    envelope += 0.16 * noise.at(points, 3.2, draw_offset(rng))
    coarse = noise.at(points, texture.grain * 1.7, draw_offset(rng))
    fine = noise.at(points, texture.grain * 0.62, draw_offset(rng))
    ducts = noise.at(_towards_nipple(from_nipple), texture.grain, draw_offset(rng))
    sheet = _ligaments(rng, texture, noise, points)

    near = np.clip(envelope + 1.0, 0.0, 1.0)
    level = texture.clumping * coarse + texture.duct_weight * ducts + 0.18 * fine
    level *= np.clip(1.0 + 1.6 * envelope, 0.25, 1.0)  # few islands of gland far out in the fat
    level += 3.2 * np.minimum(envelope, 0.40) + texture.fill + 0.85 * sheet * near
    gland = np.clip(0.5 + texture.sharpness * level, 0.0, 1.0)
    gland *= np.clip(0.93 + 0.07 * fine + 0.05 * ducts, 0.55, 1.0)
    patchy = np.clip(0.15 + 0.60 * coarse + 0.7 * near, 0.0, 1.1)
    gland = np.maximum(gland, texture.ligament_signal * sheet * patchy)
    return Woven(gland=np.clip(gland, 0.0, 1.0).astype(np.float32), envelope=envelope)


def _envelope(breast: Breast, texture: Texture, from_nipple: Array, depth: Array, chest_gap: Array) -> Array:
    """Cone of glandular tissue behind the nipple; 0 on its border, positive inside, about 1 per breast radius."""
    behind = np.clip(from_nipple[1] / (breast.depth - 18.0), 0.0, 1.3)
    across = np.hypot(
        (from_nipple[2] - 6.0 * breast.side * behind) / breast.half_width,
        (from_nipple[0] + 6.0 * behind) / breast.half_height,
    )
    radius = texture.extent * np.clip(0.16 + 1.35 * behind, 0.0, 1.0) * np.clip(2.6 - 1.9 * behind, 0.15, 1.0)
    under_skin = (depth - 5.0) / 18.0 + 0.6 * np.clip(1.0 - behind / 0.18, 0.0, 1.0)
    before_muscle = (chest_gap - 4.0) / 18.0
    return np.asarray(np.minimum(np.minimum(radius - across, under_skin), before_muscle), dtype=np.float32)


def _towards_nipple(from_nipple: Array) -> Array:
    """Warp space so that noise sampled in it is stretched along the ducts and narrows towards the nipple."""
    r = np.sqrt(np.einsum("ij,ij->j", from_nipple, from_nipple)) + 1.0
    return np.asarray(from_nipple * ((34.0 + 0.38 * r) / r), dtype=np.float32)


def _ligaments(rng: np.random.Generator, texture: Texture, noise: FractalNoise, points: Array) -> Array:
    """Sheets between Voronoi compartments in warped space, (n,) in 0..1."""
    warped = points.copy()
    for axis in range(3):
        warped[axis] += 1.5 * noise.at(points, 1.6, draw_offset(rng))
    low, high = warped.min(axis=1) - 5.0, warped.max(axis=1) + 5.0
    n_seeds = int(np.prod(high - low) / texture.lobule**3)
    seeds = rng.uniform(low, high, (n_seeds, 3)).astype(np.float32)
    nearest, second = np.asarray(cKDTree(seeds).query(warped.T, k=2)[0], dtype=np.float32).T
    half_gap = (second - nearest) / 2.0
    softness = 0.55  # mm, about half a pixel
    return np.asarray(np.clip((texture.ligament - half_gap) / softness + 0.5, 0.0, 1.0), dtype=np.float32)
