"""Class fidelity: does a classifier of real lesions find in generated patches the class they were asked to show?

A multinomial logistic regression on principal components of an extractor's features and on the contrast kinetics. It is
convex, so its answer does not depend on a seed. What it reaches on reals of patients it has not seen stands beside every
number: a generator cannot be blamed for what the classifier does not see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, special

from generation.core.errors import InputError

N_FOLDS: Final = 5
MAX_COMPONENTS: Final = 50
PENALTY: Final = (
    1e-2  # of the squared weights, per patch; one fixed value, so nothing is tuned on what is measured
)
MIN_PER_CLASS: Final = 5
_NO_VARIANCE: Final = 1e-10  # of the largest: rounding

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class ClassFidelity:
    """Shares of patches per class that the classifier gives the class they bear.

    Parameters
    ----------
    classes : names, in the order of the confusion tables
    real_recall : of reals of held-out patients, per class
    fake_recall : of generated patches, per class; None for a class that was not generated
    real_confusion, fake_confusion : rows the class borne, columns the class given, counts
    real_balanced, fake_balanced : mean of the recalls over the classes
    n_folds : patient-wise folds
    note : why nothing is given, or what weakens it
    """

    classes: tuple[str, ...]
    real_recall: tuple[float | None, ...]
    fake_recall: tuple[float | None, ...]
    real_confusion: tuple[tuple[int, ...], ...]
    fake_confusion: tuple[tuple[int, ...], ...]
    real_balanced: float | None
    fake_balanced: float | None
    n_folds: int
    note: str


@dataclass(frozen=True)
class Classifier:
    """Standardization, components and weights of a fitted regression."""

    mean: Matrix
    scale: Matrix
    axes: Matrix
    component_scale: Matrix
    weights: Matrix  # (components + 1, classes)

    def classify(self, features: Matrix) -> Labels:
        """Give the most probable class of every row, (n,)."""
        inputs = _components(features, self.mean, self.scale, self.axes) / self.component_scale
        return np.asarray((_with_one(inputs) @ self.weights).argmax(axis=1), dtype=np.int64)


def assess(
    reals: Matrix,
    real_labels: Labels,
    patients: Sequence[str],
    fakes: Matrix,
    fake_labels: Labels,
    names: Sequence[str],
) -> ClassFidelity:
    """Fit on reals, test on reals of other patients and on generated patches.

    Parameters
    ----------
    reals : (n, d) features
    real_labels : (n,) positions in `names`
    patients : n names; no patient is in the fit and in the test of one fold
    fakes : (m, d) features
    fake_labels : (m,) positions in `names`
    names : classes

    Source: Shmelkov 2018, arXiv:1807.09499, section 3 (GAN-test: train on reals, test on fakes).
    """
    counts = np.bincount(real_labels, minlength=len(names))
    kept = [i for i in range(len(names)) if counts[i] >= MIN_PER_CLASS]
    n_folds = min(N_FOLDS, len(set(patients)))
    if len(kept) < 2 or n_folds < 2:
        return _nothing(
            f"Not assessed: a classifier needs {MIN_PER_CLASS} real patches in each of two classes and two patients."
        )
    position = np.full(len(names), -1)
    position[kept] = np.arange(len(kept))
    is_real, is_fake = position[real_labels] >= 0, position[fake_labels] >= 0
    x, y = np.asarray(reals, dtype=np.float64)[is_real], position[real_labels[is_real]]
    groups = np.asarray(patients)[is_real]
    given = _held_out(x, y, groups, len(kept), n_folds)
    if given is None:
        return _nothing("Not assessed: in some fold a class is left without training patches; add patients.")
    confusion = _confusion(y, given, len(kept))
    bearing = position[fake_labels[is_fake]]
    fake_given = fit(x, y, len(kept)).classify(np.asarray(fakes, dtype=np.float64)[is_fake])
    fake_confusion = _confusion(bearing, fake_given, len(kept))
    real_recall, fake_recall = _recalls(confusion), _recalls(fake_confusion)
    left_out = [
        name for i, name in enumerate(names) if i not in kept and counts[i] + (fake_labels == i).sum()
    ]
    return ClassFidelity(
        classes=tuple(names[i] for i in kept),
        real_recall=real_recall,
        fake_recall=fake_recall,
        real_confusion=tuple(tuple(int(v) for v in row) for row in confusion),
        fake_confusion=tuple(tuple(int(v) for v in row) for row in fake_confusion),
        real_balanced=_balanced(real_recall),
        fake_balanced=_balanced(fake_recall),
        n_folds=n_folds,
        note=f"Left out for want of reals: {', '.join(left_out)}." if left_out else "",
    )


def fit(features: Matrix, labels: Labels, n_classes: int) -> Classifier:
    """Fit a ridge-penalized multinomial logistic regression; every class weighs the same, however rare.

    Parameters
    ----------
    features : (n, d) floats
    labels : (n,) 0 .. n_classes - 1, each at least once

    Raises
    ------
    InputError
        If a class has no row.

    Source: Hastie, Tibshirani & Friedman 2009, section 4.4 (logistic regression), 3.5.1 (principal components).
    """
    counts = np.bincount(labels, minlength=n_classes)
    if (counts == 0).any():
        raise InputError("A class has no patch to fit a classifier on; leave the class out.")
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 1e-9 * (1.0 + np.abs(mean)), scale, 1.0)
    standard = (features - mean) / scale
    axes = _principal_axes(standard)
    components = standard @ axes
    component_scale = np.where(components.std(axis=0) > 1e-9, components.std(axis=0), 1.0)
    inputs = _with_one(components / component_scale)
    shares = 1.0 / (n_classes * counts[labels])  # weights of the rows; they sum to 1
    one_hot = np.eye(n_classes)[labels]

    def objective(flat: Matrix) -> tuple[float, Matrix]:
        weights = flat.reshape(inputs.shape[1], n_classes)
        scores = inputs @ weights
        log_p = scores - special.logsumexp(scores, axis=1, keepdims=True)
        slopes = weights.copy()
        slopes[-1] = 0.0  # the constant is not penalized
        loss = -float(shares @ (one_hot * log_p).sum(axis=1)) + 0.5 * PENALTY * float((slopes**2).sum())
        gradient = inputs.T @ (shares[:, None] * (np.exp(log_p) - one_hot)) + PENALTY * slopes
        return loss, gradient.ravel()

    start = np.zeros(inputs.shape[1] * n_classes)
    found = optimize.minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return Classifier(mean, scale, axes, component_scale, found.x.reshape(inputs.shape[1], n_classes))


def _held_out(x: Matrix, y: Labels, groups: NDArray[np.str_], n_classes: int, n_folds: int) -> Labels | None:
    """Class given to every real by a classifier that has not seen its patient; patients are dealt to folds by name."""
    names = np.unique(groups)
    fold_of = {name: i % n_folds for i, name in enumerate(names)}
    folds = np.array([fold_of[name] for name in groups])
    given = np.empty(len(y), dtype=np.int64)
    for fold in range(n_folds):
        inside, outside = folds == fold, folds != fold
        if not inside.any():
            continue
        if len(np.unique(y[outside])) < n_classes:
            return None
        given[inside] = fit(x[outside], y[outside], n_classes).classify(x[inside])
    return given


def _principal_axes(standard: Matrix) -> Matrix:
    """Directions of most variance, (d, k), from the smaller of the two matrices of products."""
    n, d = standard.shape
    k = min(MAX_COMPONENTS, n - 1, d)
    if n > d:
        return np.asarray(linalg.eigh(standard.T @ standard, subset_by_index=(d - k, d - 1))[1])
    values, vectors = linalg.eigh(standard @ standard.T, subset_by_index=(n - k, n - 1))
    kept = values > _NO_VARIANCE * values[-1]
    return np.asarray(standard.T @ (vectors[:, kept] / np.sqrt(values[kept])))


def _components(features: Matrix, mean: Matrix, scale: Matrix, axes: Matrix) -> Matrix:
    return np.asarray(((features - mean) / scale) @ axes)


def _with_one(inputs: Matrix) -> Matrix:
    return np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)


def _confusion(borne: Labels, given: Labels, n_classes: int) -> NDArray[np.int64]:
    return np.bincount(borne * n_classes + given, minlength=n_classes**2).reshape(n_classes, n_classes)


def _recalls(confusion: NDArray[np.int64]) -> tuple[float | None, ...]:
    return tuple(float(row[i] / row.sum()) if row.sum() else None for i, row in enumerate(confusion))


def _balanced(recalls: tuple[float | None, ...]) -> float | None:
    known = [one for one in recalls if one is not None]
    return float(np.mean(known)) if known else None


def _nothing(why: str) -> ClassFidelity:
    return ClassFidelity((), (), (), (), (), None, None, 0, why)
