"""What a planned study can show: known powers of the paper's numbers, and what has no answer."""

import pytest

from evaluation.core import power
from evaluation.core.mrmc import power as mrmc_power
from evaluation.core.study_power import Assumptions, of_study
from generation.core.errors import InputError

PAPER = {"real": 240, "dcgan": 120, "wgan": 120}  # Haarburger 2019, section 4.2


def test_one_reader_of_the_papers_numbers() -> None:
    real, dcgan, wgan, everything = of_study(PAPER, Assumptions()).one_reader
    # Exact two-sided binomial test at .05 and true .60: sum of P(X = k | .6) over all k with p(k) <= .05.
    assert (round(dcgan.against_chance, 2), round(real.against_chance, 2)) == (0.54, 0.87)
    # TOST +-10 points, 80 %: 227 by exact search (214 by the normal approximation).
    assert {line.n_equivalence.n for line in (real, dcgan, wgan, everything) if line.n_equivalence} == {227}
    assert [(line.origin, line.n) for line in (real, dcgan, wgan, everything)] == [
        ("real", 240), ("dcgan", 120), ("wgan", 120), ("all", 480),
    ]  # fmt: skip


def test_two_generators() -> None:
    (pair,) = of_study(PAPER, Assumptions(accuracy=0.625, difference=0.075)).pairs
    # The layperson's .625 and .70 of Table 3: 622 fakes of each generator by the normal approximation.
    assert pair.n is not None
    assert pair.n.n == pytest.approx(622, abs=3)
    assert pair.power == power.exact_difference(120, 120, 0.625, 0.70)
    # With 120 fakes of each only a 17-point difference is seen from .60 (arcsine approximation).
    (pair,) = of_study(PAPER, Assumptions()).pairs
    assert round(pair.detectable or 0, 3) == 0.167


def test_several_readers_are_planned_with_the_multi_reader_test() -> None:
    line = of_study(PAPER, Assumptions(n_readers=8, reader_sd=0.05)).all_readers[-1]
    components = mrmc_power.assumed(0.60, 0.05, 0.10, 480)
    assert line.power == mrmc_power.against_chance(components, 8, 0.60 - 0.5)
    assert line.n_readers == mrmc_power.n_readers_against_chance(components, 0.60 - 0.5)


def test_readers_who_differ_more_show_less() -> None:
    alike, apart = (of_study(PAPER, Assumptions(reader_sd=sd)).all_readers[-1] for sd in (0.02, 0.2))
    assert alike.power is not None
    assert apart.power is not None
    assert alike.power > apart.power


def test_one_reader_has_no_power_for_others() -> None:
    found = of_study(PAPER, Assumptions(n_readers=1))
    assert {line.power for line in found.all_readers} == {None}
    assert found.pairs[0].readers_power is None


def test_at_chance_no_number_of_panels_is_enough() -> None:
    found = of_study(PAPER, Assumptions(accuracy=0.5))
    assert {line.n_against_chance for line in found.one_reader} == {None}
    assert {line.n_readers for line in found.all_readers} == {None}


def test_every_pair_of_generators_is_compared_once() -> None:
    found = of_study({"real": 30, "a": 10, "b": 10, "c": 10, "unused": 0}, Assumptions())
    assert [(pair.first, pair.second) for pair in found.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert of_study({"real": 30, "a": 10}, Assumptions()).pairs == ()


@pytest.mark.parametrize("panels", [{"real": 10}, {"dcgan": 10}, {"real": 0, "dcgan": 3}, {}])
def test_real_and_generated_panels_are_needed(panels: dict[str, int]) -> None:
    with pytest.raises(InputError, match="Give real panels a number, and at least one generator"):
        of_study(panels, Assumptions())


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("accuracy", 1.0, "true accuracy of 100%"),
        ("margin", 0.5, "margin of 50 points"),
        ("difference", 0.4, "leaves the scale; give more than 0 and less than 40"),
        ("n_readers", 0, "0 readers cannot be planned with"),
        ("reader_sd", 0.5, "50 points between readers"),
        ("case_correlation", 1.0, "correlation of 1 cannot"),
    ],
)
def test_an_assumption_out_of_range_is_named(field: str, value: float, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        Assumptions(**{field: value})  # type: ignore[arg-type]
    assert refused.value.field == field
