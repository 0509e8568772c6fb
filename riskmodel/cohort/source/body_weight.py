"""Which recorded body weight is a patient's weight at the infusion."""

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags, Floats
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import EXACT
from riskmodel.cohort.text_codes import text_column
from riskmodel.cohort.units import recorded, resolve
from riskmodel.cohort.written.numbers import parse_results
from riskmodel.cohort.written.times import parse_times
from riskmodel.errors import UnitError

WEIGHT = "body_weight"
"""The internal analyte whose results become ``weight_kg``."""


def with_weights(
    patients: pd.DataFrame, weights: pd.DataFrame, rejections: Rejections
) -> pd.DataFrame:
    """The patients table with ``weight_kg``: the latest weight at or before the infusion.

    Weights of one time are averaged. Later ones are never used, nor those older than
    ``days_before`` of analytes.toml.

    Parameters
    ----------
    patients : DataFrame
        With ``patient_id`` and ``infusion_time``.
    weights : DataFrame of shape (n, any)
        ``patient_id, time, value, unit`` and, optionally, ``comparator``, as charted.
    rejections : Rejections
        Gets the weights that cannot be read, by their position in `weights`.
    """
    if weights.empty:
        return patients
    weights = weights.reset_index(drop=True)
    ids = text_column(weights, "patient_id")
    factor, usable = _read_units(weights, ids, rejections)
    value, comparator, unreadable = parse_results(weights["value"])
    exact = (comparator == EXACT) & text_column(weights, "comparator").fillna("=").isin(
        ["="]
    ).to_numpy()
    kg = value * factor
    entry = recorded()[WEIGHT]
    low, high = entry.possible
    instant, zoned, _ = parse_times(weights["time"])
    time = weights["time"].astype("str").fillna("")
    empty = (weights["time"].isna() | (time == "")).to_numpy(dtype=bool)
    for rows, reason in (
        (unreadable, "value_not_a_number"),
        (np.isnan(value) & ~unreadable, "value_missing"),
        (~(kg >= low) | ~(kg <= high), "value_impossible"),
        (empty, "time_missing"),
        (np.isnat(instant), "time_unreadable"),
    ):
        wrong = usable & rows
        rejections.add(
            "labs", wrong, ids, reason, detail=f"body weight, allowed: {low} to {high} kg"
        )
        usable &= ~wrong
    start, start_zoned, _ = parse_times(patients["infusion_time"])
    one = patients.assign(start=start, start_zoned=start_zoned).drop_duplicates("patient_id")
    code = pd.Index(one["patient_id"]).get_indexer(ids)
    hours = (instant - one["start"].to_numpy("datetime64[us]")[code]) / np.timedelta64(1, "h")
    other_zone = usable & (zoned != one["start_zoned"].to_numpy()[code])
    rejections.add("labs", other_zone, ids, "time_zone_mismatch", detail="body weight")
    oldest = -24.0 * (entry.days_before or 0)
    used = usable & ~other_zone & exact & (code >= 0) & (hours <= 0) & (hours >= oldest)
    rejections.note("body weight", "results in the window before the infusion", int(used.sum()))
    rejections.note("body weight", "other results (not used)", int((usable & ~used).sum()))
    found = pd.DataFrame({"patient_id": ids, "hours": hours, "kg": kg})[np.asarray(used)]
    latest = found[found["hours"] == found.groupby("patient_id")["hours"].transform("max")]
    mean = latest.groupby("patient_id")["kg"].mean()
    return patients.assign(weight_kg=patients["patient_id"].map(mean.to_dict()).astype("float64"))


def _read_units(
    weights: pd.DataFrame, ids: pd.Series, rejections: Rejections
) -> tuple[Floats, Flags]:
    """Kilograms in the unit of each row, and which rows have such a unit."""
    units = text_column(weights, "unit").fillna("")
    factor = np.full(len(weights), np.nan)
    for unit in units.unique():
        rows = (units == unit).to_numpy()
        try:
            factor[rows] = resolve(WEIGHT, "", unit, internal=True).factor
        except UnitError:
            reason = "unknown_unit" if unit else "missing_unit"
            seen = f"body weight, unit '{unit}'; allowed: {', '.join(recorded()[WEIGHT].factors)}"
            rejections.add("labs", rows, ids, reason, detail=seen)
    return factor, ~np.isnan(factor)
