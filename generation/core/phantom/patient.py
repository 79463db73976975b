"""One whole phantom patient from a seed: anatomy, lesions with their truth, and the scans."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.phantom import anatomy, inclusions, lesions
from generation.core.phantom.anatomy import Anatomy, BreastVoxels
from generation.core.phantom.body import draw_body, draw_grid
from generation.core.phantom.grids import Grid
from generation.core.phantom.kinetics import POST_SECONDS
from generation.core.phantom.lesions import Lesion
from generation.core.phantom.scanner import Scanner, Volume, acquire, draw_scanner
from generation.core.phantom.signal import RELAXIVITY

N_LESIONS: Final = (2, 3, 4)  # a study cohort: enough of both classes for the quotas of a reader study
_N_LESIONS_SHARES: Final = (0.35, 0.40, 0.25)
_MASK_SHARE: Final = 0.5  # a voxel belongs to a lesion that fills half of it
_GAP_MM: Final = 5.0  # between lesions, and to cysts and nodes
Sphere = tuple[tuple[float, float, float], float]  # centre (z, y, x) and radius, mm


@dataclass(frozen=True)
class PhantomPatient:
    """Scans, lesion mask and truth of one patient."""

    scans: Mapping[str, tuple[Grid, Volume]]
    mask_grid: Grid
    mask: NDArray[np.uint8]  # 0, or the number of the lesion
    truth: dict[str, object]


def make_patient(seed: int, number: int, *, coarseness: int = 1) -> PhantomPatient:
    """Make one patient of a cohort; the same seed and number give the same voxels.

    Parameters
    ----------
    seed : seed of the cohort, 0 or more
    number : number of the patient, 1 or more
    coarseness : pixels this many times as large in plane, for a quick look
    """
    rng = np.random.default_rng([seed, number])
    body = draw_body(rng)
    grid = draw_grid(rng, body)
    if coarseness > 1:
        grid = grid.coarser(coarseness)
    scanner = draw_scanner(rng, grid)
    density = anatomy.draw_density(rng)
    painted = anatomy.build(rng, body, grid, density, scanner.protocol)
    for breast in body.breasts:
        n_vessels = int(rng.integers(3, 9))
        inclusions.paint_vessels(
            painted.canvas, breast, painted.fields.depth, scanner.protocol, rng, n_vessels
        )
        inclusions.paint_nipple(painted.canvas, breast, painted.fields.depth, scanner.protocol, rng)
    planned = _place_lesions(rng, painted, scanner)
    _paint_hard_negatives(rng, painted, scanner, [(one.centre, one.radius) for one in planned])
    mask, found = _paint_lesions(rng, painted, scanner, planned)
    truth = _truth(seed, number, painted, scanner, found)
    return PhantomPatient(acquire(rng, scanner, painted.canvas), grid, mask, truth)


def _place_lesions(rng: np.random.Generator, painted: Anatomy, scanner: Scanner) -> list[Lesion]:
    """Draw the lesions of a patient and find room for each, the largest first."""
    n = int(rng.choice(N_LESIONS, p=_N_LESIONS_SHARES))
    # Both classes in every patient; of the rest more are benign, as these cover fewer slices each.
    classes = [True, False, *(bool(rng.random() < 0.35) for _ in range(n - 2))]
    drawn = [lesions.draw_lesion(rng, scanner.protocol, is_malignant=malignant) for malignant in classes]
    placed: list[Lesion] = []
    for lesion in sorted(drawn, key=lambda one: -one.diameter):
        taken: list[Sphere] = [(other.centre, other.radius * 1.3) for other in placed]
        for shrink in (1.0, 0.8, 0.62, 0.5):
            centre = _find_room(
                rng, painted, lesion.radius * shrink * (1.3 if lesion.is_malignant else 1.1), taken
            )
            if centre is not None:
                placed.append(lesions.place(lesion, centre, shrink=shrink))
                break
    return placed


def _find_room(
    rng: np.random.Generator,
    painted: Anatomy,
    radius: float,
    taken: list[Sphere],
    *,
    glandular: float = 0.8,
    side: int | None = None,
) -> tuple[float, float, float] | None:
    """Find a voxel centre in a breast with `radius` mm of breast around it and no neighbour within 5 mm."""
    breast = painted.breasts[int(rng.integers(2)) if side is None else side]
    fits = (breast.depth > radius + 3.0) & (breast.chest_gap > radius + 1.5)
    half_extent = painted.canvas.grid.spacing[0] * (painted.canvas.grid.shape[0] - 1) / 2.0
    fits &= np.abs(breast.points[0]) < half_extent - 0.6 * radius - 2.0
    preferred = fits & (breast.envelope > -0.12)
    pool = np.flatnonzero(preferred if rng.random() < glandular and preferred.any() else fits)
    return _first_free(rng, breast, pool, radius, taken)


def _first_free(
    rng: np.random.Generator, breast: BreastVoxels, pool: NDArray[np.intp], radius: float, taken: list[Sphere]
) -> tuple[float, float, float] | None:
    if not len(pool):
        return None
    for candidate in rng.choice(pool, size=40):
        z, y, x = (float(mm) for mm in breast.points[:, candidate])
        gaps = [np.hypot(np.hypot(z - c[0], y - c[1]), x - c[2]) - r - radius for c, r in taken]
        if min(gaps, default=np.inf) > _GAP_MM:
            return z, y, x
    return None


def _paint_hard_negatives(
    rng: np.random.Generator, painted: Anatomy, scanner: Scanner, taken: list[Sphere]
) -> None:
    """Paint cysts, lymph nodes and foci where no lesion is."""
    occupied = [(centre, radius * 1.4) for centre, radius in taken]
    canvas, protocol = painted.canvas, scanner.protocol
    for _ in range(min(int(rng.poisson(1.6)), 6)):
        radius = float(np.clip(rng.lognormal(np.log(2.8), 0.5), 1.4, 9.0))
        centre = _find_room(rng, painted, radius, occupied)
        if centre is not None:
            inclusions.paint_blob(canvas, inclusions.draw_cyst(rng, centre, radius), protocol)
            occupied.append((centre, radius))
    for _ in range(int(rng.integers(0, 4))):
        centre = _find_room(rng, painted, 4.0, occupied, glandular=0.0)
        if centre is not None:
            inclusions.paint_blob(canvas, inclusions.draw_node(rng, centre), protocol)
            occupied.append((centre, 5.0))
    for _ in range(min(int(rng.poisson(2.0)), 8)):
        centre = _find_room(rng, painted, 1.5, occupied, glandular=1.0)
        if centre is not None:
            inclusions.paint_blob(canvas, inclusions.draw_focus(rng, centre), protocol)


def _paint_lesions(
    rng: np.random.Generator, painted: Anatomy, scanner: Scanner, planned: list[Lesion]
) -> tuple[NDArray[np.uint8], list[Lesion]]:
    """Paint lesions in a random order of numbers; each voxel of the mask belongs to the first that fills half of it."""
    grid = painted.canvas.grid
    mask = np.zeros(grid.shape, dtype=np.uint8)
    found: list[Lesion] = []
    for index in rng.permutation(len(planned)):
        drawn = lesions.render(rng, planned[index], grid, painted.noise, scanner.protocol)
        free = (drawn.share > _MASK_SHARE) & (mask[drawn.box] == 0)
        if not free.any():
            continue
        painted.canvas.paint_box(drawn.box, drawn.share, drawn.signal)
        found.append(planned[index])
        mask[drawn.box][free] = len(found)
    return mask, found


def _truth(
    seed: int, number: int, painted: Anatomy, scanner: Scanner, found: list[Lesion]
) -> dict[str, object]:
    protocol = scanner.describe() | {
        "r1": RELAXIVITY,
        "posts_min": [seconds / 60.0 for seconds in POST_SECONDS],
    }
    return {
        "source": "procedural breast phantom, enriched with lesions of both classes for a reader study",
        "seed": seed,
        "patient": number,
        "density": painted.density.value,
        "protocol": protocol,
        "lesions": [lesion.truth(i) for i, lesion in enumerate(found, start=1)],
    }
