"""Times as they are written, with and without a zone, and as hours from the infusion."""

import re
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats, States
from riskmodel.cohort.text_codes import matches
from riskmodel.cohort.written.numbers import numbers

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

MIDNIGHT = "date without a time of day, read as midnight"
"""Under which such times are counted."""

_MICROSECONDS_PER_DAY = 86_400_000_000
_AT_A_TIME = 65_536
HOURS_PER_YEAR = 24 * 365.25
LONGEST_LIFE_YEARS = 120.0
# Also as PostgreSQL writes it (+02) and as HL7 does (+0200).
_ZONE = r"\s?(?:[zZ]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)"
_DAY = r"\d{4}-?\d{2}-?\d{2}"
_FORM = rf"{_DAY}(?:[T ]\d{{2}}(?::?\d{{2}}(?::?\d{{2}}(?:[.,]\d+)?)?)?)?(?:{_ZONE})?"
_ZONED = rf"[T ]\d{{2}}[\d:.,]*{_ZONE}$|^\d{{4}}-\d{{2}}-\d{{2}}(?:[zZ]|[+-]\d{{2}}:?\d{{2}})$"
_USUAL = r"\d{4}-\d{2}-\d{2}[T ](?:[01]\d|2[0-3]):\d{2}(?::\d{2}(?:\.\d+)?)?"
_DATE_ONLY = rf"{_DAY}(?:[zZ]|[+-]\d{{2}}:?\d{{2}})?"
_MIDNIGHT = rf"[T ]00(?::?00(?::?00(?:[.,]0+)?)?)?(?:{_ZONE})?$"
_LOOSE = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ]\s*(\d{1,2})(:.*)?)?")
_NAMED_ZONE = re.compile(r"(?<=[0-9])\s?(?:[zZ]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$")
_CLOCK_ZONE = rf"[T ]\d{{2}}[\d:.,]*({_ZONE})$"
_END_ZONE = rf"{_ZONE}$"
_END_OF_DAY = re.compile(rf"T24:00(?::00(?:\.0+)?)?(?:{_ZONE})?$")


def parse_times(
    column: pd.Series,
) -> tuple[npt.NDArray[np.datetime64], Flags, Flags]:
    """Instants of ISO 8601 timestamps; year, month and day have to be there.

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
    none = np.zeros(len(column), bool)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        instant = column.dt.tz_convert("UTC").dt.tz_localize(None)
        return instant.to_numpy("datetime64[us]"), column.notna().to_numpy(), none
    if pd.api.types.is_datetime64_dtype(column.dtype):
        return column.to_numpy("datetime64[us]"), none, none.copy()
    text = _texts(column)
    date_only = zoned = none
    unusual = ~matches(text, _USUAL, whole=True)
    if unusual.any():
        some = text[unusual]
        odd = ~matches(some, _FORM, whole=True) & (some != "").to_numpy(dtype=bool)
        odd |= matches(some, "[T ]24")
        if odd.any():
            some = some.mask(odd, some[odd].map(_strict))
            text = text.mask(unusual, some)
        zoned, date_only = none.copy(), none.copy()
        zoned[unusual] = matches(some, _ZONED)
        date_only[unusual] = matches(some, _DATE_ONLY, whole=True)
    instant = np.full(len(text), np.datetime64("NaT"), dtype="datetime64[us]")
    for mask, utc in ((zoned, True), (~zoned, False)):
        if mask.any():
            plain = text[mask]
            if utc:
                plain = plain.str.replace(r"\s?(?:UTC|GMT|z)$", "Z", regex=True)
                at_day = matches(plain, _DATE_ONLY, whole=True)
                midnight = plain.str.slice(0, 10) + "T00:00" + plain.str.slice(10)
                plain = plain.mask(at_day, midnight)
            read = pd.to_datetime(plain, format="ISO8601", errors="coerce", utc=utc)
            read = read.dt.tz_localize(None) if utc else read
            instant[mask] = read.to_numpy("datetime64[us]")
    return instant, zoned, date_only


def _texts(column: pd.Series) -> pd.Series:
    if column.dtype != "str":
        column = column.astype("object").where(column.notna(), "").astype("str")
    return column.fillna("").str.strip()


def _strict(text: str) -> str:
    """A date with slashes or single digits in the form of ISO 8601; what names no day, emptied."""
    match = _LOOSE.fullmatch(text)
    if match is None:
        return ""
    year, _, month, day, hour, rest = match.groups()
    clock = f"T{int(hour):02}{rest or ''}" if hour else ""
    if clock.startswith("T24:") and _END_OF_DAY.match(clock):
        # ISO 8601: the midnight that ends the day.
        try:
            following = date(int(year), int(month), int(day)) + timedelta(days=1)
        except (ValueError, OverflowError):
            return ""
        return f"{following.isoformat()}T00{clock[3:]}"
    return f"{year}-{int(month):02}-{int(day):02}{clock}"


def at_midnight(column: pd.Series) -> Flags:
    """Whether each cell names midnight as its time of day: it may be a date without one."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return np.asarray(column.notna() & (column == column.dt.normalize()), dtype=bool)
    return matches(_texts(column), _MIDNIGHT)


