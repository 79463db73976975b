"""What is not a lesion and looks a little like one: vessels, cysts, lymph nodes, foci and the nipple."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from generation.core.phantom.body import Breast
from generation.core.phantom.canvas import Canvas, box_around, offsets_in
from generation.core.phantom.grids import Array
from generation.core.phantom.kinetics import Kinetics
from generation.core.phantom.signal import FLUID, Protocol, Tissue, signals

Centre = tuple[float, float, float]  # (z, y, x) in mm

BLOOD: Final = Tissue(t1_s=1.30, t2_s=0.060, m0=0.9, kinetics=Kinetics(0.0, 0.0, vp=0.40, delay_s=2.0))
NODE: Final = Tissue(t1_s=1.05, t2_s=0.085, m0=0.92, kinetics=Kinetics(0.22, 0.80, vp=0.07, delay_s=4.0))
FOCUS: Final = Tissue(t1_s=1.15, t2_s=0.080, m0=0.92, kinetics=Kinetics(0.07, 0.15, vp=0.02, delay_s=10.0))
NIPPLE: Final = Tissue(t1_s=0.95, t2_s=0.050, m0=0.85, kinetics=Kinetics(0.06, 0.12, vp=0.05, delay_s=5.0))
_STEP_MM: Final = 0.7  # between the points of a vessel


@dataclass(frozen=True)
class Blob:
    """A small rounded inclusion."""

    centre: Centre
    half_axes: Centre  # mm
    tissue: Tissue
    hilum: bool = False  # a lymph node's fatty centre


def draw_cyst(rng: np.random.Generator, centre: Centre, radius: float) -> Blob:
    """Draw a cyst: very bright on T2, no uptake; protein shortens the T1 of some."""
    t1_s = rng.uniform(0.5, 1.2) if rng.random() < 0.2 else rng.uniform(2.0, 3.2)
    tissue = Tissue(
        t1_s=float(t1_s), t2_s=float(rng.uniform(0.25, FLUID.t2_s)), m0=1.0, t2_star_s=FLUID.t2_star_s
    )
    return Blob(centre, _half_axes(rng, radius, 0.12), tissue)


def draw_node(rng: np.random.Generator, centre: Centre) -> Blob:
    """Draw a lymph node: oval, strong uptake, fatty hilum."""
    return Blob(centre, _half_axes(rng, rng.uniform(2.6, 5.0), 0.3), NODE, hilum=True)


def draw_focus(rng: np.random.Generator, centre: Centre) -> Blob:
    """Draw a focus of uptake, smaller than 5 mm and of no consequence."""
    return Blob(centre, _half_axes(rng, rng.uniform(0.9, 1.9), 0.2), FOCUS)


def paint_blob(canvas: Canvas, blob: Blob, protocol: Protocol) -> None:
    """Paint a rounded inclusion with soft borders of half a pixel."""
    reach = (blob.half_axes[0] + canvas.grid.spacing[0], blob.half_axes[1] + 2.0, blob.half_axes[2] + 2.0)
    box = box_around(canvas.grid, blob.centre, reach)
    offsets = offsets_in(canvas.grid, box, blob.centre)
    share = _ellipsoid(offsets, blob.half_axes)
    if not share.size:
        return
    canvas.paint_box(box, share, signals(blob.tissue, protocol))
    if blob.hilum:
        z, y, x = offsets
        small = (blob.half_axes[0], 0.5 * blob.half_axes[1], 0.45 * blob.half_axes[2])
        hilum = _ellipsoid((z, y - 0.25 * blob.half_axes[1], x - 0.3 * blob.half_axes[2]), small)
        canvas.paint_box(box, hilum, np.zeros(len(canvas.water), dtype=np.float32))
        canvas.fat[box] += hilum


def paint_nipple(
    canvas: Canvas, breast: Breast, depth: Array, protocol: Protocol, rng: np.random.Generator
) -> None:
    """Paint the nipple: a short column of skin-like tissue in front of the breast."""
    grid = canvas.grid
    z, y, x = breast.nipple
    row, column = (
        min(max(round((mm - grid.origin[axis]) / grid.spacing[axis]), 0), grid.shape[axis] - 1)
        for axis, mm in ((0, z), (2, x))
    )
    below_skin = np.flatnonzero(depth[row, :, column] > 0.0)
    if len(below_skin):  # the skin is a little uneven: the nipple sits on it, wherever it is
        y = grid.origin[1] + grid.spacing[1] * float(below_skin[0])
    half_axes = (rng.uniform(4.0, 5.5), rng.uniform(3.5, 5.5), rng.uniform(4.0, 6.0))
    paint_blob(canvas, Blob((z, y + rng.uniform(-1.0, 2.0), x), half_axes, NIPPLE), protocol)


def paint_vessels(
    canvas: Canvas, breast: Breast, depth: Array, protocol: Protocol, rng: np.random.Generator, n: int
) -> None:
    """Paint wandering vessels from the chest towards the nipple, and the branches they give off."""
    share = np.zeros(canvas.grid.shape, dtype=np.float32)
    nipple = np.asarray(breast.nipple, dtype=np.float32)
    for _ in range(n):
        start = _vessel_root(rng, breast)
        path = _wander(rng, canvas, depth, start, nipple - start, nipple)
        radius = rng.uniform(0.55, 1.25)
        _draw_tube(share, canvas, path, radius)
        if len(path) > 20:
            fork = path[int(rng.integers(8, len(path) - 8))]
            away = rng.standard_normal(3, dtype=np.float32)
            branch = _wander(rng, canvas, depth, fork, away, nipple)
            _draw_tube(share, canvas, branch, 0.7 * radius)
    where = np.flatnonzero(share)
    canvas.paint(where, share.reshape(-1)[where], signals(BLOOD, protocol))


def _vessel_root(rng: np.random.Generator, breast: Breast) -> Array:
    angle = rng.uniform(0.0, 2.0 * np.pi)
    return np.asarray(
        (
            breast.centre_z + 0.75 * breast.half_height * np.sin(angle),
            rng.uniform(-30.0, -8.0),
            breast.centre_x + 0.75 * breast.half_width * np.cos(angle),
        ),
        dtype=np.float32,
    )


def _wander(
    rng: np.random.Generator, canvas: Canvas, depth: Array, start: Array, heading: Array, goal: Array
) -> list[Array]:
    """Walk from `start` with a smoothly turning heading for as long as the way is inside the body."""
    grid = canvas.grid
    heading = heading / np.linalg.norm(heading)
    position, path = start, []
    turn = np.zeros(3, dtype=np.float32)
    for _ in range(int(rng.integers(60, 170))):
        index = tuple(round((p - o) / s) for p, o, s in zip(position, grid.origin, grid.spacing, strict=True))
        if not all(0 <= i < n for i, n in zip(index, grid.shape, strict=True)) or depth[index] < 3.0:
            break
        path.append(position)
        turn = 0.88 * turn + 0.075 * rng.standard_normal(3, dtype=np.float32)
        pull = goal - position
        heading = heading + turn + 0.03 * pull / (np.linalg.norm(pull) + 1.0)
        heading /= np.linalg.norm(heading)
        position = position + _STEP_MM * heading
    return path


def _draw_tube(share: Array, canvas: Canvas, path: list[Array], radius: float) -> None:
    grid = canvas.grid
    reach = (grid.spacing[0], radius + 1.0, radius + 1.0)
    for point in path:
        centre = (float(point[0]), float(point[1]), float(point[2]))
        box = box_around(grid, centre, reach)
        z, y, x = offsets_in(grid, box, centre)
        across = np.clip((radius - np.sqrt(y * y + x * x)) / grid.spacing[1] + 0.5, 0.0, 1.0)
        along_z = np.clip(1.0 - np.abs(z) / grid.spacing[0], 0.0, 1.0)
        np.maximum(share[box], across * along_z, out=share[box])


def _ellipsoid(offsets: tuple[Array, Array, Array], half_axes: Centre) -> Array:
    z, y, x = offsets
    radius = np.sqrt((z / half_axes[0]) ** 2 + (y / half_axes[1]) ** 2 + (x / half_axes[2]) ** 2)
    smallest = min(half_axes[1], half_axes[2])
    return np.asarray(np.clip((1.0 - radius) * smallest / 0.9 + 0.5, 0.0, 1.0), dtype=np.float32)


def _half_axes(rng: np.random.Generator, radius: float, spread: float) -> Centre:
    a, b, c = radius * np.exp(rng.normal(0.0, spread, 3))
    return float(a), float(b), float(c)
