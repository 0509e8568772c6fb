"""What the days of a patient look like: CRS, IEC-HS, both or neither; and prolonged cytopenia.

What is counted, for how long it stands and how many signs make a picture stands in course.toml.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats, States
from riskmodel.cohort import Cohort
from riskmodel.criteria.course_rules import CourseRules, Picture, course_rules
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.criteria.definitions.registry import load_definition
from riskmodel.criteria.evaluation import evaluate_signs
from riskmodel.criteria.intervals import Moments, moments, previous
from riskmodel.criteria.outcome import first_event, observed_until
from riskmodel.criteria.signs.sign import Series, Sign
from riskmodel.criteria.truth import (
    MET,
    NOT_ASSESSABLE,
    NOT_MET,
    STATE_NAMES,
    any_of,
    at_least,
    decide,
    holds,
)

PICTURES = CRS_LIKE, IEC_HS_LIKE, BOTH, NEITHER, UNKNOWN = (
    "crs_like",
    "iec_hs_like",
    "both",
    "neither",
    "not_assessable",
)
ACCOMPANYING = ("ferritin_moderate", "fibrinogen_kept", "response")
"""What speaks for CRS beside its signs: named where it holds, never counted."""


def daily_picture(cohort: Cohort, *, last_day: int | None = None) -> pd.DataFrame:
    """Whether each day looks like CRS, like IEC-HS, like both or like neither, and by what.

    Day k is judged at hour 24·k by records at or before it. An event that is not recorded did
    not happen; a result that is missing, or too old, leaves its sign not assessable.

    Parameters
    ----------
    cohort : Cohort
    last_day : int, optional
        Included; by default that of course.toml. No day after a patient's last record is judged.

    Returns
    -------
    DataFrame, one row per patient and day, in their order
        ``patient_id, day, hours, picture`` (one of `PICTURES`; ``neither`` only where IEC-HS-like
        was excluded), ``crs_state, iec_hs_state``, and the names of signs joined by ``; ``:
        ``crs_signs`` and ``iec_hs_signs`` that hold (`ACCOMPANYING` only on a CRS-like day), and
        ``not_assessable_signs``.
    """
    rules = course_rules()
    last = rules.last_day if last_day is None else last_day
    when = moments(cohort)
    days = np.minimum(np.floor(observed_until(when) / 24), last).astype(np.int64) + 1
    patient = np.repeat(np.arange(len(cohort)), days)
    day = np.arange(len(patient)) - np.repeat(np.cumsum(days) - days, days)
    hours = (24 * day).astype(np.float64)
    signs = _states(cohort, rules, when, patient, hours)
    crs = _picture(rules.crs_like, signs, day)
    iec_hs = _picture(rules.iec_hs_like, signs, day)
    named = np.where(
        crs == MET,
        np.where(iec_hs == MET, BOTH, CRS_LIKE),
        np.where(iec_hs == MET, IEC_HS_LIKE, np.where(iec_hs == NOT_MET, NEITHER, UNKNOWN)),
    )
    shown = {name: signs[name] == MET for name in (*rules.crs_like.signs, *ACCOMPANYING)}
    for name in ACCOMPANYING:
        shown[name] &= crs == MET
    unknown = {name: signs[name] == NOT_ASSESSABLE for name in rules.iec_hs_like.signs}
    columns = {
        "patient_id": cohort.patient_id[patient],
        "day": day,
        "hours": hours,
        "picture": named,
        "crs_state": _names(crs),
        "iec_hs_state": _names(iec_hs),
        "crs_signs": _joined(shown),
        "iec_hs_signs": _joined({name: signs[name] == MET for name in rules.iec_hs_like.signs}),
        "not_assessable_signs": _joined(unknown),
    }
    frame = pd.DataFrame(columns)
    return frame.astype({name: "str" for name in frame if name not in ("day", "hours")})


def _picture(picture: Picture, signs: dict[str, States], day: Codes) -> States:
    in_time = (day >= picture.first_day) & (day <= picture.last_day)
    enough = at_least(np.column_stack([signs[name] for name in picture.signs]), picture.at_least)
    return np.where(in_time, enough, NOT_MET).astype(np.int8)


def _names(states: States) -> npt.NDArray[np.object_]:
    words = [STATE_NAMES[state] for state in (NOT_ASSESSABLE, NOT_MET, MET)]
    return np.array(words, dtype=object)[states + 1]


def _joined(found: dict[str, Flags]) -> npt.NDArray[np.object_]:
    """Names of the flags that are set, joined; days share few patterns."""
    patterns, which = np.unique(np.column_stack(list(found.values())), axis=0, return_inverse=True)
    words = [
        "; ".join(name for name, there in zip(found, pattern, strict=True) if there)
        for pattern in patterns
    ]
    return np.array(words, dtype=object)[which.reshape(-1)]


def _states(
    cohort: Cohort, rules: CourseRules, when: Moments, patient: Codes, hours: Floats
) -> dict[str, States]:
    """State of every sign of both pictures at q asked times."""
    # Without a target antigen the definition reads ferritin by either of its rules.
    anyone = replace(cohort, patients=cohort.patients.assign(target_antigen=np.nan))
    early = evaluate_signs(anyone, _definition(rules), rules.cytopenia_before)
    states = early.standing(patient, hours).states
    late = evaluate_signs(anyone, rules.definition, rules.cytopenia_after)
    late_states = late.standing(patient, hours).states
    found = dict(zip(early.signs, states.T, strict=True))
    recovered = hours >= rules.recovery_hours
    part = [part.name for part in late.definition.parts].index(rules.cytopenia_part)
    crs = _stands(cohort, when, (rules.crs.event,), rules.crs.hours, patient, hours)
    fever = _stands(cohort, when, (rules.fever.event,), rules.fever.hours, patient, hours)
    poor, response = _response(cohort, rules, when, patient, hours)
    return {
        "crs": crs.astype(np.int8),
        "fever": fever.astype(np.int8),
        "ferritin_moderate": (found["ferritin"] == NOT_MET).astype(np.int8),
        "fibrinogen_kept": (found["fibrinogen"] == NOT_MET).astype(np.int8),
        "response": response.astype(np.int8),
        "ferritin": found["ferritin"],
        "fibrinogen": found["fibrinogen"],
        "tissue_damage": any_of(found["ldh"], found["transaminases"]),
        "cytopenias": np.where(
            recovered,
            late.definition.part_states(late_states)[:, part],
            early.definition.part_states(states)[:, part],
        ).astype(np.int8),
        "rebound": found["rebound"],
        "poor_response": poor.astype(np.int8),
    }


def _definition(rules: CourseRules) -> Definition:
    """The definition whose limits are used, with the two results that it does not read."""
    base = load_definition(rules.definition)

    def judge(cohort: Cohort, rule: str) -> tuple[Sign, ...]:
        return *base.judge(cohort, rule), rules.ldh.judge(cohort), rules.rebound.judge(cohort)

    return replace(base, signs=(*base.signs, "ldh", "rebound"), judge=judge)


def _latest(
    cohort: Cohort, when: Moments, names: Sequence[str], patient: Codes, hours: Floats
) -> Floats:
    """Hour of the last of some events at or before each asked time, -inf where there is none."""
    return _latest_of(cohort.happened, when, names, patient, hours)


def _latest_of(
    events: pd.DataFrame, when: Moments, names: Sequence[str], patient: Codes, hours: Floats
) -> Floats:
    events = events[events["event"].isin(names).to_numpy(dtype=bool)]
    at = events["hours"].to_numpy(dtype=np.float64)
    records = when.keys(events["patient"].to_numpy(dtype=np.int64), at)
    position = when.latest(records, when.keys(patient, hours))
    found = np.full(len(hours), -np.inf)
    found[position >= 0] = at[position[position >= 0]]
    return found


def _stands(
    cohort: Cohort,
    when: Moments,
    names: Sequence[str],
    standing_hours: float,
    patient: Codes,
    hours: Floats,
) -> Flags:
    """Whether an event stands at each asked time: not too long ago, and not ended since."""
    begun = _latest(cohort, when, names, patient, hours)
    ends = cohort.events[(cohort.events["grade"] == 0).to_numpy(dtype=bool)]
    ended = _latest_of(ends, when, names, patient, hours) > begun
    return (hours - begun <= standing_hours) & ~ended


def _response(
    cohort: Cohort, rules: CourseRules, when: Moments, patient: Codes, hours: Floats
) -> tuple[Flags, Flags]:
    """Whether a poor response, and whether a good one, stands at each asked time."""
    rule = rules.response

    def dose_before(at: Floats) -> Floats:
        return _latest(cohort, when, (rule.drug,), patient, at - rule.from_hours)

    signal = _latest(cohort, when, rule.signals, patient, hours)
    dose = dose_before(signal)
    followed = np.isfinite(dose) & (signal <= dose + rule.to_hours)
    poor = followed & (hours - signal <= rule.standing_hours)
    dose = dose_before(hours)
    quiet = signal < dose + rule.from_hours
    return poor, np.isfinite(dose) & (hours - dose <= rule.to_hours) & quiet


def prolonged_cytopenia(cohort: Cohort) -> pd.DataFrame:
    """Whether a lineage stayed low without a break for more than 30 days after the infusion.

    A run begins at its first low count, at the infusion at the earliest; it lasts while every count
    is low and no two are further apart than course.toml allows. It is not assessable where counts
    are so far apart, or end so low or so early, that a long run may have gone unseen; death ends
    every run.

    Returns
    -------
    DataFrame of n rows, in the order of the cohort
        ``patient_id, prolonged_cytopenia_state`` (any lineage), then per lineage
        ``<sign>_prolonged_state``, and ``<sign>_run_from_hours`` and ``<sign>_run_to_hours`` of its
        longest certain run: first and last low count.
    """
    rules = course_rules()
    definition = load_definition(rules.definition)
    part = next(part for part in definition.parts if part.name == rules.cytopenia_part)
    death = first_event(cohort, ("death",))
    states: list[States] = []
    columns: dict[str, npt.NDArray[np.object_] | Floats] = {}
    for sign in definition.judge(cohort, "any"):
        if sign.name in part.signs:
            (series,) = sign.series
            start, end = _longest_run(series, len(cohort), rules.prolonged.longest_gap_hours)
            certain = holds(end - start, rules.prolonged.comparison, rules.prolonged.hours)
            possible = _longest_possible(series, death, rules.recovery_hours)
            impossible = ~holds(possible, rules.prolonged.comparison, rules.prolonged.hours)
            state = decide(certain, impossible)
            states.append(state)
            columns[f"{sign.name}_prolonged_state"] = _names(state)
            columns[f"{sign.name}_run_from_hours"] = start
            columns[f"{sign.name}_run_to_hours"] = end
    leading = {
        "patient_id": cohort.patient_id,
        "prolonged_cytopenia_state": _names(any_of(*states)),
    }
    frame = pd.DataFrame({**leading, **columns}, index=pd.RangeIndex(len(cohort)))
    texts = [name for name in frame if frame[name].dtype == object]
    return frame.astype(dict.fromkeys(texts, "str"))


def _longest_run(series: Series, patients: int, longest_gap: float) -> tuple[Floats, Floats]:
    """First and last hour of each patient's longest run of low counts, NaN where there is none."""
    low = series.state == MET
    patient, hours = series.patient[low], series.hours[low]
    broken = np.cumsum(~low)[low]
    new = np.ones(len(hours), dtype=bool)
    new[1:] = (
        (patient[1:] != patient[:-1]) | (broken[1:] != broken[:-1]) | (np.diff(hours) > longest_gap)
    )
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(hours)) - 1 if len(first) else first
    start, end = np.full(patients, np.nan), np.full(patients, np.nan)
    order = np.argsort(hours[last] - hours[first], kind="stable")
    start[patient[first][order]] = hours[first][order]
    end[patient[first][order]] = hours[last][order]
    return start, end


def _longest_possible(series: Series, death: Floats, recovery_hours: float) -> Floats:
    """Longest run that each patient's counts allow: between two that are not low, or to the death.

    After the last count nothing is expected any more where it is not low and stands at or after
    `recovery_hours`; otherwise a run may go on, or begin, unseen.
    """
    normal = series.state == NOT_MET
    patient, hours = series.patient[normal], series.hours[normal]
    longest, last_normal = np.zeros(len(death)), np.zeros(len(death))
    np.maximum.at(longest, patient, hours - previous(hours, patient, 0.0))
    np.maximum.at(last_normal, patient, hours)
    last = np.full(len(death), -np.inf)
    np.maximum.at(last, series.patient, series.hours)
    settled = (last == last_normal) & (last >= recovery_hours)
    return np.maximum(longest, np.where(settled, 0.0, death - last_normal))