def has_clock(column: pd.Series) -> Flags:
    """Whether each cell names a time of day."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.notna().to_numpy(dtype=bool)
    return matches(_texts(column), r"[T ]\d")


def clocks_of(column: pd.Series) -> set[str]:
    """What times of day a column names: ``midnight``, or ``clock`` where there is any other."""
    midnight = False
    for start in range(0, len(column), _AT_A_TIME):
        part = column.iloc[start : start + _AT_A_TIME]
        at = at_midnight(part)
        if (has_clock(part) & ~at).any():
            return {"clock"}
        midnight |= bool(at.any())
    return {"midnight"} if midnight else set()


class Hours(NamedTuple):
    """Rows by their time from their patient's infusion.

    Attributes
    ----------
    hours : float64 array
        NaN where unusable.
    fault : int8 array
        0 where usable, else the place in `TIME_FAULTS`, from 1.
    date_only : bool array
        Whether the row has a date and no time of day.
    infusion_day : bool array
        Whether that date is the day of the infusion, so that before or after is not known.
    midday : float64 array
        Of such a row, the hour half way from the infusion to the end of its day.
    midnight : bool array
        Whether the row has midnight as its time of day.
    """

    hours: Floats
    fault: States
    date_only: Flags
    infusion_day: Flags
    midday: Floats
    midnight: Flags


def hours_from_infusion(
    table: pd.DataFrame,
    code: Codes,
    infusion: npt.NDArray[np.datetime64],
    infusion_zoned: Flags,
    age_years: Floats,
    *,
    decimal: str = ".",
    midnights_are_dates: bool = False,
) -> Hours:
    """Hours of each row from its patient's infusion, or the fault by which there are none.

    Parameters
    ----------
    table : DataFrame
        With ``hours_from_infusion``, ``time`` or both; the first wins where it is filled.
    code : int array of shape (n,)
        Patient code, -1 where the patient is unknown.
    infusion, infusion_zoned, age_years : arrays of shape (patients,)
        Of each patient.
    decimal : {"", ",", "."}
        Decimal sign of the hours.
    midnights_are_dates : bool
        Whether a time of 00:00 stands for a date: where the file has no other time of day.
    """
    n = len(table)
    hours = np.full(n, np.nan)
    fault = np.zeros(n, dtype=np.int8)
    date_only, infusion_day = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    midday, midnight = np.full(n, np.nan), np.zeros(n, dtype=bool)
    empty = np.ones(n, dtype=bool)
    if "hours_from_infusion" in table:
        hours = numbers(table["hours_from_infusion"], decimal, sentinels=False)
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
        from_start = np.where(ready, (instant - start).astype(np.int64) / 3.6e9, np.nan)
        hours = np.where(ready, from_start, hours)
        midnight = (instant.astype(np.int64) % _MICROSECONDS_PER_DAY == 0) & ~dates & ~zoned
        if zoned.any():
            midnight[zoned] = at_midnight(table["time"][zoned])
        midnight &= ready
        if midnights_are_dates:
            dates = dates | midnight
        date_only = dates & ready
        infusion_day = date_only & (from_start <= 0) & (from_start > -24)
        midday = np.where(infusion_day, (from_start + 24) / 2, np.nan)
        empty = empty & ~use
    fault[empty & known & (fault == 0)] = _MISSING
    age = np.where(known, age_years[code], np.nan) if len(age_years) else np.full(n, np.nan)
    oldest = np.where(np.isnan(age), LONGEST_LIFE_YEARS, age + 1) * HOURS_PER_YEAR
    usable = (fault == 0) & ~np.isnan(hours)
    fault[usable & (hours < -oldest)] = _BEFORE_BIRTH
    fault[usable & (hours > LONGEST_LIFE_YEARS * HOURS_PER_YEAR)] = _IMPOSSIBLE
    return Hours(hours, fault, date_only, infusion_day, midday, midnight & ~date_only)


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
    return (time[: found.start()], found[0].strip()) if found else (time, "")


def zones_of(times: pd.Series) -> pd.DataFrame:
    """``local`` (datetime64[us]) and ``zone`` of the times that name a zone, by their index."""
    zone = times.str.extract(_CLOCK_ZONE, expand=False).str.strip()
    named = zone.notna().to_numpy(dtype=bool)
    clocks = times[named].str.replace(_END_ZONE, "", regex=True).str.slice(0, 19)
    local = pd.to_datetime(clocks, format="ISO8601", errors="coerce").astype("datetime64[us]")
    return pd.DataFrame({"local": local, "zone": zone[named]}).dropna()


def with_zone(time: str, zone: str) -> str:
    """A time with a zone where it has none; a date stays a date, of that zone.

    Examples
    --------
    >>> with_zone("2024-05-01", "+02:00"), with_zone("2024-05-01T08:00:00Z", "+02:00")
    ('2024-05-01+02:00', '2024-05-01T08:00:00Z')
    """
    local, own = split_zone(time)
    if own or not zone:
        return time
    return f"{local}{zone}"


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
