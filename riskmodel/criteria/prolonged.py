"""Prolonged cytopenia: a lineage that stays low for longer than course.toml says, unbroken."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Floats, States
from riskmodel.cohort import Cohort, first_event, latest
from riskmodel.criteria.course import course_rules, state_names
from riskmodel.criteria.definitions.registry import load_definition
from riskmodel.criteria.intervals import previous
from riskmodel.criteria.signs.sign import Series
from riskmodel.criteria.truth import MET, NOT_MET, any_of, decide, holds


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
    rule = rules.prolonged_cytopenia
    definition = load_definition(rules.definition)
    part = next(part for part in definition.parts if part.name == rules.signs.cytopenias.part)
    death = first_event(cohort, ("death",), since=0.0)
    states: list[States] = []
    columns: dict[str, npt.NDArray[np.object_] | Floats] = {}
    for sign in definition.judge(cohort, "any"):
        if sign.name in part.signs:
            (series,) = sign.series
            start, end = _longest_run(series, len(cohort), rule.longest_gap_hours)
            certain = holds(end - start, rule.comparison, 24 * rule.days)
            possible = _longest_possible(series, death, rules.recovery_hours)
            impossible = ~holds(possible, rule.comparison, 24 * rule.days)
            state = decide(certain, impossible)
            states.append(state)
            columns[f"{sign.name}_prolonged_state"] = state_names(state)
            columns[f"{sign.name}_run_from_hours"] = start
            columns[f"{sign.name}_run_to_hours"] = end
    leading = {
        "patient_id": cohort.patient_id,
        "prolonged_cytopenia_state": state_names(any_of(*states)),
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
    longest = np.zeros(len(death))
    np.maximum.at(longest, patient, hours - previous(hours, patient, 0.0))
    last_normal = np.maximum(latest(len(death), patient, hours), 0.0)
    last = latest(len(death), series.patient, series.hours)
    settled = (last == last_normal) & (last >= recovery_hours)
    return np.maximum(longest, np.where(settled, 0.0, death - last_normal))
