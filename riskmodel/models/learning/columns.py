"""Columns of a feature matrix on one scale, and what the evidence says on that scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from riskmodel.arrays import Codes, Flags, Floats

MAX_SD = 5.0
"""An input counts in the linear part at most this many standard deviations from the reference, so
that one mistyped result cannot decide a risk. Scoring flags such inputs by the training range."""

FEWEST_SEEN = 5
"""A column with fewer observed values tells no spread and stays out of the linear part."""

FEWEST_FOR_DRIFT = 50
"""With fewer observed values a reference does not move with the time."""

FEWEST_FOR_MEDIAN = 20
"""With fewer observed values the reference is their mean: a median is then a patient's value."""

SMALLEST_EVIDENCE_SD = 0.02
"""Floor of an evidence deviation, in log-odds: no published effect is known more exactly."""


@dataclass(frozen=True)
class Scale:
    """Reference value and spread of every column.

    Attributes
    ----------
    reference : float64[p]
        What stands in for a missing value and counts as zero effect: the median, or the mean of a
        column that is only 0 and 1 or has few values. Zero where too few were observed.
    spread : float64[p]
        Standard deviation of the observed values; 1 where the column is constant.
    known : bool[p]
        False where too few values were observed.
    varied : bool[p]
        True where the observed values differ.
    clock : int64[k]
        Columns that tell the time, by which the other references move.
    drift : float64[p, k]
        By how much a reference moves per standard deviation of each of them: a missing result of
        day 10 stands for what is usual on day 10.
    """

    reference: Floats
    spread: Floats
    known: Flags
    varied: Flags
    clock: Codes = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    drift: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    def standardise(self, X: Floats) -> Floats:
        """Standard deviations from the reference, missing at 0, within ``MAX_SD``."""
        Z = X - self.reference
        for k, j in enumerate(self.clock.tolist()):
            moved = np.nan_to_num(Z[:, [j]] / self.spread[j]) * self.drift[:, k]
            moved[:, self.clock] = 0.0
            Z -= moved
        Z /= self.spread
        Z[:, ~self.known] = 0.0
        np.nan_to_num(Z, copy=False, nan=0.0)
        return np.clip(Z, -MAX_SD, MAX_SD)


def learn_scale(X: Floats, weight: Floats, clock: Sequence[int] = ()) -> Scale:
    """Reference and spread of each column from its observed values.

    Parameters
    ----------
    X : float64[n, p]
        NaN is missing.
    weight : float64[n]
        Rows of weight 0 are left out; the other weights do not move a median.
    clock : sequence of int, optional
        Columns that tell the time; what is usual then, by a line in them, is the reference of the
        others, and the spread is that around it.
    """
    X = X[weight > 0]
    if len(clock):
        return _moving(X, np.array(clock, dtype=np.int64))
    p = X.shape[1]
    reference, spread = np.zeros(p), np.ones(p)
    known, varied = np.zeros(p, dtype=np.bool_), np.zeros(p, dtype=np.bool_)
    for j in range(p):
        seen = X[:, j][~np.isnan(X[:, j])]
        if len(seen) < FEWEST_SEEN:
            continue
        known[j] = True
        two_valued = bool(np.all((seen == 0) | (seen == 1)))
        by_mean = two_valued or len(seen) < FEWEST_FOR_MEDIAN
        reference[j] = seen.mean() if by_mean else np.median(seen)
        deviation = seen.std()
        if deviation > 1e-9 * max(1.0, float(np.abs(seen).max())):
            varied[j] = True
            spread[j] = deviation
        else:
            reference[j] = seen[0]
    return Scale(reference, spread, known, varied)


def _moving(X: Floats, clock: Codes) -> Scale:
    """Scale around a reference that moves with the time."""
    everybody = np.ones(len(X))
    time = learn_scale(X[:, clock], everybody)
    T = time.standardise(X[:, clock])
    drift = np.zeros((X.shape[1], len(clock)))
    around = X.copy()
    for j in np.setdiff1d(np.arange(X.shape[1]), clock):
        seen = np.flatnonzero(~np.isnan(X[:, j]))
        if len(seen) < FEWEST_FOR_DRIFT:
            continue
        design = np.column_stack([np.ones(len(seen)), T[seen]])
        drift[j] = np.linalg.lstsq(design, X[seen, j], rcond=1e-10)[0][1:]
        around[:, j] -= T @ drift[j]
    scale = learn_scale(around, everybody)
    return replace(scale, clock=clock, drift=drift)


@dataclass(frozen=True)
class Prior:
    """What is expected of each standardised coefficient before the training data are seen.

    Attributes
    ----------
    mean, sd : float64[p]
        Log-odds per standard deviation of the column.
    informed : bool[p]
        True where the catalogue gives evidence for the column.
    """

    mean: Floats
    sd: Floats
    informed: Flags


def learn_prior(
    names: Sequence[str],
    evidence: Mapping[str, tuple[float, float, str]],
    groups: Mapping[str, str],
    scale: Scale,
    Z: Floats,
    default_sd: float,
) -> Prior:
    """Evidence per standard deviation of each column, shared among columns that say the same.

    Evidence "per unit" is multiplied by the column's spread. Columns of one clinical factor that
    move together each carry the effect of the factor; counting it once per column would count it
    many times. So mean and variance are divided by the number of such columns, counted by their
    squared correlation and never below 1.

    Parameters
    ----------
    names : sequence of str
        Column names, in order.
    evidence : mapping
        Feature to (mean, sd, "unit" | "sd"); names without a column are ignored.
    groups : mapping
        Feature to clinical factor; a feature without one is its own factor.
    scale : Scale
    Z : float64[n, p]
        Standardised columns.
    default_sd : float
        Deviation, around zero, of a coefficient without evidence.
    """
    p = len(names)
    mean, sd, informed = np.zeros(p), np.full(p, default_sd), np.zeros(p, dtype=np.bool_)
    for j, name in enumerate(names):
        if name not in evidence or not scale.known[j]:
            continue
        centre, deviation, unit = evidence[name]
        if unit == "sd" and not scale.varied[j]:
            continue
        factor = scale.spread[j] if unit == "unit" else 1.0
        mean[j] = centre * factor
        sd[j] = max(deviation * factor, SMALLEST_EVIDENCE_SD)
        informed[j] = True
    shared = _companions(names, groups, Z, informed)
    return Prior(mean / shared, sd / np.sqrt(shared), informed)


def _companions(
    names: Sequence[str],
    groups: Mapping[str, str],
    Z: Floats,
    informed: Flags,
) -> Floats:
    """For each informed column, how many columns of its factor say the same (itself counts 1)."""
    count = np.ones(len(names))
    members: dict[str, list[int]] = {}
    for j in np.flatnonzero(informed).tolist():
        members.setdefault(groups.get(names[j], names[j]), []).append(j)
    for columns in members.values():
        part = Z[:, columns] - Z[:, columns].mean(axis=0)
        length = np.sqrt((part**2).sum(axis=0))
        length[length == 0] = np.inf
        correlation = (part.T @ part) / np.outer(length, length)
        chance = 1.0 / max(len(Z), 1)  # expected square of a correlation that is really zero
        squared = np.clip(correlation**2 - chance, 0.0, None)
        np.fill_diagonal(squared, 0.0)
        count[columns] = 1.0 + squared.sum(axis=0)
    return count
