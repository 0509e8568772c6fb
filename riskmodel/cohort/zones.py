"""Times of one patient with and without a time zone, and ages at them."""

import re
from datetime import date

import numpy as np
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
    listed: pd.DataFrame, patient_id: pd.Series, times: pd.Series
) -> tuple[pd.DataFrame, int]:
    """Give listed infusions without a zone that of their patient's nearest record.

    Parameters
    ----------
    listed : DataFrame
        With ``patient_id`` and ``infusion_time`` as text.
    patient_id, times : Series of shape (n,)
        Of the patients' records.

    Returns
    -------
    (DataFrame, int)
        The list, and how many times were read with the zone of a record.
    """
    plain = [split_zone(time)[1] == "" for time in listed["infusion_time"]]
    open_ids = set(listed.loc[plain, "patient_id"])
    mine = patient_id.isin(open_ids).to_numpy(dtype=bool)
    known = zones_of(times[mine])
    records = dict(list(known.groupby(patient_id[mine].reindex(known.index))))
    filled, count = listed["infusion_time"].tolist(), 0
    for row, (name, time) in enumerate(
        zip(listed["patient_id"], listed["infusion_time"], strict=True)
    ):
        if not plain[row] or name not in records:
            continue
        start = pd.Timestamp(time).to_datetime64().astype("datetime64[us]")
        distance = np.abs(records[name]["local"].to_numpy("datetime64[us]") - start)
        zone = records[name]["zone"].iloc[int(np.argmin(distance))]
        filled[row] = with_zone(time, zone)
        count += 1
    return listed.assign(infusion_time=pd.Series(filled, index=listed.index, dtype="str")), count


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
