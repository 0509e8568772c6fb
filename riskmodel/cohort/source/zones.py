"""The clock of a source: in which zone a time is read that names none."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.written.times import has_clock, parse_times, split_zone, with_zone, zones_of
from riskmodel.errors import SchemaError

CHECK = "please check"
"""Kind of the notes that are said on the terminal too."""

_UTC = ("Z", "+00:00", "-00:00")
_ONE_HOUR = 60
_FEWEST, _SHARE = 2, 0.2
"""Records of a zone, and its share of its clock's, below which it is no zone of the clock."""


def timezone(name: str) -> ZoneInfo:
    """A time zone by its name.

    Raises
    ------
    SchemaError
        When no zone has that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SchemaError(
            f"Time zone '{name[:60]}' is unknown. Allowed: names such as Europe/Madrid, "
            "America/New_York, UTC."
        ) from None


@lru_cache(maxsize=65536)
def _offset(local: str, zone: ZoneInfo) -> str:
    """Offset of a local time in a zone, empty where the clock never showed it, or twice."""
    try:
        moment = datetime.fromisoformat(local.replace(" ", "T")[:19])
    except ValueError:
        return ""
    there = moment.replace(tzinfo=zone)
    back = there.astimezone(ZoneInfo("UTC")).astimezone(zone).replace(tzinfo=None)
    twice = there.utcoffset() != there.replace(fold=1).utcoffset()
    if len(local) > 10 and (back != moment or twice):
        return ""
    named = there.strftime("%z")
    return f"{named[:3]}:{named[3:5]}"


def in_timezone(times: pd.Series, zone: ZoneInfo) -> pd.Series:
    """Times as text, those without a zone with the offset that the zone had then.

    A time that the clock passed over, or showed twice, keeps none, and is refused beside others.

    Examples
    --------
    >>> local = pd.Series(["2024-03-30T10:00", "2024-04-02T10:00", "2024-04-02T10:00Z"])
    >>> in_timezone(local, timezone("Europe/Madrid")).str.slice(16).tolist()
    ['+01:00', '+02:00', 'Z']
    """
    if pd.api.types.is_datetime64_any_dtype(times.dtype):
        times = times.dt.strftime("%Y-%m-%dT%H:%M:%S.%f").astype("str")
    known = {text: with_zone(text, _of(text, zone)) for text in times.dropna().unique()}
    return times.map(known).astype("str")


def _of(text: str, zone: ZoneInfo) -> str:
    """Offset that a text lacks, empty where it names one, also a day (2024-05-10+02:00)."""
    local, own = split_zone(text)
    return "" if own or local[10:11] in ("+", "-", "Z", "z") else _offset(local, zone)


def in_their_zone(times: pd.Series, patients: pd.Series, zones: Mapping[str, str]) -> pd.Series:
    """Times as text, days without a clock as days of the zone of their patient's infusion."""
    dated = (times.str.len() == 10).to_numpy(dtype=bool, na_value=False)
    if not dated.any() or not any(zones.values()):
        return times
    suffix = patients[dated].astype("str").map(zones).fillna("")
    filled = times.copy()
    filled[dated] = times[dated] + suffix.to_numpy(dtype=object)
    return filled


def as_instant(time: str) -> str:
    """An infusion's day in a zone as the midnight that starts it; any other time as it is.

    Examples
    --------
    >>> as_instant("2024-05-10+02:00"), as_instant("2024-05-10")
    ('2024-05-10T00:00:00+02:00', '2024-05-10')
    """
    if len(time) > 10 and time[10] in "+-Z":
        return f"{time[:10]}T00:00:00{time[10:]}"
    return time


