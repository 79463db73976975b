"""Planning a study of several readers: power of the multi-reader tests from assumed or pilot components."""

from dataclasses import dataclass, replace
from math import isnan, sqrt
from typing import Final

from scipy.special import chdtr, ncfdtr, ndtr, ndtri, stdtrit

from evaluation.core.equivalence import ALPHA
from evaluation.core.mrmc.obuchowski_rockette import ObuchowskiRockette
from evaluation.core.power import TARGET
from generation.core.errors import InputError

MAX_READERS: Final = 100
_LARGE_DF: Final = 1e6  # from here on Student's t is normal to more digits than anyone prints


@dataclass(frozen=True)
class Components:
    """Variance components on the scale of a figure of merit between 0 and 1, for one number of cases.

    Attributes
    ----------
    n_cases : cases that `variance` and the covariances belong to
    var_reader : between readers, in one arm (single-arm test) or common to the arms
    var_arm_reader : of readers' differences between two arms
    variance, cov1, cov2, cov3 : of the errors; covariances as in `ErrorCovariances`
    """

    n_cases: int
    var_reader: float
    variance: float
    cov2: float
    var_arm_reader: float = 0.0
    cov1: float = 0.0
    cov3: float = 0.0

    def __post_init__(self) -> None:
        if self.n_cases < 1 or self.variance <= 0:
            raise InputError(
                f"{self.n_cases} cases with an error variance of {self.variance} cannot be planned with; "
                "give at least one case and a positive variance."
            )

    def for_cases(self, n_cases: int) -> "Components":
        """Scale the errors to another number of cases of the same mix; the readers stay as they are."""
        if n_cases < 1:
            raise InputError(f"{n_cases} cases are not enough for a study; give at least 1.")
        ratio = self.n_cases / n_cases
        return replace(
            self,
            n_cases=n_cases,
            variance=ratio * self.variance,
            cov1=ratio * self.cov1,
            cov2=ratio * self.cov2,
            cov3=ratio * self.cov3,
        )


def assumed(accuracy: float, reader_sd: float, case_correlation: float, n_cases: int) -> Components:
    """Make components for the fraction correct of one arm from three assumptions.

    Parameters
    ----------
    accuracy : mean of the readers' probabilities of a correct answer
    reader_sd : their standard deviation
    case_correlation : correlation of two readers' correctness on the same case (some cases fool everyone)
    n_cases : cases that each reader judges

    Raises
    ------
    InputError
        If an assumption is out of range.
    """
    if not 0 < accuracy < 1:
        raise InputError(f"Accuracy {accuracy} is not between 0 and 1; give a fraction such as 0.60.")
    if reader_sd < 0 or not 0 <= case_correlation < 1:
        raise InputError(
            f"Reader standard deviation {reader_sd} and case correlation {case_correlation} cannot be used; "
            "the first is at least 0, the second from 0 to below 1."
        )
    if n_cases < 1:
        raise InputError(f"{n_cases} cases are not enough for a study; give at least 1.")
    variance = accuracy * (1 - accuracy) / n_cases
    return Components(n_cases, reader_sd**2, variance, case_correlation * variance)


def assumed_pair(
    rates: tuple[float, float], reader_sd: float, case_correlation: float, n_fakes: int
) -> Components:
    """Make components for the detection rates of two generators, whose fakes are different cases.

    Errors in different arms share no case, so cov1 = cov3 = 0.

    Parameters
    ----------
    rates : detection rate of each generator
    reader_sd : standard deviation, over readers, of the difference of a reader's two rates
    case_correlation : correlation of two readers' answers to the same fake
    n_fakes : fakes of each generator
    """
    middle = assumed(sum(rates) / 2, reader_sd, case_correlation, n_fakes)
    # var(arm x reader) is the variance of one arm's interaction; a difference has two of them.
    return replace(middle, var_reader=0.0, var_arm_reader=reader_sd**2 / 2)


