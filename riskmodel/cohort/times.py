"""Align times: everything becomes hours from the infusion."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort.numbers import numbers

TIME_FAULTS = (
    "time_unreadable",
    "no_infusion_time",
    "time_zone_mismatch",
    "time_missing",
    "time_before_birth",
    "time_impossible",
)
"""Why a row has no hours from the infusion; a row's fault counts from 1, 0 is none."""

_UNREADABLE, _NO_INFUSION, _MISMATCH, _MISSING, _BEFORE_BIRTH, _IMPOSSIBLE = range(1, 7)

HOURS_PER_YEAR = 24 * 365.25
LONGEST_LIFE_YEARS = 120.0
_ZONE = r"(?:[zZ]|[+-]\d{2}:?\d{2})$"
_DATE_ONLY = r"^\d{4}-?\d{2}-?\d{2}$"


def parse_times(
    column: pd.Series,
) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Instants of ISO 8601 timestamps.

    Parameters
    ----------
    column : Series of shape (n,)
        Text, or timestamps of a Parquet file.

    Returns
    -------
    instant : datetime64[us] array, NaT where empty or unreadable; UTC where a zone was given
    zoned : bool array, whether the cell named a time zone
    date_only : bool array, whether the cell held no time of day (read as midnight)
    """
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        instant = column.dt.tz_convert("UTC").dt.tz_localize(None)
        zoned = column.notna().to_numpy()
        return instant.to_numpy("datetime64[us]"), zoned, np.zeros(len(column), bool)
    if pd.api.types.is_datetime64_dtype(column.dtype):
        none = np.zeros(len(column), bool)
        return column.to_numpy("datetime64[us]"), none, none.copy()
    text = column.astype("object").where(column.notna(), "").astype("str").str.strip()
    zoned = text.str.contains(_ZONE, regex=True).to_numpy(dtype=bool)
    date_only = text.str.match(_DATE_ONLY).to_numpy(dtype=bool)
    instant = np.full(len(text), np.datetime64("NaT"), dtype="datetime64[us]")
    for mask, utc in ((zoned, True), (~zoned, False)):
        if mask.any():
            read = pd.to_datetime(text[mask], format="ISO8601", errors="coerce", utc=utc)
            plain = read.dt.tz_localize(None) if utc else read
            instant[mask] = plain.to_numpy("datetime64[us]")
    return instant, zoned, date_only


def hours_from_infusion(
    table: pd.DataFrame,
    code: npt.NDArray[np.int64],
    infusion: npt.NDArray[np.datetime64],
    infusion_zoned: npt.NDArray[np.bool_],
    age_years: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    """Hours of each row from its patient's infusion, or the fault by which there are none.

    Parameters
    ----------
    table : DataFrame
        With ``hours_from_infusion``, ``time`` or both; the first wins where it is filled.
    code : int array of shape (n,)
        Patient code, -1 where the patient is unknown.
    infusion, infusion_zoned, age_years : arrays of shape (patients,)
        Of each patient.

    Returns
    -------
    hours : float64 array, NaN where unusable
    fault : int8 array, 0 where usable, else the place in `TIME_FAULTS`, from 1
    date_only : bool array
    """
    n = len(table)
    hours = np.full(n, np.nan)
    fault = np.zeros(n, dtype=np.int8)
    date_only = np.zeros(n, dtype=bool)
    empty = np.ones(n, dtype=bool)
    if "hours_from_infusion" in table:
        hours = numbers(table["hours_from_infusion"])
        empty = table["hours_from_infusion"].isna().to_numpy()
        fault[~empty & np.isnan(hours)] = _UNREADABLE
    known = code >= 0
    if "time" in table and empty.any():
        instant, zoned, dates = parse_times(table["time"])
        use = empty & table["time"].notna().to_numpy() & known
        # Code -1, an unknown patient, finds the entry added at the end: also without any patient.
        start = np.append(infusion, np.datetime64("NaT"))[code]
        start_zoned = np.append(infusion_zoned, False)[code]
        fault[use & np.isnat(instant)] = _UNREADABLE
        fault[use & np.isnat(start)] = _NO_INFUSION
        ready = use & ~np.isnat(instant) & ~np.isnat(start)
        fault[ready & (zoned != start_zoned)] = _MISMATCH
        ready = ready & (zoned == start_zoned)
        microseconds = (instant - start).astype(np.int64)
        hours = np.where(ready, microseconds / 3.6e9, hours)
        date_only = dates & ready
        empty = empty & ~use
    fault[empty & known & (fault == 0)] = _MISSING
    age = np.where(known, age_years[code], np.nan) if len(age_years) else np.full(n, np.nan)
    oldest = np.where(np.isnan(age), LONGEST_LIFE_YEARS, age + 1) * HOURS_PER_YEAR
    usable = (fault == 0) & ~np.isnan(hours)
    fault[usable & (hours < -oldest)] = _BEFORE_BIRTH
    fault[usable & (hours > LONGEST_LIFE_YEARS * HOURS_PER_YEAR)] = _IMPOSSIBLE
    return hours, fault, date_only