def borrowed(
    infusions: pd.DataFrame, records: Iterable[tuple[pd.Series, pd.Series]], own: Rejections
) -> pd.DataFrame:
    """Give infusions without a zone that of most of their patient's records, near them in time.

    Where most of the records name no zone, neither does the infusion: the others are refused
    beside it, row by row. Zones an hour apart are one clock, before and after it changes; of the
    clock that most records follow, the zone of the nearest is taken. Records in UTC say nothing
    of the clock on the wall: where there are no others, that is told.

    Parameters
    ----------
    infusions : DataFrame
        With ``patient_id``, ``infusion_time`` as text and, optionally, ``listed``: a clock of a
        record that names no zone gets none.
    records : iterable of (patient_id, time)
        Of the patients' records, some at a time: each pair of Series of one length.
    own : Rejections
        Gets the counts, and what to check.
    """
    infusions = infusions.reset_index(drop=True)
    time = infusions["infusion_time"].astype("str").fillna("")
    asked = pd.DataFrame({"at": infusions.index, "patient_id": infusions["patient_id"]})
    asked["start"] = parse_times(time)[0]
    listed = infusions["listed"] if "listed" in infusions else pd.Series(True, time.index)
    bare = np.array([split_zone(text)[1] == "" for text in time], dtype=bool)
    asked = asked[bare & (listed.to_numpy(dtype=bool) | ~has_clock(time))].dropna()
    if asked.empty:
        return infusions
    seen, plain = _seen(asked, records)
    patients = infusions["patient_id"].to_dict()
    chosen = {
        at: _chosen(rows)
        for at, rows in seen.groupby("at")
        if rows["count"].sum() > plain[patients[at]]
    }
    filled = [as_instant(with_zone(text, chosen.get(at, ""))) for at, text in enumerate(time)]
    several = sum(len(_clocks(rows)) > 1 for at, rows in seen.groupby("at") if at in chosen)
    utc = sum(_is_utc(zone) for zone in chosen.values())
    own.note("infusion read in the time zone of records", "patients", len(chosen))
    own.note(
        CHECK,
        "infusions without a time zone were read as UTC, because the records are in UTC: if they "
        "follow the hospital's clock, hour 0 is wrong by its distance from UTC (say which clock: "
        "--timezone Europe/Madrid)",
        utc,
    )
    own.note(
        CHECK,
        "infusions without a time zone were read in the zone of most of their patient's records, "
        "which are in several (say which clock: --timezone Europe/Madrid)",
        several,
    )
    return infusions.assign(infusion_time=pd.Series(filled, dtype="str"))


def _seen(
    asked: pd.DataFrame, records: Iterable[tuple[pd.Series, pd.Series]]
) -> tuple[pd.DataFrame, Counter[str]]:
    """Records of each zone and the nearest one, by infusion, and records without a zone.

    Returns
    -------
    (DataFrame, Counter)
        ``at, zone, count, distance``; clocks without a zone by patient.
    """
    found = pd.DataFrame({"at": [], "zone": [], "count": [], "distance": []})
    plain: Counter[str] = Counter()
    for patient_id, time in records:
        mine: Flags = patient_id.isin(set(asked["patient_id"])).to_numpy(dtype=bool)
        who, time = patient_id[mine], time[mine]
        known = zones_of(time)
        clock = has_clock(time) & ~time.index.isin(known.index)
        plain.update(who[clock].tolist())
        if known.empty:
            continue
        pairs = known.assign(patient_id=who.reindex(known.index)).merge(asked, on="patient_id")
        pairs["distance"] = (pairs["local"] - pairs["start"]).abs().dt.total_seconds()
        pairs = pairs.assign(count=1)[["at", "zone", "count", "distance"]]
        both = pd.concat([found, pairs]) if len(found) else pairs
        grouped = both.groupby(["at", "zone"], as_index=False)
        found = grouped.agg({"count": "sum", "distance": "min"})
    return found, plain


def _is_utc(zone: str) -> bool:
    return zone.upper() in _UTC or zone.upper() in ("UTC", "GMT", "+00", "+0000")


def _minutes(zone: str) -> int:
    if _is_utc(zone):
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (-1 if zone[0] == "-" else 1) * (int(digits[:2]) * 60 + int(digits[2:4]))


def _clocks(seen: pd.DataFrame) -> list[pd.DataFrame]:
    """The zones of one infusion by clock: those an hour apart together, UTC alone."""
    offset = seen["zone"].map(_minutes).to_numpy()
    alone = seen["zone"].map(_is_utc).to_numpy(dtype=bool)
    found = [seen[alone]] if alone.any() else []
    rest = np.argsort(offset[~alone], kind="stable")
    local, offset = seen[~alone].iloc[rest], offset[~alone][rest]
    cuts = np.flatnonzero(np.diff(offset) > _ONE_HOUR) + 1
    found += [local.iloc[rows] for rows in np.split(np.arange(len(local)), cuts)]
    return [part for part in found if len(part)]


def _chosen(rows: pd.DataFrame) -> str:
    # Of clocks with equally many records, one on the wall goes before UTC.
    clocks = sorted(_clocks(rows), key=lambda part: not _is_utc(str(part["zone"].iloc[0])))
    most = max(reversed(clocks), key=lambda part: int(part["count"].sum()))
    fewest = max(_FEWEST, _SHARE * int(most["count"].sum()))
    firm = most[most["count"] >= fewest]
    return str((firm if len(firm) else most).sort_values("distance")["zone"].iloc[0])
