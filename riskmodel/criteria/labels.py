"""Label rows: outcome, onset, grade, and what stood behind them, one per patient."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats, States, Texts
from riskmodel.cohort import Cohort, analytes, first_event
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.criteria.definitions.registry import DEFAULT_DEFINITION
from riskmodel.criteria.evaluation import SignTimeline, Standing, evaluate_signs, grades
from riskmodel.criteria.intervals import changes, moments
from riskmodel.criteria.outcome import (
    horizon_hours,
    longest_gap,
    observed_until,
    outcomes,
    within,
)
from riskmodel.criteria.signs.cytopenia import DEFAULT_RULE
from riskmodel.criteria.signs.sign import FROM_DEFAULT, ULN_SOURCES, Sign
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, NOT_MET, STATE_NAMES

ADJUDICATED = "adjudicated"
_ADJUDICATION = "iec_hs"
LEADING_COLUMNS = (
    "patient_id",
    "definition",
    "cytopenia_rule",
    "outcome",
    "outcome_hours",
    "onset_hours",
    "grade",
    "first_unassessable_sign",
)


def label(
    cohort: Cohort,
    definition: str | Definition = DEFAULT_DEFINITION,
    *,
    cytopenia_rule: str | None = DEFAULT_RULE,
    horizon_days: float = 14.0,
    closed: str = "left",
    timeline: SignTimeline | None = None,
) -> pd.DataFrame:
    """Label every patient by a published definition.

    Parameters
    ----------
    cohort : Cohort
    definition : str or Definition
    cytopenia_rule : str or None
        ``recovery``, ``infusion``, ``worsening`` or ``any``; None for the definition's default.
    horizon_days : float
    closed : {"left", "both"}
        Whether the horizon itself is excluded (``left``) or included (``both``).
    timeline : SignTimeline, optional
        Of `evaluate_signs` for the same cohort, definition and rule, where it is there already.

    Returns
    -------
    DataFrame of n rows, in the order of the cohort
        `LEADING_COLUMNS`; then ``<sign>_state``, ``<sign>_value``, ``<sign>_hours`` of every
        sign at the judged moment: the onset, else the moment before the horizon with the most
        signs met; then what explains them. Values are in the canonical unit, of a bound the bound;
        times are those of the samples, hours from the infusion.

    Raises
    ------
    SchemaError
        For an unknown definition or rule, or a horizon that is not positive.
    """
    horizon = horizon_hours(horizon_days)
    if timeline is None:
        timeline = evaluate_signs(cohort, definition, cytopenia_rule)
    chosen, when, onset = timeline.definition, timeline.moments, timeline.onset_hours
    until = observed_until(when)
    excluded = chosen.excluded(timeline.states, when.hours, timeline.done)
    gap = longest_gap(len(cohort), when.patient[excluded], when.hours[excluded], horizon, closed)
    clear = gap <= chosen.exclusion.window_hours
    found = outcomes(cohort, onset, until, clear, horizon, closed)

    judged_hours = np.where(np.isnan(onset), _closest(timeline, horizon, closed), onset)
    nowhere = np.where(np.isnan(judged_hours), -np.inf, judged_hours)
    standing = timeline.standing(np.arange(len(cohort)), nowhere)
    first, parts = _unassessable(chosen, standing.states)
    leading = {
        "patient_id": cohort.patient_id,
        "definition": chosen.name,
        "cytopenia_rule": timeline.cytopenia_rule,
        "outcome": found.outcome,
        "outcome_hours": found.hours,
        "onset_hours": onset,
        "grade": _whole(grades(cohort, timeline, np.where(np.isnan(onset), np.nan, np.inf))),
        "first_unassessable_sign": first,
    }
    extras = {
        "grade_at_onset": _whole(grades(cohort, timeline, onset)),
        **details(chosen, timeline.judged, standing),
        "unassessable_parts": parts,
        "require_new_after_crs": np.full(len(cohort), chosen.crs_rule, dtype=object),
        "judged_hours": judged_hours,
        "longest_unassessed_hours": gap,
        "horizon_days": float(horizon_days),
        "closed": closed,
        "observed_until_hours": until,
    }
    if chosen.scores is not None:
        extras.update(chosen.scores(standing.states))
    columns = {**leading, **_sign_columns(timeline.judged, standing), **extras}
    return _frame(columns, len(cohort))


def adjudicated(
    cohort: Cohort, *, horizon_days: float = 14.0, closed: str = "left"
) -> pd.DataFrame:
    """Label every patient by the adjudicated ``iec_hs`` events, from the infusion on.

    The grade is that of the earliest event, the highest where several stand at its hour. A
    patient without one, observed to the horizon, has no event.

    Returns
    -------
    DataFrame of n rows with `LEADING_COLUMNS`, then the horizon and the end of observation.

    Raises
    ------
    SchemaError
        When the horizon is not positive.
    """
    horizon = horizon_hours(horizon_days)
    first = first_event(cohort, (_ADJUDICATION,), since=0.0)
    onset = np.where(np.isfinite(first), first, np.nan)
    until = observed_until(moments(cohort))
    found = outcomes(cohort, onset, until, np.ones(len(cohort), dtype=bool), horizon, closed)
    events = cohort.events[(cohort.events["event"] == _ADJUDICATION).to_numpy(dtype=bool)]
    patient = events["patient"].to_numpy(dtype=np.int64)
    graded = (events["hours"].to_numpy() == first[patient]) & events["grade"].notna().to_numpy()
    grade = np.full(len(cohort), -np.inf)
    np.maximum.at(grade, patient[graded], events["grade"].to_numpy(dtype=np.float64)[graded])
    columns: dict[str, object] = {
        "patient_id": cohort.patient_id,
        "definition": ADJUDICATED,
        "cytopenia_rule": "",
        "outcome": found.outcome,
        "outcome_hours": found.hours,
        "onset_hours": onset,
        "grade": _whole(np.where(np.isfinite(grade), grade, np.nan)),
        "first_unassessable_sign": "",
        "horizon_days": float(horizon_days),
        "closed": closed,
        "observed_until_hours": until,
    }
    return _frame(columns, len(cohort))


def _frame(columns: dict[str, object], n: int) -> pd.DataFrame:
    frame = pd.DataFrame(columns, index=pd.RangeIndex(n))
    texts = [name for name in frame if frame[name].dtype == object]
    return frame.astype(dict.fromkeys(texts, "str"))


def _whole(numbers: Floats) -> pd.Series:
    return pd.Series(numbers).astype("Int64")


def _closest(timeline: SignTimeline, horizon: float, closed: str) -> Floats:
    """Of each patient the moment in the horizon with the most signs met, the earliest of ties."""
    when = timeline.moments
    inside = within(when.hours, horizon, closed)
    patient, hours = when.patient[inside], when.hours[inside]
    met = (timeline.states[inside] == MET).sum(axis=1)
    order = np.lexsort((hours, -met, patient))
    best = order[changes(patient[order])]
    closest = np.full(when.patients, np.nan)
    closest[patient[best]] = hours[best]
    return closest


def _sign_columns(judged: tuple[Sign, ...], standing: Standing) -> dict[str, object]:
    names = np.array([STATE_NAMES[s] for s in (NOT_ASSESSABLE, NOT_MET, MET)], dtype=object)
    columns: dict[str, object] = {}
    for j, sign in enumerate(judged):
        states, samples = standing.states[:, j], standing.samples[j]
        shown = series_shown(sign, states, samples)
        value, hours = np.full(len(states), np.nan), np.full(len(states), np.nan)
        for k, series in enumerate(sign.series):
            rows = shown == k
            taken = series.hours if series.taken is None else series.taken
            value[rows] = series.value[samples[k][rows]]
            hours[rows] = taken[samples[k][rows]]
        columns[f"{sign.name}_state"] = names[states + 1]
        columns[f"{sign.name}_value"] = value
        columns[f"{sign.name}_hours"] = hours
    return columns


def _unassessable(
    chosen: Definition, states: States
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """First sign not assessable in a part that is not assessable, and all such parts in words.

    Patients share few patterns of states, so each pattern is put into words once.
    """
    patterns, which = np.unique(states, axis=0, return_inverse=True)
    open_parts = chosen.part_states(patterns) == NOT_ASSESSABLE
    first = np.full(len(patterns), "", dtype=object)
    words = np.full(len(patterns), "", dtype=object)
    for row, pattern in enumerate(patterns):
        found = [
            (part.name, part.open_signs(pattern, chosen.signs))
            for part, is_open in zip(chosen.parts, open_parts[row], strict=True)
            if is_open
        ]
        first[row] = found[0][1][0] if found else ""
        words[row] = "; ".join(f"{name}: {', '.join(signs)}" for name, signs in found)
    return first[which.reshape(-1)], words[which.reshape(-1)]


def series_shown(sign: Sign, states: States, samples: tuple[Codes, ...]) -> Codes:
    """Which series to show: the first whose own state is the sign's, -1 where there is none."""
    shown = np.full(len(states), -1, dtype=np.int64)
    for k in reversed(range(len(sign.series))):
        there = samples[k] >= 0
        there[there] = sign.series[k].state[samples[k][there]] == states[there]
        shown[there] = k
    return shown


