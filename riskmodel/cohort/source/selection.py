"""Which records of a whole source belong to the cohort: those of patients with an infusion."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.written.times import parse_times
from riskmodel.errors import SchemaError


def refuse(table: str, frame: pd.DataFrame, shown: str, own: Rejections) -> Flags:
    """Reject what the source itself withdrew or left without a usable value.

    Parameters
    ----------
    table : {"labs", "events"}
    frame : DataFrame of shape (n, any)
        With ``patient_id`` (empty for no patient), ``refusal`` (reason code or empty) and,
        optionally, ``current`` (false for replaced versions, which are not told of).
    shown : str
        Column that says in the report what was refused.
    own : Rejections

    Returns
    -------
    bool array of shape (n,)
        Usable rows.
    """
    refusal = frame["refusal"]
    nobody = (frame["patient_id"] == "").to_numpy(dtype=bool)
    current = np.ones(len(frame), dtype=bool)
    if "current" in frame:
        current = frame["current"].to_numpy(dtype=bool)
    ids = frame["patient_id"].astype(object)
    detail = frame[shown].to_numpy(dtype=object)
    own.add(table, nobody & current, ids, "not_a_patient", detail=detail)
    refused = (refusal != "").to_numpy(dtype=bool)
    for reason in refusal[refused & ~nobody & current].unique():
        rows = (refusal == reason).to_numpy(dtype=bool) & ~nobody & current
        own.add(table, rows, ids, str(reason), detail=detail)
    return np.asarray(~nobody & ~refused)


def listed_in_source(listed: pd.DataFrame, known: Collection[str], own: Rejections) -> pd.DataFrame:
    """The listed infusions whose patient the source holds; the others are rejected."""
    outside = ~listed["patient_id"].isin(known).to_numpy(dtype=bool)
    own.add("patients", outside, listed["patient_id"], "not_in_source", column="patient_id")
    return listed[~outside].reset_index(drop=True)


def of_cohort(frame: pd.DataFrame, members: set[str], table: str, own: Rejections) -> Flags:
    """Rows whose patient has an infusion; the others are counted, not rejected one by one."""
    inside = frame["patient_id"].isin(members).to_numpy(dtype=bool)
    other = ~inside & (frame["patient_id"] != "").to_numpy(dtype=bool)
    people = frame.loc[other, "patient_id"].nunique()
    own.note("records of patients without an infusion (not used)", table, int(other.sum()))
    own.note("patients without an infusion, by records", table, int(people))
    return inside


def no_infusion(name: str, patients: int, which: str = "") -> SchemaError:
    """The error of a source in which nobody has an infusion, or none of those that `which` says."""
    return SchemaError(
        f"No CAR-T infusion{which} was found for any of {patients} patients of '{name}'. Give a "
        "list of infusions (--infusions FILE: patient_id, infusion_time), or add the code of your "
        "procedure to a mapping (--mapping FILE)."
    )


def known_by(time: str, start: str) -> bool:
    """Whether something was known at the infusion; what has no date was.

    Dates without a time of day are compared by day.

    Examples
    --------
    >>> known_by("2024-05", "2024-05-02T10:00:00Z"), known_by("2024-05-03", "2024-05-02")
    (True, False)
    >>> known_by("2024-05-02T10:00:01Z", "2024-05-02T10:00:00Z")
    False
    """
    if len(time) > 10 and len(start) > 10:
        instants, zoned, _ = parse_times(pd.Series([time, start], dtype="str"))
        if not np.isnat(instants).any() and zoned[0] == zoned[1]:
            return bool(instants[0] <= instants[1])
    return time[:10] <= start[:10]
