"""Covariances of the errors of figures of merit, which arise because readers and arms share cases."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from evaluation.core.mrmc.merit import Merit
from evaluation.core.mrmc.ratings import Floats

CovarianceMethod = Literal["jackknife", "delong"]
JACKKNIFE: Final = "jackknife"


@dataclass(frozen=True)
class ErrorCovariances:
    """Mean variance and covariances of the errors, in the notation of Obuchowski and Rockette.

    Attributes
    ----------
    variance : of one reader in one arm
    cov1 : same reader, different arms; absent with one arm
    cov2 : different readers, same arm; absent with one reader
    cov3 : different readers, different arms; absent with one of either
    """

    variance: float
    cov1: float | None
    cov2: float | None
    cov3: float | None


def matrix(merit: Merit, method: CovarianceMethod = "jackknife") -> Floats:
    """Estimate the covariance of every two figures of merit, (I, J, I, J).

    The jackknife runs over the union of cases; a value is unchanged by leaving out a case that was not read for
    it, so arms with different fakes are correlated only through the reals they share. Pairs that share no case
    have a covariance of exactly zero.

    Parameters
    ----------
    merit : figures of merit
    method : "jackknife", or "delong" from placement values (for a proportion, the binomial covariance)

    Source: Efron & Stein 1981, Ann Stat 9:586 (jackknife); DeLong 1988, Biometrics 44:837-845; Smith, Hillis & Pesce
    2022, doi:10.1117/12.2549075 (partially paired designs).
    """
    n_arms, n_readers = merit.values.shape
    flat = _jackknife(merit) if method == JACKKNIFE else _delong(merit)
    read = merit.is_read.reshape(n_arms * n_readers, -1).astype(np.float64)
    flat = np.where(read @ read.T > 0, flat, 0.0)
    return flat.reshape(n_arms, n_readers, n_arms, n_readers)


def _jackknife(merit: Merit) -> Floats:
    n = merit.n_cases
    left_out = merit.left_out.reshape(-1, n)
    deviations = left_out - left_out.mean(axis=1, keepdims=True)
    covariances: Floats = (n - 1) / n * (deviations @ deviations.T)
    return covariances


def _delong(merit: Merit) -> Floats:
    """Sum over independent samples of cases: covariance on the shared cases x n shared / (n first x n second)."""
    total = np.zeros((merit.values.size, merit.values.size))
    placed = merit.placements.reshape(merit.values.size, -1)
    for stratum in np.unique(merit.strata):
        own = placed[:, merit.strata == stratum]
        read = (~np.isnan(own)).astype(np.float64)
        n = read.sum(axis=1)
        deviations = np.where(read > 0, own - np.nansum(own, axis=1, keepdims=True) / n[:, None], 0.0)
        n_shared, sums = read @ read.T, deviations @ read.T
        enough = n_shared > 1
        centred = deviations @ deviations.T - sums * sums.T / np.where(enough, n_shared, 1)
        per_pair = centred / np.where(enough, n_shared - 1, 1) * n_shared / np.outer(n, n)
        total += np.where(enough, per_pair, 0.0)
    return total


def average(covariances: Floats) -> ErrorCovariances:
    """Average the covariances (I, J, I, J) over equal kinds of pairs."""
    n_arms, n_readers = covariances.shape[:2]
    same_arm = np.eye(n_arms, dtype=bool)[:, None, :, None]
    same_reader = np.eye(n_readers, dtype=bool)[None, :, None, :]

    def mean(arms_match: bool, readers_match: bool) -> float | None:
        chosen = (same_arm == arms_match) & (same_reader == readers_match)
        return float(covariances[np.broadcast_to(chosen, covariances.shape)].mean()) if chosen.any() else None

    variance = float(np.einsum("ijij->", covariances)) / (n_arms * n_readers)
    return ErrorCovariances(variance, mean(False, True), mean(True, False), mean(False, False))
