"""Statistics of a simulated cohort that papers print, each with its 95% interval.

Every function takes an `Observed` cohort and the words of one row of figures.toml.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import beta, binom

from riskmodel.arrays import Flags, Floats
from riskmodel.simulation.realism.observed import CASE, Observed

# Days around the named day, as the published tables pool draws; the others reach one day both ways.
_WINDOWS: Mapping[int, tuple[float, float]] = {0: (-1.1, 0.01), 28: (25.0, 29.0)}
_SIGN_DAYS = (-2.0, 7.0)


class Estimate(NamedTuple):
    """A statistic, its 95% interval, and how many patients it rests on."""

    value: float
    low: float
    high: float
    n: int


def share_of(held: Flags) -> Estimate:
    """Share with the exact (Clopper-Pearson) interval."""
    n, k = len(held), int(held.sum())
    low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return Estimate(k / n if n else np.nan, low, high, n)


def quantile_of(values: Floats, at: float) -> Estimate:
    """Quantile with the interval between order statistics."""
    known = np.sort(values[~np.isnan(values)])
    n = len(known)
    if n == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    low, high = binom.ppf([0.025, 0.975], n, at).astype(int)
    return Estimate(
        float(np.quantile(known, at)),
        float(known[max(low - 1, 0)]),
        float(known[min(high, n - 1)]),
        n,
    )


def in_window(observed: Observed, analyte: str, day: int) -> Floats:
    """Mean of a patient's results around a day, NaN without one, shape (n,)."""
    first, last = _WINDOWS.get(day, (day - 1.0, day + 1.0))
    rows = observed.labs[analyte]
    rows = rows[rows["day"].between(first, last)]
    mean = rows.groupby("patient")["value"].mean()
    return np.asarray(mean.reindex(range(len(observed))), dtype=float)


def level(
    observed: Observed, analyte: str, group: str, day: int, quantile: float = 0.5
) -> Estimate:
    """Quantile over patients of the mean around a day."""
    return quantile_of(in_window(observed, analyte, day)[observed.group(group)], quantile)


def log_sd(observed: Observed, analyte: str, group: str, day: int) -> Estimate:
    """Standard deviation over patients of the natural logarithm."""
    values = in_window(observed, analyte, day)[observed.group(group)]
    known = np.log(values[~np.isnan(values)])
    sd, n = float(np.std(known, ddof=1)), len(known)
    # Large-sample error of a standard deviation, with the kurtosis of the values themselves.
    kurtosis = float(np.mean((known - known.mean()) ** 4) / sd**4)
    error = 1.96 * sd * np.sqrt((kurtosis - 1) / (4 * n))
    return Estimate(sd, sd - error, sd + error, n)


def log_correlation(observed: Observed, analyte: str, days: Sequence[int]) -> Estimate:
    """Correlation between two windows of the natural logarithm, all groups together."""
    first, last = (np.log(in_window(observed, analyte, day)) for day in days)
    known = ~np.isnan(first) & ~np.isnan(last) & observed.chosen
    r, n = float(np.corrcoef(first[known], last[known])[0, 1]), int(known.sum())
    low, high = np.tanh(np.arctanh(r) + np.array([-1.96, 1.96]) / np.sqrt(n - 3))
    return Estimate(r, float(low), float(high), n)


def fold(observed: Observed, analyte: str, group: str, days: Sequence[int]) -> Estimate:
    """Median over patients of the ratio of two windows."""
    first, last = (in_window(observed, analyte, day) for day in days)
    return quantile_of((last / first)[observed.group(group)], 0.5)


def above(observed: Observed, analyte: str, group: str, day: int, limit: float) -> Estimate:
    """Share above a limit around a day, of those with a result."""
    values = in_window(observed, analyte, day)[observed.group(group)]
    return share_of(values[~np.isnan(values)] > limit)


def present(observed: Observed, analyte: str, group: str, day: int) -> Estimate:
    """Share with any result around a day."""
    return share_of(~np.isnan(in_window(observed, analyte, day)[observed.group(group)]))


def _extreme(observed: Observed, analyte: str, way: str, first: Floats, last: Floats) -> Floats:
    rows = observed.labs[analyte]
    patient, day = rows["patient"].to_numpy(), rows["day"].to_numpy()
    rows = rows[(day >= first[patient]) & (day <= last[patient])]
    found = rows.groupby("patient")["value"].agg(way)
    return np.asarray(found.reindex(range(len(observed))), dtype=float)


