"""Times of one patient with and without a time zone, and ages at them."""

import re
from collections.abc import Iterable
from datetime import date

import pandas as pd

_ZONE = re.compile(r"(?<=[0-9])(?:[zZ]|[+-]\d{2}:?\d{2})$")
_CLOCK = r"[T ]\d{2}:?\d{2}(?::?\d{2}(?:\.\d+)?)?([zZ]|[+-]\d{2}:?\d{2})$"


def split_zone(time: str) -> tuple[str, str]:
    """Local time and zone of an ISO 8601 text; the zone is empty where none stands.

    Examples
    --------
    >>> split_zone("2024-05-01T08:10:00-05:00"), split_zone("2024-05-01")
    (('2024-05-01T08:10:00', '-05:00'), ('2024-05-01', ''))
    """
    if "T" not in time and " " not in time:
        return time, ""
    found = _ZONE.search(time)
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
