"""Obuchowski and Rockette's analysis of variance with Hillis' degrees of freedom.

Readers and cases are each random (the claim generalizes to others like them) or fixed (it speaks of these alone).
"""

from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal

from scipy.special import chdtrc, fdtrc

from evaluation.core.inference import Inference, from_variance, not_estimable
from evaluation.core.mrmc import error_covariance
from evaluation.core.mrmc.error_covariance import CovarianceMethod, ErrorCovariances
from evaluation.core.mrmc.merit import Merit
from evaluation.core.mrmc.ratings import Floats

Randomness = Literal["RRRC", "FRRC", "RRFC"]
RRRC: Final = "RRRC"  # random readers, random cases
FRRC: Final = "FRRC"  # fixed readers, random cases
RRFC: Final = "RRFC"  # random readers, fixed cases
FEW_READERS: Final = 4  # with fewer, the variance between readers rests on one or two degrees of freedom

ONE_READER: Final = (
    "with one reader the variance between readers is not estimable; only this reader is described"
)
EQUAL_READERS: Final = "all readers have the same value, so the variance between readers is not estimable"
EQUAL_DIFFERENCES: Final = (
    "all readers have the same difference, MS(TR) = 0, so the variance between readers is not estimable"
)


@dataclass(frozen=True)
class FTest:
    """A test that all arms are equal: F with df1 and df2, or chi-square / df1 where df2 is absent.

    Attributes
    ----------
    statistic, df1, df2, p : absent where not estimable, except df1
    reason : why; empty where estimable
    """

    randomness: str
    statistic: float | None
    df1: float
    df2: float | None
    p: float | None
    reason: str = ""


@dataclass(frozen=True)
class ObuchowskiRockette:
    """Figures of merit (I, J) with the covariances of their errors (I, J, I, J).

    Source: Obuchowski & Rockette 1995, Commun Stat Simul Comput 24:285-308; Hillis 2007, Stat Med 26:596-619,
    doi:10.1002/sim.2532; Hillis 2014, Stat Med 33:330-360, doi:10.1002/sim.5926 (single arm, fixed factors).
    """

    values: Floats
    covariances: Floats
    method: str

    @property
    def n_arms(self) -> int:
        """I."""
        return int(self.values.shape[0])

    @property
    def n_readers(self) -> int:
        """J."""
        return int(self.values.shape[1])

    @property
    def means(self) -> Floats:
        """(I,) reader averages."""
        averages: Floats = self.values.mean(axis=1)
        return averages

    @property
    def errors(self) -> ErrorCovariances:
        """Mean variance and covariances of the errors."""
        return error_covariance.average(self.covariances)

    @property
    def ms_t(self) -> float | None:
        """Mean square of arms; absent with one arm."""
        if self.n_arms < 2:
            return None
        return float(self.n_readers * self.means.var(ddof=1))

    @property
    def ms_r(self) -> float | None:
        """Mean square of readers; absent with one reader."""
        if self.n_readers < 2:
            return None
        return float(self.n_arms * self.values.mean(axis=0).var(ddof=1))

    @property
    def ms_tr(self) -> float | None:
        """Mean square of the interaction; absent with one arm or one reader."""
        if self.n_arms < 2 or self.n_readers < 2:
            return None
        rest = self.values - self.means[:, None] - self.values.mean(axis=0) + self.values.mean()
        return float((rest**2).sum() / ((self.n_arms - 1) * (self.n_readers - 1)))

    @property
    def var_reader(self) -> float | None:
        """Variance between readers, of one arm or common to all; may be negative by sampling error."""
        e, ms_r, ms_tr = self.errors, self.ms_r, self.ms_tr
        if ms_r is None or e.cov2 is None:
            return None
        if ms_tr is None or e.cov1 is None or e.cov3 is None:
            return ms_r - e.variance + e.cov2
        return (ms_r - ms_tr) / self.n_arms - e.cov1 + e.cov3

    @property
    def var_arm_reader(self) -> float | None:
        """Variance of readers' differences between arms; may be negative by sampling error."""
        e, ms_tr = self.errors, self.ms_tr
        if ms_tr is None or e.cov1 is None or e.cov2 is None or e.cov3 is None:
            return None
        return ms_tr - e.variance + e.cov1 + e.cov2 - e.cov3

    @property
    def negative_components(self) -> tuple[str, ...]:
        """Variance components and covariances whose estimate is negative, as `name = value`."""
        e = self.errors
        named = {
            "var(reader)": self.var_reader,
            "var(arm x reader)": self.var_arm_reader,
            "cov1": e.cov1,
            "cov2": e.cov2,
            "cov3": e.cov3,
        }
        return tuple(
            f"{name} = {value:.3g}" for name, value in named.items() if value is not None and value < 0
        )

    def arm(self, index: int) -> "ObuchowskiRockette":
        """Keep one arm."""
        return ObuchowskiRockette(self.values[[index]], self.covariances[[index]][:, :, [index]], self.method)

    def pair(self, first: int, second: int) -> "ObuchowskiRockette":
        """Keep two arms."""
        return ObuchowskiRockette(
            self.values[[first, second]],
            self.covariances[[first, second]][:, :, [first, second]],
            self.method,
        )


