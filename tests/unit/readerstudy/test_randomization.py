from collections import Counter
from itertools import groupby, product

import pytest

from generation.core.errors import InputError
from readerstudy.core import randomization
from readerstudy.core.randomization import Extras
from readerstudy.core.session_state import Role

CLASSES = ("benign", "malignant", "no_findings")


def paper_strata() -> dict[str, randomization.Stratum]:
    """The test phase of Haarburger 2019: 80 real, 40 DCGAN and 40 WGAN panels of each class."""
    numbers = {"real": 80, "dcgan": 40, "wgan": 40}
    return {
        f"{source}-{lesion_class}-{i}": (source, lesion_class)
        for (source, n), lesion_class in product(numbers.items(), CLASSES)
        for i in range(n)
    }


class TestRankOrder:
    def test_known_answer(self):
        # printf '%s' 7:a | sha256sum, likewise for b, c and d; sorted by the digits.
        ranks = [randomization.rank(7, case)[:8] for case in "abcd"]
        assert ranks == ["82d9d62b", "ec2ad6f6", "18ec666c", "d3a3c601"]
        assert randomization.rank_order(7, "abcd") == ["c", "a", "d", "b"]

    def test_does_not_depend_on_how_the_ids_come_in(self):
        assert randomization.rank_order(3, ["x", "y", "z"]) == randomization.rank_order(3, ["z", "x", "y"])

    def test_another_seed_gives_another_order(self):
        ids = [f"c{i}" for i in range(50)]
        assert randomization.rank_order(1, ids) != randomization.rank_order(2, ids)

    def test_refuses_an_id_that_occurs_twice(self):
        with pytest.raises(ValueError, match="occurs twice"):
            randomization.rank_order(1, ["a", "a"])


class TestStrataOrder:
    def test_known_answer(self):
        # By hand from the first digits of `printf '%s' 3:deal:f1 | sha256sum` and so on.
        # deal: f1 1feb, f3 3fb0, f2 854c | r5 25b8, r3 333f, r4 4615, r1 63db, r2 a19f -> piles f1 r3, f3 r4, f2 r1, r5 r2
        # quarters: 2 1401, 1 566d, 3 7ee0, 0 8a8b
        # place: f2 0c08, r1 86ad | r4 8905, f3 9a7d | r2 e351, r5 fc48 | r3 4c55, f1 5a59
        strata = {f"f{i}": ("dcgan", "benign") for i in (1, 2, 3)}
        strata |= {f"r{i}": ("real", "benign") for i in (1, 2, 3, 4, 5)}
        assert randomization.strata_order(3, strata) == ["f2", "r1", "r4", "f3", "r2", "r5", "r3", "f1"]

    def test_each_quarter_of_the_paper_holds_the_planned_mix_exactly(self):
        strata = paper_strata()
        found = randomization.strata_order(11, strata)
        for quarter in range(4):
            mix = Counter(strata[case_id] for case_id in found[120 * quarter : 120 * (quarter + 1)])
            assert mix == {
                (source, lesion_class): n
                for source, n in {"real": 20, "dcgan": 10, "wgan": 10}.items()
                for lesion_class in CLASSES
            }

    def test_runs_within_a_quarter_are_as_many_as_chance_makes(self):
        # Wald and Wolfowitz 1940: 60 + 60 in random order make 1 + 2 * 60 * 60 / 120 = 61 runs on average, with
        # variance (61 - 1) * (61 - 2) / 119 = 29.75. Mean of 4 * 60 quarters: standard error 0.352, five of them 1.76.
        strata = paper_strata()
        n_runs = []
        for seed in range(60):
            is_real = [strata[case_id][0] == "real" for case_id in randomization.strata_order(seed, strata)]
            n_runs += [sum(1 for _ in groupby(is_real[start : start + 120])) for start in range(0, 480, 120)]
        assert abs(sum(n_runs) / len(n_runs) - 61) < 1.76

    def test_every_place_is_equally_likely_real(self):
        # 4 real + 4 synthetic: by symmetry each place is real in half of all seeds; five standard errors of 2,000.
        strata = {f"{source}{i}": (source, "benign") for source in ("dcgan", "real") for i in range(4)}
        orders = [randomization.strata_order(seed, strata) for seed in range(2_000)]
        for place in range(8):
            share = sum(strata[found[place]][0] == "real" for found in orders) / len(orders)
            assert abs(share - 0.5) < 5 * (0.5 * 0.5 / 2_000) ** 0.5


class TestOrder:
    def test_is_the_one_the_session_stored(self):
        strata = dict.fromkeys("abcd", ("real", "benign"))
        assert randomization.order(7, strata, algorithm="sha256-rank-v1") == ["c", "a", "d", "b"]
        assert randomization.order(7, strata) == randomization.strata_order(7, strata)

    def test_refuses_an_unknown_algorithm(self):
        with pytest.raises(
            InputError, match=r'"dice" is unknown; this software knows sha256-rank-v1 and sha256'
        ):
            randomization.order(7, {}, algorithm="dice")


class TestWithExtras:
    BASE = ("a", "b", "c", "d", "e", "f")

    def test_known_answer(self):
        # By hand from the first digits of `printf '%s' 9:repeat:a | sha256sum` and so on; N = 6, D = 2, so that a to d
        # may be repeated. repeat: a 4119, c 4b58, d b9d0, b ecc1
        # slot of the two, modulo N - p - D: a d334 mod 4 = 0, after c; c 9712 mod 2 = 0, after e
        # check: y 09ca, x d501; slots modulo 3: y 0, after a; x 0, after d
        extras = Extras(n_repeats=2, repeat_distance=2, checks=("x", "y"))
        places = randomization.with_extras(9, self.BASE, extras)
        assert [f"{place.case_id}-{place.role[0]}" for place in places] == [
            "a-f",
            "y-c",
            "b-f",
            "c-f",
            "a-r",
            "d-f",
            "x-c",
            "e-f",
            "c-r",
            "f-f",
        ]

    def test_nothing_to_add_is_the_order_itself(self):
        places = randomization.with_extras(9, self.BASE, Extras())
        assert [(place.case_id, place.role) for place in places] == [(case, Role.FIRST) for case in self.BASE]

    def test_each_part_of_the_test_has_one_check(self):
        base = [f"c{i:02d}" for i in range(30)]
        for seed in range(20):
            places = randomization.with_extras(seed, base, Extras(checks=("x", "y", "z")))
            n_before, parts = 0, []
            for place in places:
                n_before += place.role is Role.FIRST
                if place.role is Role.CHECK:
                    parts.append((n_before - 1) // 10)
            assert parts == [0, 1, 2]

    @pytest.mark.parametrize(
        "extras", [Extras(n_repeats=5, repeat_distance=2), Extras(checks=tuple("stuvwxy"))]
    )
    def test_refuses_more_than_there_is_room_for(self, extras):
        with pytest.raises(InputError, match="do not fit into 6 panels; ask for fewer"):
            randomization.with_extras(1, self.BASE, extras)


class TestSequence:
    def test_older_algorithms_know_no_extras(self):
        strata = dict.fromkeys("abcd", ("real", "benign"))
        for algorithm in ("sha256-rank-v1", "sha256-strata-v1"):
            places = randomization.sequence(7, strata, Extras(), algorithm=algorithm)
            assert [place.case_id for place in places] == randomization.order(7, strata, algorithm=algorithm)
            with pytest.raises(InputError, match="knows neither repeats nor attention checks"):
                randomization.sequence(7, strata, Extras(checks=("x",)), algorithm=algorithm)
