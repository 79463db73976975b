"""The estimators against base R, computed in the same run where R is installed."""

import shutil
import subprocess

import numpy as np
import pytest

from evaluation.core import equivalence, groups, logit, paired_readers, response_times
from evaluation.core.confusion import Confusion
from evaluation.core.generator_difference import stratified
from evaluation.core.multiplicity import benjamini_hochberg, holm
from evaluation.core.paired_readers import PairedCounts
from evaluation.core.proportions import Difference, Proportion
from evaluation.core.signal_detection import detect

# Table 3 of the paper (Haarburger 2019): radiologist 176/240 real, 90/120 DCGAN, 92/120 WGAN; layperson 75/120 DCGAN.
SESSION = """
say <- function(name, ...) cat(name, format(c(...), digits = 15), "\\n")
for (k in c(0, 75, 120)) {
  say(paste0("wilson.", k), prop.test(k, 120, correct = FALSE)$conf.int)
  say(paste0("exact.", k), binom.test(k, 120)$conf.int, binom.test(k, 120)$p.value)
}
say("tost", max(binom.test(120, 240, .4, "greater")$p.value, binom.test(120, 240, .6, "less")$p.value))
say("tost.interval", binom.test(120, 240, conf.level = .9)$conf.int)
say("pooled", prop.test(c(90, 92), c(120, 120), correct = FALSE)$p.value)
say("fisher", fisher.test(matrix(c(3, 1, 1, 3), 2))$p.value)
say("mcnemar", unlist(mcnemar.test(matrix(c(794, 86, 150, 570), 2), correct = FALSE)[c("statistic", "p.value")]))
say("mcnemar.exact", binom.test(1, 8)$p.value)
cmh <- mantelhaen.test(UCBAdmissions, correct = FALSE)
say("cmh", cmh$statistic, cmh$p.value, cmh$estimate, cmh$conf.int)
welch <- t.test(extra ~ group, data = sleep)
say("welch", welch$statistic, welch$parameter, welch$p.value, welch$conf.int)
say("sleep", sleep$extra)
fit <- coef(summary(glm(am ~ wt, binomial, mtcars, control = list(epsilon = 1e-14))))
say("logit", fit["wt", ])
say("mtcars", mtcars$wt, mtcars$am)
say("mann-whitney", wilcox.test(c(900, 1100, 1500, 2100), c(700, 800, 1000), exact = TRUE)$p.value)
say("d-prime", qnorm(182 / 240) - qnorm(64 / 240), -(qnorm(182 / 240) + qnorm(64 / 240)) / 2)
p <- c(.01, .04, .03, .005, .2)
say("holm", p.adjust(p, "holm"))
say("bh", p.adjust(p, "BH"))
x <- matrix(c(1,1,1, 1,1,0, 1,0,0, 1,1,0, 0,1,0, 1,0,0, 1,1,1, 0,0,0), ncol = 3, byrow = TRUE)
q <- (ncol(x) - 1) * (ncol(x) * sum(colSums(x)^2) - sum(x)^2) / (ncol(x) * sum(x) - sum(rowSums(x)^2))
say("cochran", q, pchisq(q, 2, lower.tail = FALSE))
"""

pytestmark = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not on this machine")


@pytest.fixture(scope="module")
def r():
    done = subprocess.run(["Rscript", "-e", SESSION], capture_output=True, text=True, check=True, timeout=120)
    lines = (line.split() for line in done.stdout.splitlines())
    return {name: [float(one) for one in values] for name, *values in lines}


def near(values):
    return pytest.approx(values, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("k", [0, 75, 120])
def test_intervals_and_the_exact_test(r, k):
    cell = Proportion(k, 120)
    wilson, exact = cell.interval("wilson"), cell.interval("clopper-pearson")
    assert [wilson.low, wilson.high] == near(r[f"wilson.{k}"])
    assert [exact.low, exact.high, cell.p_chance()] == near(r[f"exact.{k}"])


def test_equivalence_to_chance(r):
    found = equivalence.to_chance(Proportion(120, 240), 0.1)
    assert [found.p] == near(r["tost"])
    assert [found.interval.low, found.interval.high] == near(r["tost.interval"])


def test_two_generators(r):
    pooled = Difference(Proportion(90, 120), Proportion(92, 120)).test()
    assert [pooled.p] == near(r["pooled"])
    few = Difference(Proportion(3, 4), Proportion(1, 4)).test()
    assert [few.p] == near(r["fisher"])


def test_readers_on_the_same_panels(r):
    test = PairedCounts(794, 150, 86, 570).test()
    assert [test.statistic, test.p] == near(r["mcnemar"])
    assert [PairedCounts(1, 1, 7, 12).test().p] == near(r["mcnemar.exact"])


def test_cochran(r):
    answers = [[1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 0, 0], [1, 1, 1], [0, 0, 0]]
    test = paired_readers.cochran_q([[bool(one) for one in row] for row in answers])
    assert [test.statistic, test.p] == near(r["cochran"])


def test_within_lesion_classes(r):
    # UCBAdmissions by department: men admitted of men, women admitted of women
    counts = ((512, 825, 89, 108), (353, 560, 17, 25), (120, 325, 202, 593), (138, 417, 131, 375), (53, 191, 94, 393), (22, 373, 24, 341))  # fmt: skip
    found = stratified(
        tuple("ABCDEF"), [Difference(Proportion(a, b), Proportion(c, d)) for a, b, c, d in counts]
    )
    limits = found.odds_ratio.interval
    ours = [found.test.statistic, found.test.p, found.odds_ratio.value, limits.low, limits.high]
    assert ours == near(r["cmh"])


def test_groups(r):
    hours = r["sleep"]
    estimate, test = groups.welch_test([one / 100 for one in hours[:10]], [one / 100 for one in hours[10:]])
    ours = [test.statistic, test.df, test.p, 100 * estimate.interval.low, 100 * estimate.interval.high]
    assert ours == near(r["welch"])


def test_logistic_regression(r):
    weight, manual = r["mtcars"][:32], r["mtcars"][32:]
    found = logit.fit([one == 1 for one in manual], {"wt": weight})["wt"]
    ours = [found.estimate.value, found.estimate.se, found.test.statistic, found.test.p]
    assert ours == pytest.approx(r["logit"], rel=1e-6)


def test_times(r):
    found = response_times.contrast("wrong", "right", [900, 1100, 1500, 2100], [700, 800, 1000])
    assert [found.test.p] == near(r["mann-whitney"])


def test_signal_detection(r):
    found = detect(Confusion(182, 58, 64, 176))  # the radiologist of Table 3
    assert [found.d_prime.value, found.criterion.value] == near(r["d-prime"])


def test_multiplicity(r):
    p = [0.01, 0.04, 0.03, 0.005, 0.2]
    assert holm(p) == near(r["holm"])
    assert benjamini_hochberg(p) == near(r["bh"])


def test_a_session_that_says_nothing_would_fail(r):
    assert len(r) == 22
    assert np.isfinite([value for values in r.values() for value in values]).all()
