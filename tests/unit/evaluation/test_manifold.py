"""Precision, recall, density and coverage: points on a line counted by hand, and lemma 2 of Naeem 2020."""

import numpy as np
import pytest

from evaluation.core import manifold
from generation.core.errors import InputError

LINE = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])[:, None]


class TestBetweenSets:
    def test_on_a_line_by_hand(self) -> None:
        # Reals at 0..5. Third-nearest distances: 3, 2, 2, 2, 2, 3 (k = 3); fifth: 5, 4, 3, 3, 4, 5 (k = 5).
        # Fakes at 4.5, 6.5, 9, 20, 21, 22.
        fakes = np.array([4.5, 6.5, 9.0, 20.0, 21.0, 22.0])[:, None]
        found = manifold.between_sets(LINE, fakes)
        # 4.5 lies in the balls of 3, 4, 5; 6.5 in that of 5 (reach 8); 9 and the rest in none
        assert found.precision == pytest.approx(2 / 6)
        # third-nearest of the fakes: 15.5, 13.5, 11, 11, 12, 13 -> the ball of 4.5 reaches from -11 to 20
        assert found.recall == 1.0
        # k = 5 balls: 0 reaches 5, 1 reaches 5, 2 reaches 5, 3 reaches 6, 4 reaches 8, 5 reaches 10
        # 4.5 is in all six; 6.5 in those of 4 and 5; 9 in that of 5: nine memberships / (5 * 6)
        assert found.density == pytest.approx(9 / 30)
        assert found.coverage == 1.0

    def test_a_set_against_itself(self) -> None:
        points = np.random.default_rng(1).standard_normal((60, 7))
        found = manifold.between_sets(points, points)
        assert (found.precision, found.recall, found.coverage) == (1.0, 1.0, 1.0)
        assert found.density == pytest.approx(
            6 / 5
        )  # k + 1 points lie in each closed ball, its centre included

    def test_sets_apart(self) -> None:
        points = np.random.default_rng(2).standard_normal((30, 4))
        found = manifold.between_sets(points, points + 100)
        assert (found.precision, found.recall, found.density, found.coverage) == (0.0, 0.0, 0.0, 0.0)

    def test_one_repeated_fake_is_precise_and_covers_little(self) -> None:
        points = np.random.default_rng(3).standard_normal((200, 2))
        found = manifold.between_sets(points, np.repeat(points[:1], 50, axis=0))
        assert found.precision == 1.0
        assert found.recall < 0.02
        assert found.coverage < 0.1

    def test_expectations_for_equal_distributions(self) -> None:
        # Naeem 2020, lemmas 1 and 2: density 1; coverage 1 - (N-1)..(N-k) / ((M+N-1)..(M+N-k))
        rng = np.random.default_rng(4)
        runs = [
            manifold.between_sets(rng.standard_normal((80, 3)), rng.standard_normal((120, 3)))
            for _ in range(60)
        ]
        coverage = np.array([one.coverage for one in runs])
        density = np.array([one.density for one in runs])
        expected = manifold.expected_coverage(80, 120)
        assert expected == pytest.approx(
            1 - (79 * 78 * 77 * 76 * 75) / (199 * 198 * 197 * 196 * 195), rel=1e-12
        )
        assert abs(coverage.mean() - expected) < 4 * coverage.std(ddof=1) / np.sqrt(60)
        assert abs(density.mean() - 1) < 4 * density.std(ddof=1) / np.sqrt(60)

    def test_far_from_the_origin(self) -> None:
        rng = np.random.default_rng(5)
        a, b = rng.standard_normal((40, 6)), rng.standard_normal((40, 6))
        assert manifold.between_sets(a + 1e6, b + 1e6) == manifold.between_sets(a, b)

    def test_too_few_points_are_refused(self) -> None:
        with pytest.raises(InputError, match="more than 5 rows"):
            manifold.between_sets(LINE[:5], LINE)
