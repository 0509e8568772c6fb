"""Body weight: which records hold one, and which of them is a patient's weight at the infusion.

The tables are body_weight.toml beside this module.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort.numbers import parse_results
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import EXACT, PATIENT_NUMBERS
from riskmodel.cohort.text_codes import text_column
from riskmodel.cohort.times import parse_times
from riskmodel.files import read_toml

WEIGHT = "body_weight"
"""What readers call such a result among the results of a source; no analyte of the contract."""


@cache
def _table() -> Mapping[str, Any]:
    return read_toml(Path(__file__).parent / "body_weight.toml")


def weight_loinc() -> tuple[str, ...]:
    """LOINC codes of a body weight."""
    return tuple(_table()["codes"]["loinc"])


def weight_omop() -> tuple[int, ...]:
    """OMOP concept ids of a body weight."""
    codes = _table()["codes"]
    return (*codes["omop"], *codes["memory"]["omop"])


def weight_unit_of(name: str) -> str | None:
    """Unit that a name of a body weight carries, empty where none; None for any other name.

    Examples
    --------
    >>> weight_unit_of("Weight (Lbs)"), weight_unit_of("Body weight"), weight_unit_of("Height")
    ('[lb_av]', '', None)
    """
    names, folded = _table()["names"], name.strip().casefold()
    if folded in names["mimic"] and folded.isdecimal():
        return str(names["mimic"][folded])
    return str(names["units"].get(folded, "")) if folded in names["texts"] else None


@cache
def _factors() -> Mapping[str, float]:
    units = _table()["units"]
    spelled = (
        (s, unit["factor"]) for ucum, unit in units.items() for s in (ucum, *unit["spellings"])
    )
    return {spelling.casefold(): factor for spelling, factor in spelled}


def kilograms(unit: str) -> float | None:
    """Kilograms in one unit, None where it is no unit of weight.

    Examples
    --------
    >>> kilograms("kg"), kilograms("LBS"), kilograms("mg/dL")
    (1.0, 0.45359237, None)
    """
    return _factors().get(unit.strip().casefold())


def with_weights(
    patients: pd.DataFrame, weights: pd.DataFrame, rejections: Rejections
) -> pd.DataFrame:
    """The patients table with ``weight_kg``: the latest weight at or before the infusion.

    Weights of one time are averaged. Later ones are never used, nor those older than the window
    of body_weight.toml.

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
    low, high = PATIENT_NUMBERS["weight_kg"]
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
    oldest = -24.0 * _table()["window"]["days"]
    used = usable & ~other_zone & exact & (code >= 0) & (hours <= 0) & (hours >= oldest)
    rejections.note("body weight", "results in the window before the infusion", int(used.sum()))
    rejections.note("body weight", "other results (not used)", int((usable & ~used).sum()))
    found = pd.DataFrame({"patient_id": ids, "hours": hours, "kg": kg})[np.asarray(used)]
    latest = found[found["hours"] == found.groupby("patient_id")["hours"].transform("max")]
    mean = latest.groupby("patient_id")["kg"].mean()
    return patients.assign(weight_kg=patients["patient_id"].map(mean.to_dict()).astype("float64"))


def _read_units(
    weights: pd.DataFrame, ids: pd.Series, rejections: Rejections
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Kilograms in the unit of each row, and which rows have such a unit."""
    units = text_column(weights, "unit").fillna("")
    known = {unit: kilograms(unit) for unit in units.unique()}
    factor = units.map(known).to_numpy(dtype=np.float64, na_value=np.nan)
    for unit, found in known.items():
        if found is None:
            reason = "unknown_unit" if unit else "missing_unit"
            seen = f"body weight, unit '{unit}'; allowed: {', '.join(_table()['units'])}"
            rejections.add("labs", (units == unit).to_numpy(), ids, reason, detail=seen)
    return factor, ~np.isnan(factor)
