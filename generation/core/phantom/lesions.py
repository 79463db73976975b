"""Lesions: benign and malignant by shape, margin, inner structure and kinetics."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import ndimage, special

from generation.core.frames import T1_POST1, T1_POST4, T2
from generation.core.phantom.canvas import Box, box_around, offsets_in
from generation.core.phantom.grids import Array, Grid
from generation.core.phantom.kinetics import CurveType, curve_type, draw_curve_type, draw_lesion_kinetics
from generation.core.phantom.noise import FractalNoise, draw_offset
from generation.core.phantom.signal import Protocol, Tissue, scaled_signals, signals

BENIGN_SHAPES: Final = ("round", "oval", "lobulated")
MALIGNANT_SHAPES: Final = ("irregular", "spiculated")
RIM_SHARE: Final = 0.35  # of malignant lesions
_N_THETA, _N_PHI = 25, 48
_SUBSLICES: Final = 3  # a thick slice averages over its lesion
_MAX_REACH: Final = 1.9  # of the radius: bulges and spicules end there


@dataclass(frozen=True)
class Lesion:
    """What a lesion is, before it has a place; lengths in mm."""

    is_malignant: bool
    shape: str
    diameter: float
    curve: CurveType
    tissue: Tissue
    has_rim: bool = False
    rim: float = 2.5  # thickness of the enhancing rim
    is_necrotic: bool = False
    n_septa: int = 0
    n_spicules: int = 0
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)  # (z, y, x)

    @property
    def radius(self) -> float:
        """Half the diameter."""
        return self.diameter / 2.0

    def truth(self, number: int) -> dict[str, object]:
        """Describe the lesion as truth.json does."""
        kinetics = self.tissue.kinetics
        return {
            "lesion": number,
            "malignant": self.is_malignant,
            "shape": self.shape,
            "diameter_mm": round(self.diameter, 1),
            "Ktrans": round(kinetics.ktrans, 4),
            "ve": round(kinetics.ve, 4),
            "kep": round(kinetics.kep, 4),
            "vp": round(kinetics.vp, 4),
            "curve": self.curve.value,
            "rim": self.has_rim,
        }


@dataclass(frozen=True)
class RenderedLesion:
    """A lesion on the grid: share of each voxel in a box, and its signal there."""

    box: Box
    share: Array  # box shape, 0..1
    signal: Array  # (6, *box shape)


def draw_lesion(rng: np.random.Generator, protocol: Protocol, *, is_malignant: bool) -> Lesion:
    """Draw a lesion of one class: size, shape, margin, tissue and kinetics."""
    curve = draw_curve_type(rng, is_malignant=is_malignant)
    tissue = _draw_tissue(rng, protocol, curve, is_malignant=is_malignant)
    if not is_malignant:
        shape = str(rng.choice(BENIGN_SHAPES, p=(0.25, 0.45, 0.30)))
        diameter = float(np.clip(rng.lognormal(np.log(10.5), 0.35), 5.0, 20.0))
        n_septa = int(rng.integers(1, 4)) if diameter > 9.0 and rng.random() < 0.45 else 0
        return Lesion(False, shape, diameter, curve, tissue, n_septa=n_septa)
    shape = str(rng.choice(MALIGNANT_SHAPES, p=(0.45, 0.55)))
    diameter = float(np.clip(rng.lognormal(np.log(16.5), 0.38), 8.0, 45.0))
    has_rim = bool(rng.random() < RIM_SHARE) and diameter > 9.0
    return Lesion(
        True,
        shape,
        diameter,
        curve,
        tissue,
        has_rim=has_rim,
        rim=float(np.clip(diameter * rng.uniform(0.13, 0.22), 1.6, 6.0)),
        is_necrotic=has_rim and bool(rng.random() < 0.5),
        n_spicules=int(rng.integers(9, 23)) if shape == "spiculated" else int(rng.integers(0, 4)),
    )


def place(lesion: Lesion, centre: tuple[float, float, float], *, shrink: float = 1.0) -> Lesion:
    """Give a lesion its place, made smaller where the breast has no more room."""
    return replace(lesion, centre=centre, diameter=lesion.diameter * shrink)


def render(
    rng: np.random.Generator, lesion: Lesion, grid: Grid, noise: FractalNoise, protocol: Protocol
) -> RenderedLesion:
    """Turn a placed lesion into voxels.

    Parameters
    ----------
    rng : random generator
    lesion : with its centre in mm
    grid : the image grid; slices are averaged over three subslices
    noise : fractal noise for margin and inner texture
    protocol : settings of the sequences
    """
    reach = lesion.radius * _MAX_REACH + 2.0
    box = box_around(grid, lesion.centre, (reach, reach, reach))
    z, y, x = offsets_in(grid, box, lesion.centre)
    sub = grid.spacing[0] * ((np.arange(_SUBSLICES) + 0.5) / _SUBSLICES - 0.5)
    z = (z[:, 0, 0][:, None] + sub).reshape(-1, 1, 1).astype(np.float32)
    shape = (z.shape[0], y.shape[0], x.shape[0])
    points = np.stack([np.broadcast_to(axis, shape).ravel() for axis in (z, y, x)])
    inner = _depth_inside(rng, lesion, noise, points)
    softness = rng.uniform(0.8, 1.8) if lesion.is_malignant else rng.uniform(0.5, 0.9)
    share = np.clip(inner / softness + 0.5, 0.0, 1.0)
    share = np.maximum(share, _spicules(rng, lesion, noise, points))
    texture = noise.at(points, 1.1, draw_offset(rng))
    uptake = _uptake(rng, lesion, points, inner, texture)
    averaged_share = _over_subslices(share, shape)
    averaged_uptake = _over_subslices(uptake * share, shape) / np.maximum(averaged_share, 1e-3)
    signal = scaled_signals(lesion.tissue, protocol, averaged_uptake.ravel().astype(np.float32))
    signal[T2] *= _t2_pattern(lesion, _over_subslices(inner, shape), _over_subslices(texture, shape)).ravel()
    return RenderedLesion(box, averaged_share, signal.reshape(len(signal), *averaged_share.shape))


def _draw_tissue(
    rng: np.random.Generator, protocol: Protocol, wanted: CurveType, *, is_malignant: bool
) -> Tissue:
    """Draw relaxation times and kinetics whose simulated curve is of the wanted type."""
    t1_s = rng.uniform(0.98, 1.12) if is_malignant else rng.uniform(1.05, 1.22)
    if is_malignant:
        t2_s = rng.uniform(0.066, 0.095)
    else:  # myxoid fibroadenomas are bright, sclerotic ones dark
        t2_s = rng.uniform(0.085, 0.150) if rng.random() < 0.75 else rng.uniform(0.050, 0.070)
    m0 = rng.uniform(0.88, 0.98)
    while True:
        kinetics = draw_lesion_kinetics(rng, wanted, is_malignant=is_malignant)
        tissue = Tissue(t1_s=t1_s, t2_s=t2_s, m0=m0, kinetics=kinetics)
        frames = signals(tissue, protocol)
        if curve_type(float(frames[T1_POST1]), float(frames[T1_POST4])) is wanted:
            return tissue


def _depth_inside(rng: np.random.Generator, lesion: Lesion, noise: FractalNoise, points: Array) -> Array:
    """Distance in mm from the lesion's border, positive inside: a Gaussian random sphere on a rotated ellipsoid."""
    if lesion.is_malignant:
        elongation, l_max = rng.uniform(1.0, 1.7), 8
        log_sd, ripple = rng.uniform(0.17, 0.30), rng.uniform(0.10, 0.24)
    else:
        elongation = {"round": 1.0, "oval": rng.uniform(1.25, 1.8), "lobulated": rng.uniform(1.0, 1.4)}[
            lesion.shape
        ]
        l_max, log_sd, ripple = 4, (rng.uniform(0.09, 0.14) if lesion.shape == "lobulated" else 0.03), 0.0
    turned = _rotation(rng) @ points
    turned[0] *= elongation**0.5
    turned[1] *= elongation**0.5
    turned[2] /= elongation**0.75
    r = np.sqrt(np.einsum("ij,ij->j", turned, turned)) + 1e-3
    table = np.exp(np.clip(_random_sphere(rng, l_max, log_sd), -0.5, 0.5))
    theta = np.arccos(np.clip(turned[0] / r, -1.0, 1.0)) * ((_N_THETA - 1) / np.pi)
    phi = np.mod(np.arctan2(turned[2], turned[1]), 2.0 * np.pi) * (_N_PHI / (2.0 * np.pi))
    border = ndimage.map_coordinates(table, np.stack([theta, phi]), order=1, mode="grid-wrap")
    inner = lesion.radius * border - r
    if ripple:
        inner += ripple * min(lesion.radius, 8.0) * noise.at(points, 1.0, draw_offset(rng))
    return np.asarray(inner, dtype=np.float32)


