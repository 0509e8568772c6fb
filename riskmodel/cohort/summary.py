"""What is in a cohort, in plain text: for `riskmodel check`."""

import numpy as np
import pandas as pd

from riskmodel.arrays import Floats
from riskmodel.cohort.rejections import sentences
from riskmodel.cohort.schema import PATIENT_CHOICES, PATIENT_FLAGS, PATIENT_NUMBERS
from riskmodel.cohort.tables.cohort import Cohort
from riskmodel.cohort.units import analytes

FEWEST_FOR_MEDIAN = 5
"""Patients below which a median would tell somebody's value."""


def _counted(column: pd.Series) -> str:
    counts = column.value_counts().sort_index()
    unknown = int(column.isna().sum())
    shown = [f"{value} {count}" for value, count in counts.items()]
    return ", ".join([*shown, f"unknown {unknown}"] if unknown else shown)


def _median(value: Floats, patients: int) -> str:
    """The median, where it is no single patient's own."""
    return f", median {np.median(value):.4g}" if patients >= FEWEST_FOR_MEDIAN else ""


def _labs(cohort: Cohort) -> list[str]:
    lines = [f"Labs: {len(cohort.labs)} results."]
    code = cohort.labs["analyte"].cat.codes.to_numpy()
    patient, hours, value = (cohort.labs[n].to_numpy() for n in ("patient", "hours", "value"))
    names = cohort.labs["analyte"].cat.categories
    for key in np.flatnonzero(np.bincount(code, minlength=len(names))).tolist():
        # An analyte at a time: groups of the whole table would be a second copy of it.
        rows = np.flatnonzero(code == key)
        patients = len(np.unique(patient[rows]))
        before = len(np.unique(patient[rows[hours[rows] <= 0]]))
        lines.append(
            f"  {names[key]} ({analytes()[names[key]].unit}): {len(rows)} results, "
            f"{patients} patients, {before} of them before the infusion"
            f"{_median(value[rows], patients)}"
        )
    return lines


def _missing(cohort: Cohort) -> list[str]:
    names = [*PATIENT_CHOICES, *PATIENT_NUMBERS, *PATIENT_FLAGS]
    share = cohort.patients[names].isna().mean().sort_values(ascending=False, kind="stable")
    empty = [str(name) for name in share.index[share == 1]]
    partly = [f"{name} {s:.0%}" for name, s in share.items() if 0 < s < 1]
    measured = set(cohort.labs["analyte"].unique())
    absent = [name for name in analytes() if name not in measured]
    lines = ["Missing:"]
    lines.append(f"  patient columns without any value: {', '.join(empty) or 'none'}")
    lines.append(f"  patient columns partly unknown: {', '.join(partly) or 'none'}")
    lines.append(f"  analytes never measured: {', '.join(absent) or 'none'}")
    return lines


def summary(cohort: Cohort) -> str:
    """What is there, what was converted, what is missing and what was rejected.

    Values appear as counts, and as medians of at least five patients.
    """
    lines = [f"Cohort '{cohort.name}': {len(cohort)} patients."]
    if len(cohort):
        for name in ("target_antigen", "costimulatory_domain", "disease"):
            lines.append(f"  {name}: {_counted(cohort.patients[name])}")
        lines += _labs(cohort)
        lines.append(f"Events: {len(cohort.events)}.")
        for event, rows in cohort.events.groupby("event", observed=True):
            patients = rows["patient"].nunique()
            lines.append(f"  {event}: {len(rows)} in {patients} patients")
    lines.append("Converted and noted:" if cohort.notes else "Converted and noted: nothing.")
    for kind, counts in cohort.notes.items():
        for key, count in counts.items():
            lines.append(f"  {kind}: {key} ({count})")
    if len(cohort):
        lines += _missing(cohort)
    rejected = sentences(cohort.rejected)
    lines.append(
        f"Rejected: {len(cohort.rejected)} rows or cells." if rejected else "Rejected: nothing."
    )
    lines += [f"  {sentence}" for sentence in rejected]
    return "\n".join(lines)