def of_pilot(study: ObuchowskiRockette, n_cases: int) -> Components:
    """Take the components of a pilot analysis of one arm, or of two.

    Raises
    ------
    InputError
        With one reader.
    """
    e, var_reader = study.errors, study.var_reader
    if var_reader is None or e.cov2 is None:
        raise InputError("The pilot has one reader; a study of several is planned from at least two.")
    return Components(
        n_cases=n_cases,
        var_reader=var_reader,
        variance=e.variance,
        cov2=e.cov2,
        var_arm_reader=study.var_arm_reader or 0.0,
        cov1=e.cov1 or 0.0,
        cov3=e.cov3 or 0.0,
    )


def against_chance(components: Components, n_readers: int, effect: float, alpha: float = ALPHA) -> float:
    """Compute the power to tell the reader average from chance; random readers and random cases.

    Parameters
    ----------
    components : of one arm, for the planned number of cases (see `Components.for_cases`)
    n_readers : J >= 2
    effect : true reader average minus .5

    Raises
    ------
    InputError
        With fewer than two readers or a level that is none.

    Source: Hillis, Obuchowski & Berbaum 2011, Acad Radiol 18:129-142, doi:10.1016/j.acra.2010.09.007, for the
    single-arm test of Hillis 2007: se^2 = (E MS(R) + J cov2) / J, df = (E MS(R) + J cov2)^2 (J - 1) / (E MS(R))^2.
    """
    _check(n_readers, alpha)
    shared = max(components.cov2, 0.0)
    own = max(components.var_reader, 0.0) + max(components.variance - shared, 0.0)
    total = own + n_readers * shared
    return _power_of_t(abs(effect) / sqrt(total / n_readers), _df(total, own, n_readers), alpha)


def of_difference(components: Components, n_readers: int, effect: float, alpha: float = ALPHA) -> float:
    """Compute the power to tell two arms apart; random readers and random cases.

    Parameters
    ----------
    components : of two arms, for the planned number of cases
    n_readers : J >= 2
    effect : true difference of the reader averages

    Raises
    ------
    InputError
        As `against_chance`.

    Source: Hillis, Obuchowski & Berbaum 2011 (above), equations 10 and 11.
    """
    _check(n_readers, alpha)
    c = components
    shared = max(c.cov2 - c.cov3, 0.0)
    own = max(c.var_arm_reader, 0.0) + max(c.variance - c.cov1 - shared, 0.0)
    total = own + n_readers * shared
    if total <= 0:
        raise InputError("The components leave no variance to plan with; give a positive one.")
    return _power_of_t(abs(effect) * sqrt(n_readers / 2 / total), _df(total, own, n_readers), alpha)


def n_readers_against_chance(
    components: Components, effect: float, target: float = TARGET, alpha: float = ALPHA
) -> int | None:
    """Find how many readers tell their average from chance; absent if 100 do not."""
    return next(
        (j for j in range(2, MAX_READERS + 1) if against_chance(components, j, effect, alpha) >= target), None
    )


def n_readers_for_difference(
    components: Components, effect: float, target: float = TARGET, alpha: float = ALPHA
) -> int | None:
    """Find how many readers tell two arms apart; absent if 100 do not."""
    return next(
        (j for j in range(2, MAX_READERS + 1) if of_difference(components, j, effect, alpha) >= target), None
    )


def _df(total: float, own: float, n_readers: int) -> float:
    """Satterthwaite's degrees of freedom; infinite where readers do not differ at all."""
    return float("inf") if own == 0 else total**2 * (n_readers - 1) / own**2


def _power_of_t(noncentrality: float, df: float, alpha: float) -> float:
    if df > _LARGE_DF:
        limit = float(ndtri(1 - alpha / 2))
        return float(ndtr(noncentrality - limit) + ndtr(-noncentrality - limit))
    limit = float(stdtrit(df, 1 - alpha / 2))
    power = float(1 - ncfdtr(1, df, noncentrality**2, limit**2))
    if isnan(power):  # so far from the null that only the spread of the standard error is left
        return float(chdtr(df, df * (noncentrality / limit) ** 2))
    return power


def _check(n_readers: int, alpha: float) -> None:
    if n_readers < 2:
        raise InputError(
            f"{n_readers} reader cannot stand for others; plan with at least two, better four or more."
        )
    if not 0 < alpha < 1:
        raise InputError(f"Level {alpha} is not between 0 and 1; give a fraction such as 0.05.")
