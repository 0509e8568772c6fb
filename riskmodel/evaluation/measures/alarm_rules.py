"""What alarms of a policy would have done: by limit and by rule of persistence.

``once``: at or above the limit. ``twice``: so at two predictions in a row. ``rise``: at or above
it, and at least a factor above the patient's own lowest risk so far.
"""

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags, Floats
from riskmodel.evaluation.alarm_policy import Policy
from riskmodel.evaluation.measures.bootstrap import Estimate, bootstrapped, estimates, with_room
from riskmodel.evaluation.measures.comparators import Contender
from riskmodel.evaluation.rows import Examples

RULES = ("once", "twice", "rise")
_LEADS = (24.0, 48.0)
METRICS = (
    "patients_alarmed", "sensitivity", "patients_alarmed_per_case", "alarms_per_case",
    "lead_hours", "lead_24_hours", "lead_48_hours",
    "net_benefit", "net_benefit_least_harm", "net_benefit_most_harm",
    "alarm_all", "alarm_all_least_harm", "alarm_all_most_harm",
)  # fmt: skip
_OF_CASES = ("sensitivity", "lead_24_hours", "lead_48_hours")
COLUMNS = ("level", "threshold", "action", "rule", "metric", "value", "low", "high")


def policy_alarms(
    rows: Examples, one: Contender, policy: Policy, *, draws: int, seed: int
) -> pd.DataFrame:
    """Figures per patient for every limit of a policy under every rule, with 95% intervals.

    Returns
    -------
    DataFrame
        ``level, threshold, action, rule, metric, value, low, high``. Shares are of patients,
        ``sensitivity`` and ``lead_..._hours`` (first alarm at least so early) of those with an
        onset; ``patients_alarmed_per_case`` and ``alarms_per_case`` count for each case that was
        alarmed, an alarm that goes on once; ``lead_hours`` is the median from the first alarm to
        the onset, of the alarmed cases. Net benefit is per patient, at the ratio of the limit
        itself and at both ends of the level's range of harm to benefit; ``alarm_all`` is that of an
        alarm for everybody. With one prediction per patient there is the rule ``once`` alone.
    """
    kept = np.flatnonzero(rows.known & ~np.isnan(one.risk))
    if not len(kept):
        return pd.DataFrame(columns=list(COLUMNS))
    # A row that stands twice, once with each outcome, is one prediction.
    frame = pd.DataFrame(
        {
            "patient": rows.patient[kept],
            "hours": rows.hours[kept],
            "risk": one.risk[kept],
            "weight": rows.weight[kept],
            "event": rows.weight[kept] * rows.y[kept],
            "lead": rows.lead[kept],
        }
    )
    by = frame.groupby(["patient", "hours"], sort=True)
    series = by.agg(
        risk=("risk", "first"), weight=("weight", "sum"), event=("event", "sum"),
        lead=("lead", "max"),
    ).reset_index()  # fmt: skip
    people, code = np.unique(series["patient"].to_numpy(), return_inverse=True)
    weight = np.asarray(np.bincount(code, weights=series["weight"].to_numpy()), dtype=np.float64)
    share = np.bincount(code, weights=series["event"].to_numpy()) / weight
    cases = int((share > 0).sum())
    of = {"patients_alarmed": len(people)} | dict.fromkeys(_OF_CASES, cases)
    rules = RULES if len(series) > len(people) else RULES[:1]
    found = []
    for level in policy.levels:
        harms = (level.odds, *level.harm_to_benefit)
        for rule in rules:
            alarmed = _alarmed(series, code, level.threshold, rule, policy.rise_factor)
            first, number = _first(alarmed, code, len(people))
            lead = np.where(first >= 0, series["lead"].to_numpy()[first], np.nan)
            figure = _Figures(share, first >= 0, number, lead, harms)
            values, drawn = bootstrapped(figure, weight, people, draws=draws, seed=seed)
            about = (level.name, level.threshold, level.action, rule)
            for name, plain in zip(METRICS, estimates(values, drawn), strict=True):
                e = with_room(plain, of.get(name, 0))
                found.append((*about, name, e.value, e.low, e.high))
    return pd.DataFrame(found, columns=list(COLUMNS))


