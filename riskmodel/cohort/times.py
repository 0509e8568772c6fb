"""Align times: everything becomes hours from the infusion."""

import re
from collections.abc import Iterable
from datetime import date

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
_NAMED_ZONE = re.compile(r"(?<=[0-9])(?:[zZ]|[+-]\d{2}:?\d{2})$")
_CLOCK = r"[T ]\d{2}:?\d{2}(?::?\d{2}(?:\.\d+)?)?([zZ]|[+-]\d{2}:?\d{2})$"


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


def split_zone(time: str) -> tuple[str, str]:
    """Local time and zone of an ISO 8601 text; the zone is empty where none stands.

    Examples
    --------
    >>> split_zone("2024-05-01T08:10:00-05:00"), split_zone("2024-05-01")
    (('2024-05-01T08:10:00', '-05:00'), ('2024-05-01', ''))
    """
    if "T" not in time and " " not in time:
        return time, ""
    found = _NAMED_ZONE.search(time)
    return (time[: found.start()], found[0]) if found else (time, "")


def zones_of(times: pd.Series) -> pd.DataFrame:
    """``local`` (datetime64[us]) and ``zone`` of the times that name a zone, by their index."""
    zone = times.str.extract(_CLOCK, expand=False)
    named = zone.notna().to_numpy(dtype=bool)
    clocks = times[named].str.slice(0, 19)
    local = pd.to_datetime(clocks, format="ISO8601", errors="coerce").astype("datetime64[us]")
    return pd.DataFrame({"local": local, "zone": zone[named]}).dropna()


def borrow_zones(
    listed: pd.DataFrame, records: Iterable[tuple[pd.Series, pd.Series]]
) -> tuple[pd.DataFrame, int]:
    """Give listed infusions without a zone that of their patient's nearest record.

    Parameters
    ----------
    listed : DataFrame
        With ``patient_id`` and ``infusion_time`` as text.
    records : iterable of (patient_id, time)
        Of the patients' records, some at a time: each pair of Series of one length.

    Returns
    -------
    (DataFrame, int)
        The list, and how many times were read with the zone of a record.
    """
    listed = listed.reset_index(drop=True)
    plain = [split_zone(time)[1] == "" for time in listed["infusion_time"]]
    asked = listed.loc[plain, ["patient_id", "infusion_time"]].reset_index(names="at")
    asked["start"] = pd.to_datetime(asked["infusion_time"], format="ISO8601", errors="coerce")
    asked = asked.drop(columns="infusion_time").dropna()
    nearest = pd.DataFrame({"at": [], "zone": [], "distance": []})
    for patient_id, time in records if len(asked) else ():
        mine = patient_id.isin(set(asked["patient_id"])).to_numpy(dtype=bool)
        known = zones_of(time[mine])
        if known.empty:
            continue
        pairs = known.assign(patient_id=patient_id[mine].reindex(known.index)).merge(
            asked, on="patient_id"
        )
        pairs["distance"] = (pairs["local"] - pairs["start"]).abs()
        pairs = pairs[["at", "zone", "distance"]]
        nearest = pd.concat([nearest, pairs]) if len(nearest) else pairs
        nearest = nearest.sort_values("distance", kind="stable").drop_duplicates("at")
    zones = dict(zip(nearest["at"], nearest["zone"], strict=True))
    filled = [with_zone(time, zones.get(at, "")) for at, time in enumerate(listed["infusion_time"])]
    return listed.assign(infusion_time=pd.Series(filled, dtype="str")), len(zones)


def with_zone(time: str, zone: str) -> str:
    """A time with a zone where it has none; a date is its midnight.

    Examples
    --------
    >>> with_zone("2024-05-01", "+02:00"), with_zone("2024-05-01T08:00:00Z", "+02:00")
    ('2024-05-01T00:00:00+02:00', '2024-05-01T08:00:00Z')
    """
    local, own = split_zone(time)
    if own or not zone:
        return time
    return f"{local}{'' if len(local) > 10 else 'T00:00:00'}{zone}"


def age_at(birth: str, time: str) -> float:
    """Completed years from a birth date, which may lack day and month, NaN where unreadable.

    Examples
    --------
    >>> age_at("1960-06-15", "2024-06-14T09:00:00Z"), age_at("1960", "2024-06-14")
    (63.0, 64.0)
    """
    try:
        born = date.fromisoformat((birth + "-01-01"[len(birth) - 4 :])[:10])
        now = date.fromisoformat(time[:10])
    except ValueError:
        return float("nan")
    return float(now.year - born.year - ((now.month, now.day) < (born.month, born.day)))
