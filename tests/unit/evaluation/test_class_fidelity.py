"""The classifier of lesion classes: separable and hopeless cases, and patients kept apart."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from evaluation.core import class_fidelity
from generation.core.errors import InputError

NAMES = ("benign", "malignant", "no_findings")


def make_classes(
    n: int, seed: int, gap: float = 4.0, n_classes: int = 3
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_classes), n)
    features = rng.standard_normal((n * n_classes, 6))
    features[np.arange(len(labels)), labels] += gap
    return features, labels


def patients_of(n: int) -> list[str]:
    return [f"P{i % 12:02d}" for i in range(n)]


class TestFit:
    def test_same_boundary_as_scikit_learn(self) -> None:
        x, y = make_classes(30, 1, gap=2.0)
        ours = class_fidelity.fit(x, y, 3)
        # The same objective there: components rotate and rescale, so compare on whitened inputs.
        inputs = ((x - ours.mean) / ours.scale) @ ours.axes / ours.component_scale
        # ours: mean loss + penalty / 2 |w|^2; theirs: C * sum of losses + |w|^2 / 2, so C = 1 / (penalty * n)
        theirs = LogisticRegression(C=1 / (class_fidelity.PENALTY * len(x)), tol=1e-10, max_iter=5000)
        expected = theirs.fit(inputs, y).predict(inputs)
        assert (ours.classify(x) == expected).mean() > 0.98

    def test_rare_classes_weigh_the_same(self) -> None:
        x, y = make_classes(200, 2, gap=1.0, n_classes=2)
        kept = np.concatenate([np.arange(200), np.arange(200, 220)])
        given = class_fidelity.fit(x[kept], y[kept], 2).classify(x)
        assert (given[y == 1] == 1).mean() > 0.5

    def test_an_absent_class_is_refused(self) -> None:
        with pytest.raises(InputError, match="no patch to fit"):
            class_fidelity.fit(np.zeros((4, 2)), np.array([0, 0, 2, 2]), 3)


class TestAssess:
    def test_classes_that_are_what_they_say(self) -> None:
        x, y = make_classes(40, 3)
        fakes, asked = make_classes(20, 4)
        found = class_fidelity.assess(x, y, patients_of(120), fakes, asked, NAMES)
        assert found.classes == NAMES
        assert found.real_balanced is not None
        assert found.real_balanced > 0.9
        assert found.fake_balanced is not None
        assert found.fake_balanced > 0.9
        assert np.sum(found.real_confusion) == 120
        assert np.sum(found.fake_confusion) == 60

    def test_a_generator_that_swaps_two_classes(self) -> None:
        x, y = make_classes(40, 5)
        fakes, asked = make_classes(20, 6)
        swapped = np.array([1, 0, 2])[asked]
        found = class_fidelity.assess(x, y, patients_of(120), fakes, swapped, NAMES)
        assert found.fake_recall[0] is not None
        assert found.fake_recall[0] < 0.1
        assert found.fake_recall[2] is not None
        assert found.fake_recall[2] > 0.9

    def test_patients_are_not_in_fit_and_test_at_once(self) -> None:
        # every patient has its own direction and one class: knowing the patient is knowing the class,
        # but a classifier that has not seen the patient can only guess
        rng = np.random.default_rng(7)
        own = rng.standard_normal((24, 200)) * 5
        patient = np.repeat(np.arange(24), 8)
        x = own[patient] + rng.standard_normal((192, 200))
        y = (patient % 2).astype(np.int64)
        names = [f"P{i:02d}" for i in patient]
        found = class_fidelity.assess(x, y, names, x, y, NAMES)
        assert found.real_balanced is not None
        assert 0.1 < found.real_balanced < 0.9
        assert found.fake_balanced == 1.0  # the "fakes" here are the training patches themselves

    def test_a_class_that_was_not_generated(self) -> None:
        x, y = make_classes(20, 8)
        found = class_fidelity.assess(x, y, patients_of(60), x[y < 2], y[y < 2], NAMES)
        assert found.fake_recall[2] is None
        assert found.fake_balanced is not None

    def test_a_rare_class_is_left_out_and_named(self) -> None:
        x, y = make_classes(20, 9)
        kept = y != 2
        kept[-3:] = True
        found = class_fidelity.assess(
            x[kept], y[kept], patients_of(int(kept.sum())), x[y == 2], y[y == 2], NAMES
        )
        assert found.classes == ("benign", "malignant")
        assert found.note == "Left out for want of reals: no_findings."
        assert found.fake_balanced is None

    @pytest.mark.parametrize("patients", [["P"] * 60, [""] * 60])
    def test_one_patient_is_not_enough(self, patients: list[str]) -> None:
        x, y = make_classes(20, 10)
        found = class_fidelity.assess(x, y, patients, x, y, NAMES)
        assert (found.classes, found.real_balanced) == ((), None)
        assert found.note.startswith("Not assessed: a classifier needs")