def details(
    definition: Definition, judged: tuple[Sign, ...], standing: Standing
) -> dict[str, object]:
    """Columns beside the signs, the same for every definition.

    Returns
    -------
    dict
        ``ferritin_rule`` (which rule of the ferritin sign held), ``uncounted`` (signs whose value
        is beyond the limit and does not count, each with why), ``transaminases_analyte`` (which is
        shown), ``uln_source`` (whose limit of normal each result was held against),
        ``operational_rule`` (counts that the print leaves open, as used), ``unverified`` (what
        rests on memory: tables of the definition, and default limits of normal in use).
    """
    n = len(standing.states)
    rule, shown, uncounted = _empty(n), _empty(n), _empty(n)
    source, unverified = _empty(n), _empty(n)
    unverified[:] = "; ".join(definition.unverified)
    for j, sign in enumerate(judged):
        samples = standing.samples[j]
        if sign.name == "ferritin":
            there = samples[0] >= 0
            words = np.array(sign.series[0].rules or ("",), dtype=object)
            rule[there] = words[sign.series[0].detail[samples[0][there]]]
        for series, position in zip(sign.series, samples, strict=True):
            idle = (position >= 0) & (standing.states[:, j] == NOT_MET)
            idle[idle] = series.state[position[idle]] == NOT_MET
            codes = np.zeros(n, dtype=np.int8)
            codes[idle] = series.detail[position[idle]]
            for code, why in enumerate(series.rules):
                if why:
                    _append(uncounted, idle & (codes == code), f"{sign.name}: {why}")
        if sign.name == "transaminases":
            order = series_shown(sign, standing.states[:, j], samples)
            for k, series in enumerate(sign.series):
                shown[order == k] = series.name
        for series, position in zip(sign.series, samples, strict=True):
            if series.uln is None:
                continue
            used = np.zeros(n, dtype=np.int8)
            used[position >= 0] = series.uln[position[position >= 0]]
            for code, word in ULN_SOURCES.items():
                _append(source, used == code, f"{series.name}: {word}")
            entry = analytes()[series.name]
            if entry.uln is None or entry.uln_unverified:
                _append(unverified, used == FROM_DEFAULT, f"default ULN of {series.name}")
    return {
        "ferritin_rule": rule,
        "uncounted": uncounted,
        "transaminases_analyte": shown,
        "uln_source": source,
        "operational_rule": np.full(n, definition.operational_rule, dtype=object),
        "unverified": unverified,
    }


def _empty(n: int) -> Texts:
    return np.full(n, "", dtype=object)


def _append(words: Texts, rows: Flags, text: str) -> None:
    joint = np.where(words[rows] == "", "", "; ").astype(object)
    words[rows] = words[rows] + joint + text