def _random_sphere(rng: np.random.Generator, l_max: int, log_sd: float) -> Array:
    """Log radius of a Gaussian random sphere on a (theta, phi) table; degree l has power l^-4, l from 2.

    Source: de Sisternes et al., Med Phys 2015;42:1401 (10.1118/1.4905232), power law 4.
    """
    theta = np.linspace(0.0, np.pi, _N_THETA)[:, None]
    phi = np.arange(_N_PHI) * (2.0 * np.pi / _N_PHI)
    field = np.zeros((_N_THETA, _N_PHI))
    for degree in range(2, l_max + 1):
        for order in range(degree + 1):
            coefficient = (rng.standard_normal() + 1j * rng.standard_normal()) * degree**-2.0
            field += (coefficient * special.sph_harm_y(degree, order, theta, phi)).real
    return np.asarray(field * (log_sd / field.std()), dtype=np.float32)


def _spicules(rng: np.random.Generator, lesion: Lesion, noise: FractalNoise, points: Array) -> Array:
    """Share of thin, tapering, slightly curved strands that leave the mass, most of them near the axial plane."""
    share = np.zeros(points.shape[1], dtype=np.float32)
    if not lesion.n_spicules:
        return share
    bent = points + 0.9 * np.stack([noise.at(points, 2.4, draw_offset(rng)) for _ in range(3)])
    for _ in range(lesion.n_spicules):
        direction = rng.standard_normal(3) * (0.35, 1.0, 1.0)
        direction /= np.linalg.norm(direction)
        along = direction.astype(np.float32) @ bent
        off = np.sqrt(np.clip(np.einsum("ij,ij->j", bent, bent) - along**2, 0.0, None))
        length = lesion.radius * rng.uniform(1.3, _MAX_REACH)
        width = rng.uniform(0.55, 1.05) + 0.16 * lesion.radius * np.clip(1.0 - along / length, 0.0, 1.0)
        strand = np.clip((width - off) / 0.8 + 0.5, 0.0, 1.0) * np.clip((length - along) / 1.5, 0.0, 1.0)
        strand[along < 0.4 * lesion.radius] = 0.0
        share = np.maximum(share, 0.9 * strand)
    return share


