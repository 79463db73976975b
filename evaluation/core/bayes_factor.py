"""Bayes factor of a fraction correct against chance: evidence for guessing as well as against it."""

from dataclasses import dataclass
from math import exp, log
from typing import Final

from scipy.special import betaln

from evaluation.core.proportions import Proportion

PRIOR: Final = "uniform prior on (0, 1)"
METHOD: Final = "bayes-factor-uniform"
_LARGEST_LOG: Final = 709.0  # exp of more overflows a double


@dataclass(frozen=True)
class BayesFactor:
    """Evidence for "the reader's probability is not .5" (1) over "it is .5" (0).

    Attributes
    ----------
    log_bf10 : natural logarithm; positive speaks against chance, negative for it
    """

    log_bf10: float

    @property
    def bf10(self) -> float | None:
        """The factor in favour of a probability other than .5; absent where a double cannot hold it."""
        return exp(self.log_bf10) if self.log_bf10 <= _LARGEST_LOG else None

    @property
    def bf01(self) -> float | None:
        """The factor in favour of chance; absent where a double cannot hold it."""
        return exp(-self.log_bf10) if -self.log_bf10 <= _LARGEST_LOG else None

    @property
    def log10_bf10(self) -> float:
        """Decimal logarithm of the factor."""
        return self.log_bf10 / log(10)


def against_chance(proportion: Proportion) -> BayesFactor:
    """Compute BF10 = B(k + 1, n - k + 1) 2^n in logarithms; with no trials it is 1.

    Parameters
    ----------
    proportion : correct answers of one reader

    Source: Jeffreys 1961, Theory of Probability, section 5.1: marginal likelihood under a uniform prior over that at .5.
    """
    k, n = proportion.n_correct, proportion.n
    return BayesFactor(float(betaln(k + 1, n - k + 1)) + n * log(2))
