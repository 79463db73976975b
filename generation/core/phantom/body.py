"""The outer anatomy: two pendulous breasts on a chest, as smooth distance fields in mm."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from generation.core.phantom.grids import Array, Grid, apply_weights, linear_weights
from generation.core.phantom.noise import smooth_noise

LEFT: Final = 1
RIGHT: Final = -1
_COARSE: Final = 3  # fields this smooth are computed on pixels three times as large and interpolated


@dataclass(frozen=True)
class Breast:
    """One breast of a patient lying prone; it hangs towards negative y. Lengths in mm."""

    side: int  # LEFT or RIGHT: sign of x
    centre_x: float
    centre_z: float
    half_width: float
    half_height: float
    depth: float  # from the chest wall to the nipple
    tilt: float  # lateral drift of the axis from chest to nipple
    fullness: float  # exponent of the profile: 2 an ellipsoid, 3 a fuller, pendulous shape

    @property
    def nipple(self) -> tuple[float, float, float]:
        """Position (z, y, x) of the nipple."""
        return self.centre_z, _BASE_Y - self.depth, self.centre_x + self.tilt


_BASE_Y: Final = 18.0  # the breasts' ellipsoids are rooted this far behind the front of the chest wall


@dataclass(frozen=True)
class Chest:
    """The trunk behind the breasts; its front touches y = 0. Lengths in mm."""

    half_width: float
    half_depth: float
    fat: float  # subcutaneous fat
    pectoral: float  # thickness of the pectoral muscle where it is thickest


@dataclass(frozen=True)
class Body:
    """Everything that is drawn once per patient about the outer shape."""

    breasts: tuple[Breast, Breast]
    chest: Chest
    skin: float  # mm


@dataclass(frozen=True)
class BodyFields:
    """Distances on the full grid, (n_z, n_y, n_x) float32 in mm."""

    depth: Array  # below the skin's surface; negative in air
    chest_depth: Array  # behind the front of the muscles; negative in the breast
    wall_depth: Array  # behind the front of the rib cage


def draw_body(rng: np.random.Generator) -> Body:
    """Draw the outer shape of one patient: size, fullness and asymmetry vary."""
    size = rng.uniform(0.78, 1.10)
    depth = rng.uniform(72.0, 128.0) * size
    fullness = rng.uniform(2.0, 3.6)
    breasts = []
    for side in (RIGHT, LEFT):
        own = rng.normal(1.0, 0.04)  # asymmetry between the sides
        breasts.append(
            Breast(
                side=side,
                centre_x=side * rng.uniform(72.0, 86.0),
                centre_z=rng.normal(0.0, 5.0),
                half_width=62.0 * size * own * rng.uniform(0.93, 1.07),
                half_height=68.0 * size * own * rng.uniform(0.90, 1.12),
                depth=depth * own + _BASE_Y,
                tilt=side * rng.normal(4.0, 6.0),
                fullness=fullness * rng.uniform(0.95, 1.05),
            )
        )
    chest = Chest(
        half_width=rng.uniform(138.0, 156.0),
        half_depth=rng.uniform(95.0, 115.0),
        fat=rng.uniform(6.0, 18.0),
        pectoral=rng.uniform(9.0, 19.0),
    )
    return Body(breasts=(breasts[0], breasts[1]), chest=chest, skin=float(rng.uniform(1.5, 2.6)))


def draw_grid(rng: np.random.Generator, body: Body) -> Grid:
    """Choose the field of view as a technician would: both breasts, some air in front, the chest wall."""
    n_x = int(rng.choice([352, 384, 400]))
    width = rng.uniform(330.0, 352.0)
    pixel = round(width / n_x, 4)
    front = min(breast.nipple[1] for breast in body.breasts) - rng.uniform(14.0, 26.0)
    back = rng.uniform(95.0, 125.0)
    n_y = 16 * int(np.ceil((back - front) / pixel / 16.0))
    n_z = int(rng.integers(26, 32))
    thickness = round(min(112.0 / n_z + rng.uniform(-0.2, 0.3), 4.5), 2)
    origin = (-thickness * (n_z - 1) / 2.0, float(front), -pixel * (n_x - 1) / 2.0 + rng.normal(0.0, 3.0))
    z, y, x = (float(round(mm, 3)) for mm in origin)
    return Grid((n_z, n_y, n_x), (thickness, pixel, pixel), (z, y, x))


def body_fields(rng: np.random.Generator, body: Body, grid: Grid) -> BodyFields:
    """Compute the distance fields of a body on a grid."""
    coarse = grid.coarser(_COARSE)
    z, y, x = coarse.axes()
    chest = _chest_distance(body.chest, y, x, z)
    trunk = chest - body.chest.fat
    outside = trunk
    for breast in body.breasts:
        outside = _smooth_minimum(outside, _breast_distance(breast, z, y, x, coarse), 16.0)
    outside = outside + 1.3 * smooth_noise(rng, coarse, 28.0) + 0.45 * smooth_noise(rng, coarse, 11.0)
    muscle = body.chest.pectoral * _pectoral_profile(x, z) + 1.2 * smooth_noise(rng, coarse, 18.0)
    wall = -chest
    front = wall + np.clip(muscle, 0.0, None)
    return BodyFields(*(_on_full_grid(field, coarse, grid) for field in (-outside, front, wall)))


def _chest_distance(chest: Chest, y: Array, x: Array, z: Array) -> Array:
    """Approximate distance in front of the rib cage, a flattened elliptic cylinder."""
    narrowing = 1.0 - 0.0006 * z
    u = np.abs(x) / (chest.half_width * narrowing)
    v = np.abs(y - chest.half_depth) / chest.half_depth
    radius = (u**2.3 + v**2.3) ** (1.0 / 2.3) + 1e-6
    slope = np.sqrt((u / chest.half_width) ** 2 + (v / chest.half_depth) ** 2) / np.maximum(radius, 0.3)
    return np.asarray((radius - 1.0) / np.maximum(slope, 1.0 / 200.0), dtype=np.float32)


def _breast_distance(breast: Breast, z: Array, y: Array, x: Array, grid: Grid) -> Array:
    """Approximate distance to a breast: implicit shape over the length of its gradient."""
    t = (_BASE_Y - y) / breast.depth
    u = (x - breast.centre_x - breast.tilt * t) / breast.half_width
    w = (z - breast.centre_z + 6.0 * t) / breast.half_height
    ahead = np.where(t > 0.0, np.abs(t) ** breast.fullness, (2.5 * t) ** 2)
    shape = np.sqrt((u * u) + np.abs(w) ** 2.2 + ahead + 1e-6).astype(np.float32) - 1.0
    steps = np.gradient(shape, *grid.spacing)
    slope = np.sqrt(steps[0] ** 2 + steps[1] ** 2 + steps[2] ** 2)
    return np.asarray(shape / np.maximum(slope, 1.0 / 150.0), dtype=np.float32)


def _pectoral_profile(x: Array, z: Array) -> Array:
    """Share of the pectoral muscle's full thickness: none over the sternum, most below the breast's centre."""
    lateral = np.abs(x)
    rise = np.clip((lateral - 12.0) / 40.0, 0.0, 1.0)
    fall = np.clip((135.0 - lateral) / 50.0, 0.0, 1.0)
    upper = np.clip(0.75 + 0.006 * z, 0.3, 1.1)
    return np.asarray(np.sqrt(rise) * np.sqrt(fall) * upper, dtype=np.float32)


def _smooth_minimum(a: Array, b: Array, width: float) -> Array:
    """Join two bodies with a rounded fold of about `width` mm."""
    h = np.clip(1.0 - np.abs(a - b) / width, 0.0, 1.0)
    return np.asarray(np.minimum(a, b) - h * h * (width / 4.0), dtype=np.float32)


def _on_full_grid(field: Array, coarse: Grid, grid: Grid) -> Array:
    field = np.broadcast_to(field, coarse.shape)
    matrices = []
    for axis in (1, 2):
        mm = grid.origin[axis] + grid.spacing[axis] * np.arange(grid.shape[axis], dtype=np.float32)
        matrices.append(linear_weights(coarse.index_of(axis, mm), coarse.shape[axis]))
    return apply_weights(field, None, *matrices)