def _uptake(rng: np.random.Generator, lesion: Lesion, points: Array, inner: Array, texture: Array) -> Array:
    """Factor on Ktrans and vp: even in benign lesions but for septa, uneven in malignant ones, low in a rim's core."""
    if lesion.is_malignant:
        uptake = 1.0 + rng.uniform(0.15, 0.30) * texture
        if lesion.has_rim:
            core = np.clip((inner - lesion.rim) / 1.0 + 0.5, 0.0, 1.0)
            uptake *= 1.0 - core * (0.92 if lesion.is_necrotic else 0.70)
    else:
        uptake = 1.0 + 0.06 * texture
        for _ in range(lesion.n_septa):
            normal = rng.standard_normal(3) * (0.35, 1.0, 1.0)
            normal /= np.linalg.norm(normal)
            at = rng.uniform(-0.5, 0.5) * lesion.radius
            off = np.abs(normal.astype(np.float32) @ points + 0.35 * texture - at)
            uptake *= 1.0 - 0.70 * np.clip((0.40 - off) / 0.7 + 0.5, 0.0, 1.0)
    return np.asarray(np.clip(uptake, 0.0, 2.0), dtype=np.float32)


def _t2_pattern(lesion: Lesion, inner: Array, texture: Array) -> Array:
    """Factor on the T2 signal: necrosis is bright, malignant tissue uneven."""
    factor = 1.0 + (0.10 if lesion.is_malignant else 0.04) * texture
    if lesion.is_necrotic:
        factor = factor + 0.9 * np.clip((inner - lesion.rim) / 1.5, 0.0, 1.0)
    return np.asarray(np.clip(factor, 0.3, 2.5), dtype=np.float32)


def _over_subslices(values: Array, shape: tuple[int, int, int]) -> Array:
    n_z, n_y, n_x = shape
    return np.asarray(values.reshape(n_z // _SUBSLICES, _SUBSLICES, n_y, n_x).mean(axis=1), dtype=np.float32)


def _rotation(rng: np.random.Generator) -> Array:
    """Draw a random rotation matrix, (3, 3)."""
    q, r = np.linalg.qr(rng.standard_normal((3, 3)))
    return np.asarray(q * np.sign(np.diag(r)), dtype=np.float32)
