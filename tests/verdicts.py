"""What classifiers make of what an attacker took down: how well they tell real from synthetic, with an interval."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits


@dataclass(frozen=True)
class Verdict:
    """How well one classifier told real from synthetic on trials it had not learned from."""

    evidence: str
    classifier: str
    auc: float
    low: float
    high: float

    @property
    def is_chance(self) -> bool:
        return self.low <= 0.5 <= self.high

    @property
    def is_leak(self) -> bool:
        return self.low > 0.5

    def __str__(self) -> str:
        return f"{self.evidence}, {self.classifier}: AUC {self.auc:.3f} ({self.low:.3f} to {self.high:.3f})"


def attack(
    evidence: str, features: NDArray[np.float64], is_real: NDArray[np.bool_], *, level: float
) -> list[Verdict]:
    """Let two classifiers learn from the first half of a session and guess the second; their intervals keep the level together.

    The half is kept apart for the sake of the interval: scores of a k-fold cross-validation depend on each other by the
    trials that their classifiers share, and DeLong's variance does not know that. With labels permuted within quarters,
    95 % intervals of four folds missed .5 in 15 % of 60 permutations (standard deviation .035, not .026).
    """
    classifiers = {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500)),
        "gradient boosting": HistGradientBoostingClassifier(
            max_iter=40, max_depth=3, learning_rate=0.1, early_stopping=False, random_state=0
        ),
    }
    each = 1 - (1 - level) / len(classifiers)  # Bonferroni
    is_past = np.arange(len(is_real)) < len(is_real) // 2
    verdicts = []
    with threadpool_limits(1):  # threads that share a busy machine wait for each other
        for name, classifier in classifiers.items():
            classifier.fit(features[is_past], is_real[is_past])
            guessed = classifier.predict_proba(features[~is_past])[:, 1]
            verdicts.append(Verdict(evidence, name, *auc_interval(guessed, is_real[~is_past], level=each)))
    return verdicts


def auc_interval(
    scores: NDArray[np.float64], is_positive: NDArray[np.bool_], *, level: float
) -> tuple[float, float, float]:
    """Area under the ROC curve with a Wald interval on DeLong's variance.

    Source: DeLong et al. 1988, Biometrics 44:837, by midranks as in Sun and Xu 2014, IEEE SPL 21:1389, eq. 3-6.
    """
    x, y = scores[is_positive], scores[~is_positive]
    m, n = len(x), len(y)
    both = rankdata(np.concatenate([x, y]))
    v10 = (both[:m] - rankdata(x)) / n
    v01 = 1 - (both[m:] - rankdata(y)) / m
    auc = float(v10.mean())
    half = float(norm.ppf((1 + level) / 2) * np.sqrt(v10.var(ddof=1) / m + v01.var(ddof=1) / n))
    return auc, auc - half, auc + half
