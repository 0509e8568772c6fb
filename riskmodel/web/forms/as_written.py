"""Numbers and dates as people and spreadsheets write them, made plain; never guessed."""

import re
from collections.abc import Iterable

_GROUPING_SPACE = re.compile(
    "(?<=\\d)[ '\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}](?=\\d{3}(?!\\d))"
)
_NUMBER = re.compile(r"([^\d]*)(\d[\d.,]*)([^\d.,]*|[eE][-+]?\d+)")
_GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*(?:(?!\1)[.,]\d+)?")
_POINTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(.*)")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(:\d{2})?\s*([AP]M)?(\s*(?:Z|[-+]\d{2}:?\d{2}))?", re.I)
_ZONE = re.compile(r"\d(Z|[-+]\d{2}:?\d{2})$")

TWO_WAYS = "a number that can be read in two ways: write it without a separator of thousands"
TWO_DATES = "a date that can be read in two ways: write it as 2026-03-31"


def decimal_sign(text: str) -> str:
    """The decimal sign of one number: ``,`` or ``.``, ``?`` where either may be, else empty.

    Examples
    --------
    >>> [decimal_sign(text) for text in ("1.234,5", "1,5", "0,123", "1,234.5", "12.345.678")]
    [',', ',', ',', '.', ',']
    >>> [decimal_sign(text) for text in ("1.234", "1,234", "1234", "1234.567", "1.2.3", "1.23,4")]
    ['?', '?', '', '.', '', '']
    """
    match = _NUMBER.fullmatch(_GROUPING_SPACE.sub("", text.strip()))
    if match is None:
        return ""
    signs = re.sub(r"\d", "", match[2])
    if len(signs) != 1:
        if not _GROUPED.fullmatch(match[2]):
            return ""
        return signs[-1] if len(set(signs)) == 2 else {",": ".", ".": ","}[signs[0]]
    whole, part = re.split("[.,]", match[2])
    grouped = len(part) == 3 and len(whole) <= 3 and not whole.startswith("0")
    return "?" if grouped else signs


def common_sign(texts: Iterable[str], separator: str = "") -> str:
    """The one decimal sign of a table, empty where it has none or both.

    A table cut by semicolons was written where the comma is the decimal sign, unless a number of
    it says otherwise.
    """
    known = {decimal_sign(text) for text in texts} & {",", "."}
    if len(known) == 1:
        return known.pop()
    return "," if separator == ";" and not known else ""


def plain_number(text: str, sign: str = "") -> str | None:
    """A number with a decimal point and without separators of thousands.

    Parameters
    ----------
    text : str
        May have a comparator before it or a unit after it; other text stays as it is.
    sign : str
        The decimal sign of the numbers around it, for one that can be read in two ways.

    Returns
    -------
    str or None
        None where it can be read in two ways.

    Examples
    --------
    >>> plain_number("1.234,5"), plain_number(">100,000", "."), plain_number("1,5 mg/dL")
    ('1234.5', '>100000', '1.5 mg/dL')
    >>> plain_number("1.234"), plain_number("1.234", ","), plain_number("30-400")
    (None, '1234', '30-400')
    """
    text = _GROUPING_SPACE.sub("", text.strip())
    match = _NUMBER.fullmatch(text)
    own = decimal_sign(text)
    if match is None or not own:
        return text
    decimal = sign if own == "?" else own
    if not decimal:
        return None
    other = "." if decimal == "," else ","
    return f"{match[1]}{match[2].replace(other, '').replace(decimal, '.')}{match[3]}"


def day_first(texts: Iterable[str]) -> bool | None:
    """Whether dates with slashes have the day first; None where nothing tells.

    Examples
    --------
    >>> day_first(["3/1/2026", "13/1/2026"]), day_first(["1/13/2026"]), day_first(["3/1/2026"])
    (True, False, None)
    """
    dates = [m for text in texts if (m := _SLASHED.fullmatch(text.strip()))]
    first = any(int(m[1]) > 12 for m in dates)
    second = any(int(m[2]) > 12 for m in dates)
    return None if first == second else first


def iso_time(text: str, day_comes_first: bool | None = None) -> str | None:
    """A date, with or without a time of day, as ISO 8601; other text stays as it is.

    Returns
    -------
    str or None
        None where it is not known which number is the month.

    Examples
    --------
    >>> iso_time("01.03.2026 8:05"), iso_time("3/1/2026 8:05 PM", False)
    ('2026-03-01T08:05', '2026-03-01T20:05')
    >>> iso_time("3/1/2026"), iso_time("2026-03-01T08:00Z")
    (None, '2026-03-01T08:00Z')
    """
    text = text.strip()
    if match := _POINTED.fullmatch(text):
        day, month = match[1], match[2]
    elif match := _SLASHED.fullmatch(text):
        if day_comes_first is None and match[1] != match[2]:
            return None
        day, month = (match[1], match[2]) if day_comes_first else (match[2], match[1])
    else:
        return text
    date = f"{match[3]}-{int(month):02}-{int(day):02}"
    rest = match[4].strip(" ,T")
    if not rest:
        return date
    clock = _CLOCK.fullmatch(rest)
    if clock is None:
        return text
    hour = int(clock[1])
    if clock[4]:
        hour = hour % 12 + (12 if clock[4].upper() == "PM" else 0)
    return f"{date}T{hour:02}:{clock[2]}{clock[3] or ''}{(clock[5] or '').strip()}"


def zone_of(text: str) -> str:
    """The time zone that an ISO timestamp names, empty without one.

    Examples
    --------
    >>> zone_of("2026-03-01T08:00:00+01:00"), zone_of("2026-03-01T08:00Z"), zone_of("2026-03-01")
    ('+01:00', 'Z', '')
    """
    match = _ZONE.search(text.strip()) if ":" in text else None
    return match[1] if match else ""