def peak(observed: Observed, analyte: str, group: str, quantile: float = 0.5) -> Estimate:
    """Quantile of the highest result of days 0 to 30."""
    n = len(observed)
    highest = _extreme(observed, analyte, "max", np.full(n, 0.0), np.full(n, 30.0))
    return quantile_of(highest[observed.group(group)], quantile)


def peak_above(observed: Observed, analyte: str, group: str, limit: float) -> Estimate:
    """Share whose highest result of days 0 to 30 reaches a limit."""
    n = len(observed)
    highest = _extreme(observed, analyte, "max", np.full(n, 0.0), np.full(n, 30.0))
    highest = highest[observed.group(group)]
    return share_of(highest[~np.isnan(highest)] >= limit)


def incidence(observed: Observed, group: str = "all") -> Estimate:
    """Share with IEC-HS at any time."""
    return share_of(~np.isnan(observed.onset[observed.group(group)]))


def onset(observed: Observed, quantile: float) -> Estimate:
    """Quantile of the latent onset, days."""
    return quantile_of(observed.onset[observed.group(CASE)], quantile)


def onset_before(observed: Observed, day: float) -> Estimate:
    """Share of the cases with onset before a day."""
    return share_of(observed.onset[observed.group(CASE)] < day)


def first_event(observed: Observed, event: str, group: str, quantile: float) -> Estimate:
    """Quantile of the day of the first such event, of those who have one."""
    return quantile_of(observed.first(event)[observed.group(group)], quantile)


def to_onset(observed: Observed, since: str, quantile: float) -> Estimate:
    """Quantile of the days from the first, or the highest, CRS grade to the onset."""
    first = observed.first("crs")
    if since == "peak":
        for grade in (2, 3, 4):
            reached = observed.first("crs", grade)
            first = np.where(np.isnan(reached), first, reached)
    return quantile_of((observed.onset - first)[observed.group(CASE)], quantile)


def graded(observed: Observed, event: str, group: str, least: int) -> Estimate:
    """Share whose highest grade is at least this."""
    return share_of(observed.highest(event)[observed.group(group)] >= least)


def followed_by(observed: Observed, event: str, group: str, days: Sequence[float]) -> Estimate:
    """Share of cases with such an event in these days from their onset."""
    events = observed.cohort.events
    rows = events[(events["event"] == event).to_numpy()]
    since = (rows["hours"] / 24).to_numpy() - observed.onset[rows["patient"].to_numpy()]
    who = rows["patient"].to_numpy()[(since >= days[0]) & (since <= days[1])]
    return share_of(np.isin(np.flatnonzero(_seen(observed, group)), who))


def _seen(observed: Observed, group: str) -> Flags:
    """Patients of a group; cases only where watched for a week from their onset."""
    chosen = observed.group(group)
    if group == CASE:
        chosen = chosen & (observed.onset + 5 < observed.end) & (observed.onset < 20)
    return chosen


def _around_onset(observed: Observed, analyte: str, way: str) -> Floats:
    onset = observed.onset
    found = _extreme(observed, analyte, way, onset + _SIGN_DAYS[0], onset + _SIGN_DAYS[1])
    found = found[_seen(observed, CASE)]
    return found[~np.isnan(found)]


def sign_above(observed: Observed, analyte: str, limit: float) -> Estimate:
    """Share of measured cases whose highest result around the onset is above a limit."""
    return share_of(_around_onset(observed, analyte, "max") > limit)


def sign_below(observed: Observed, analyte: str, limit: float) -> Estimate:
    """Share of measured cases whose lowest result around the onset is below a limit."""
    return share_of(_around_onset(observed, analyte, "min") < limit)


def sign_peak(observed: Observed, analyte: str) -> Estimate:
    """Median of the highest result around the onset, of measured cases."""
    return quantile_of(_around_onset(observed, analyte, "max"), 0.5)


def cytopenia(observed: Observed, lineages: int) -> Estimate:
    """Share of cases with this many lineages under the limits of `astct-2024` around onset."""
    onset, chosen = observed.onset, _seen(observed, CASE)
    low = [
        _extreme(observed, analyte, "min", onset + _SIGN_DAYS[0], onset + _SIGN_DAYS[1]) < limit
        for analyte, limit in (("anc", 1.0), ("platelets", 50.0), ("hemoglobin", 8.0))
    ]
    return share_of(np.sum(low, axis=0)[chosen] >= lineages)


