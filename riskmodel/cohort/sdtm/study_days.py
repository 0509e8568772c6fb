"""Study days of SDTM: the day of the reference start is day 1, the one before it day -1.

https://www.cdisc.org/standards/foundational/sdtmig, section 4.4.4: there is no day 0.
"""

from collections.abc import Mapping
from datetime import date, timedelta


def is_day(time: str) -> bool:
    """Whether an SDTM date names a day: a partial one (2024-05) does not."""
    return len(time) >= 10 and time[4:5] == time[7:8] == "-"


def day_fault(time: str) -> str:
    """Why an SDTM date is no day, empty where it is one."""
    if not time:
        return "time_missing"
    return "" if is_day(time) else "time_not_a_day"


def day_of(start: str, day: str) -> str:
    """Date of a study day as ISO 8601, empty where either is none.

    Parameters
    ----------
    start : str
        Reference start (RFSTDTC).
    day : str
        As charted, such as LBDY.

    Examples
    --------
    >>> day_of("2024-05-10T10:00", "1"), day_of("2024-05-10", "-1"), day_of("2024-05-10", "22")
    ('2024-05-10', '2024-05-09', '2024-05-31')
    >>> day_of("2024-05-10", "0"), day_of("2024-05", "3"), day_of("2024-05-10", "2.5")
    ('', '', '')
    """
    try:
        number = float(day)
        if not is_day(start) or not number or not number.is_integer():
            return ""
        first = date.fromisoformat(start[:10])
        return (first + timedelta(days=int(number) - (number > 0))).isoformat()
    except (ValueError, OverflowError):
        return ""


def dated(time: str, day: str, start: str) -> tuple[str, str]:
    """Time of a record, and what there is to tell: ``day`` or ``differs``, or nothing.

    Parameters
    ----------
    time, day, start : str
        A date goes before a study day.

    Examples
    --------
    >>> dated("", "3", "2024-05-10"), dated("2024-05-12", "3", "2024-05-10")
    (('2024-05-12', 'day'), ('2024-05-12', ''))
    >>> dated("2024-05-12", "9", "2024-05-10")
    ('2024-05-12', 'differs')
    """
    counted = day_of(start, day) if day else ""
    if not time:
        return counted, "day" if counted else ""
    return time, "differs" if counted and is_day(time) and time[:10] != counted else ""


TOLD: Mapping[str, str] = {
    "day": "records of a study day without a date, read as that day",
    "differs": "records whose date and study day differ, read by the date",
}
"""What a report says of the records of `dated`."""