def analyse(merit: Merit, method: CovarianceMethod = "jackknife") -> ObuchowskiRockette:
    """Estimate the covariances of the errors and set up the analysis of variance.

    Parameters
    ----------
    merit : figures of merit of I arms and J readers
    method : how error covariances are estimated
    """
    return ObuchowskiRockette(merit.values, error_covariance.matrix(merit, method), f"or-{method}")


def single(study: ObuchowskiRockette, index: int, randomness: Randomness, null: float = 0.5) -> Inference:
    """Test the reader average of one arm against `null`, from the data of this arm alone.

    Parameters
    ----------
    index : number of the arm
    randomness : "RRRC", "FRRC" or "RRFC"

    Source: Hillis 2007, section 5.3: se = sqrt((MS(R) + J max(cov2, 0)) / J), df = (MS(R) + J max(cov2, 0))^2 /
    (MS(R)^2 / (J - 1)).
    """
    arm = study.arm(index)
    mean, j, e = float(arm.means[0]), arm.n_readers, arm.errors
    shared = max(e.cov2 or 0.0, 0.0)
    if randomness == FRRC:
        return from_variance(mean, (e.variance + (j - 1) * shared) / j, None, null, study.method)
    ms_r = arm.ms_r
    if ms_r is None:
        return not_estimable(mean, null, study.method, ONE_READER)
    if _is_zero(ms_r):
        return not_estimable(mean, null, study.method, EQUAL_READERS)
    if randomness == RRFC:
        return Inference(mean, sqrt(ms_r / j), float(j - 1), null, study.method)
    total = ms_r + j * shared
    return Inference(mean, sqrt(total / j), total**2 / (ms_r**2 / (j - 1)), null, study.method)


def difference(study: ObuchowskiRockette, first: int, second: int, randomness: Randomness) -> Inference:
    """Compare the reader averages of two arms, first minus second, from the data of these two.

    Source: Hillis 2007, equations 13-16: variance (2 / J) (MS(TR) + J max(cov2 - cov3, 0)), df =
    (MS(TR) + J max(cov2 - cov3, 0))^2 / (MS(TR)^2 / ((I - 1)(J - 1))).
    """
    pair = study.pair(first, second)
    estimate, j = float(pair.means[0] - pair.means[1]), pair.n_readers
    parts = _denominator(pair, randomness)
    if isinstance(parts, str):
        return not_estimable(estimate, 0.0, study.method, parts)
    denominator, df2 = parts
    return from_variance(estimate, 2 / j * denominator, df2, 0.0, study.method)


def overall(study: ObuchowskiRockette, randomness: Randomness) -> FTest:
    """Test that all arms have the same reader average.

    Source: Hillis 2007, equations 13 and 14; for two arms F is the square of the t of `difference`.
    """
    df1 = float(study.n_arms - 1)
    ms_t = study.ms_t
    if ms_t is None:
        return FTest(randomness, None, df1, None, None, "one arm has nothing to be compared with")
    parts = _denominator(study, randomness)
    if isinstance(parts, str):
        return FTest(randomness, None, df1, None, None, parts)
    denominator, df2 = parts
    if denominator <= 0:
        return FTest(randomness, None, df1, df2, None, f"the denominator of F is {denominator:.3g}")
    statistic = ms_t / denominator
    if df2 is None:
        return FTest(randomness, statistic, df1, None, float(chdtrc(df1, df1 * statistic)))
    return FTest(randomness, statistic, df1, df2, float(fdtrc(df1, df2, statistic)))


def _denominator(study: ObuchowskiRockette, randomness: Randomness) -> tuple[float, float | None] | str:
    """Give the denominator of F and its degrees of freedom, or the reason why there is none."""
    e, j = study.errors, study.n_readers
    shared = max((e.cov2 or 0.0) - (e.cov3 or 0.0), 0.0)
    if randomness == FRRC:
        return e.variance - (e.cov1 or 0.0) + (j - 1) * shared, None
    ms_tr = study.ms_tr
    if ms_tr is None:
        return ONE_READER
    if _is_zero(ms_tr):
        return EQUAL_DIFFERENCES
    df = float((study.n_arms - 1) * (j - 1))
    if randomness == RRFC:
        return ms_tr, df
    total = ms_tr + j * shared
    return total, total**2 / (ms_tr**2 / df)


def _is_zero(mean_square: float) -> bool:
    """Equal fractions differ by rounding errors of 1e-17, whose squares are no variance."""
    return mean_square < 1e-24