def _counts(observed: Observed, group: str) -> pd.DataFrame:
    rows = observed.labs["anc"]
    full = observed.group(group) & (observed.end > 28)
    rows = rows[(rows["day"] > 0) & (rows["day"] <= 35) & full[rows["patient"]]]
    return rows.sort_values(["patient", "day"], kind="stable")


def _days_below(rows: pd.DataFrame, limit: float) -> pd.Series:
    """Days under a limit by patient; a result stands until the next, at most 4 days."""
    gap = rows.groupby("patient")["day"].diff().shift(-1)
    spent = gap.clip(lower=0, upper=4).fillna(0).where(rows["value"] < limit, 0.0)
    return spent.groupby(rows["patient"]).sum()


def anc_nadir_below(observed: Observed, group: str, limit: float) -> Estimate:
    """Share whose lowest neutrophil count after the infusion is at most a limit."""
    lowest = _counts(observed, group).groupby("patient")["value"].min()
    return share_of((lowest <= limit).to_numpy())


def anc_days_below(observed: Observed, group: str, limit: float) -> Estimate:
    """Median number of days with neutrophils under a limit, days 0 to 35."""
    return quantile_of(_days_below(_counts(observed, group), limit).to_numpy(dtype=float), 0.5)


def anc_recovery(observed: Observed, group: str, limit: float, quantile: float) -> Estimate:
    """Quantile of the day from which neutrophils first hold a limit after having been under it."""
    rows = _counts(observed, group)
    under = rows["value"] < limit
    seen = under.groupby(rows["patient"]).cummax()
    back = rows[seen & ~under].groupby("patient")["day"].min()
    return quantile_of(back.to_numpy(dtype=float), quantile)


def anc_pattern(observed: Observed, group: str, pattern: str) -> Estimate:
    """Share of a recovery pattern: aplastic, intermittent or quick (EVIDENCE D.7)."""
    rows = _counts(observed, group)
    under = rows["value"] < 0.5
    # A spell ends at a result of 0.5 or more; aplastic: one spell of 14 days or more.
    spell = (~under).groupby(rows["patient"]).cumsum()
    span = rows[under].groupby([rows["patient"], spell])["day"].agg(["min", "max"])
    longest = (span["max"] - span["min"]).groupby(level=0).max()
    everyone = pd.Index(rows["patient"].unique())
    aplastic = (longest.reindex(everyone).fillna(0) >= 14).to_numpy()
    high = (rows["value"] > 1.5).groupby(rows["patient"]).cummax()
    dips = rows[high & (rows["value"] < 1.0) & (rows["day"] > 14)]["patient"].unique()
    dip = everyone.isin(dips) & ~aplastic
    shares = {"aplastic": aplastic, "intermittent": dip, "quick": ~aplastic & ~dip}
    return share_of(shares[pattern])


def surviving(observed: Observed, group: str, days: float, free_of: str = "") -> Estimate:
    """Kaplan-Meier share alive, and free of an event where named, at a day after infusion."""
    chosen = observed.group(group)
    died = observed.first("death")
    stop = np.fmin(died, observed.first(free_of)) if free_of else died
    happened = ~np.isnan(stop)[chosen]
    time = np.where(np.isnan(stop), observed.end, stop)[chosen]
    value, variance = 1.0, 0.0
    for at in np.unique(time[happened & (time <= days)]):
        risk, lost = int((time >= at).sum()), int((happened & (time == at)).sum())
        value *= 1 - lost / risk
        variance += lost / (risk * max(risk - lost, 1))
    error = 1.96 * value * np.sqrt(variance)
    return Estimate(value, max(value - error, 0.0), min(value + error, 1.0), int(chosen.sum()))


STATISTICS: Mapping[str, Callable[..., Estimate]] = {
    function.__name__: function
    for function in (
        level,
        log_sd,
        log_correlation,
        fold,
        above,
        present,
        peak,
        peak_above,
        incidence,
        onset,
        onset_before,
        first_event,
        to_onset,
        graded,
        followed_by,
        sign_above,
        sign_below,
        sign_peak,
        cytopenia,
        anc_nadir_below,
        anc_days_below,
        anc_recovery,
        anc_pattern,
        surviving,
    )
}