def _alarmed(
    series: pd.DataFrame, code: np.ndarray, threshold: float, rule: str, factor: float
) -> Flags:
    """Whether the rule holds at each prediction, in the order of patient and time."""
    over = series["risk"].to_numpy() >= threshold
    if rule == "once":
        return np.asarray(over)
    if rule == "twice":
        before = np.concatenate([[False], over[:-1] & (code[1:] == code[:-1])])
        return np.asarray(over & before)
    lowest = series.groupby("patient")["risk"].cummin().groupby(series["patient"]).shift()
    return np.asarray(over & (series["risk"] >= factor * lowest).to_numpy())


def _first(alarmed: Flags, code: np.ndarray, people: int) -> tuple[np.ndarray, Floats]:
    """Row of each patient's first alarm, -1 without one, and how many alarms began."""
    first = np.full(people, -1)
    at = np.flatnonzero(alarmed)
    first[code[at[::-1]]] = at[::-1]
    going_on = np.concatenate([[False], alarmed[:-1] & (code[1:] == code[:-1])])
    begun = np.bincount(code, weights=alarmed & ~going_on, minlength=people)
    return first, np.asarray(begun)


class _Figures:
    """`METRICS` of weights of shape (b, patients)."""

    def __init__(
        self, share: Floats, alarmed: Flags, number: Floats, lead: Floats, harms: tuple[float, ...]
    ) -> None:
        self.share, self.alarmed, self.number, self.harms = share, alarmed, number, harms
        self.case = alarmed & (share > 0) & ~np.isnan(lead)
        self.lead = lead
        self.order = np.flatnonzero(self.case)[np.argsort(lead[self.case], kind="stable")]

    def __call__(self, weights: Floats) -> Floats:
        total, cases = weights.sum(axis=1), weights @ self.share
        true = weights @ (self.share * self.alarmed)
        false = weights @ ((1 - self.share) * self.alarmed)
        early = [weights @ (self.share * self.case * (self.lead >= least)) for least in _LEADS]
        with np.errstate(invalid="ignore", divide="ignore"):
            caught = np.where(true > 0, true, np.nan)
            parts = [
                (true + false) / total,
                true / cases,
                (true + false) / caught,
                weights @ self.number / caught,
                self._median(weights),
                *(part / cases for part in early),
                *((true - harm * false) / total for harm in self.harms),
                *((cases - harm * (total - cases)) / total for harm in self.harms),
            ]
        return np.column_stack(parts)

    def _median(self, weights: Floats) -> Floats:
        """Weighted median of the lead times of each draw."""
        if not len(self.order):
            return np.full(len(weights), np.nan)
        reached = np.cumsum(weights[:, self.order] * self.share[self.order], axis=1)
        middle = (reached >= reached[:, -1:] / 2).argmax(axis=1)
        return np.where(reached[:, -1] > 0, self.lead[self.order][middle], np.nan)


def policy_lines(table: pd.DataFrame) -> list[str]:
    """A sentence for each limit and rule."""
    found = []
    for (level, threshold, rule), part in table.groupby(["level", "threshold", "rule"], sort=False):
        own = {
            str(row["metric"]): Estimate(float(row["value"]), float(row["low"]), float(row["high"]))
            for row in part.to_dict(orient="records")
        }
        found.append(
            f"  alarm '{level}' from {threshold:.0%}, {rule}: "
            f"{_said(own['sensitivity'], '.0%')} of cases, "
            f"{_said(own['patients_alarmed_per_case'], '.1f')} patients alarmed for each, first "
            f"alarm {_said(own['lead_hours'], '.0f')} hours before the onset, net benefit "
            f"{_said(own['net_benefit'], '.4f')}"
        )
    return found


def _said(found: Estimate, form: str) -> str:
    if np.isnan(found.value):
        return "not estimable"
    bounds = "" if np.isnan(found.low) else f" ({found.low:{form}} to {found.high:{form}})"
    return f"{found.value:{form}}{bounds}"
