"""Dates as people, spreadsheets and laboratories write them; a date that can be two is refused."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta

DAY_FIRST, MONTH_FIRST, MIXED = "day first", "month first", "mixed"
"""Orders of a day and a month in figures; `MIXED` where a table shows both."""

TWO_DATES = "a date that can be read in two ways: write it as 2026-03-31"

_FIRST_SHORT, _LAST_SHORT = 10, 60
"""Years of two figures that are read, of this century: no cell therapy is older."""

_FIGURES = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)(.*)", re.DOTALL)
_YEAR_FIRST = re.compile(r"(\d{4})([./-])(\d{1,2})\2(\d{1,2})(?!\d)(.*)", re.DOTALL)
_NAMED = re.compile(
    r"(?:[^\W\d_]{2,10}\.?,? )?(\d{1,2})(?:\.|er|st|nd|rd|th|º)?[-. /]*(?:de |of )?"
    r"([^\W\d_]{3,10})[-., /]*(?:del? )?(\d{4}|\d{2})(?!\d)(.*)",
    re.DOTALL,
)
_MONTH_NAMED_FIRST = re.compile(
    r"(?:[^\W\d_]{2,10}\.?,? )?([^\W\d_]{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?(?:, ?| )(\d{4})(.*)",
    re.DOTALL,
)
_EAST_ASIAN = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日(.*)", re.DOTALL)
# Beginnings of the names of months, without accents: English, German, French, Spanish, Italian,
# Portuguese, Dutch and Scandinavian.
_MONTHS = {
    beginning: month
    for month, beginnings in enumerate(
        ("jan ene gen", "feb fev", "mar mrz mrt maa", "apr avr abr", "may mai maj mag mei",
         "jun juin giu", "jul juil lug", "aug aou ago", "sep set", "oct okt ott out", "nov",
         "dec dez dic des"),
        start=1,
    )
    for beginning in beginnings.split()
}  # fmt: skip
_CLOCK = re.compile(
    r"(\d{1,2})[:.h時](\d{2})分?(?::(\d{2})(?:[.,]\d+)?秒?)?\s*([ap]\.?m\.?)?\s*(?:uhr|h|hrs|kl)?"
    r"(\s*(?:Z|[-+]\d{2}:?\d{2}))?",
    re.IGNORECASE,
)
_HYPHENS = re.compile("[\u2010-\u2015\u2212]")


def _plain(text: str) -> str:
    """A text with figures, spaces and hyphens of the ordinary kind."""
    text = text.strip()
    if text.isascii():
        return text
    return _HYPHENS.sub("-", unicodedata.normalize("NFKC", text)).strip()


def _month(name: str) -> int:
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if c.isalpha())
    return _MONTHS.get(bare[:4], _MONTHS.get(bare[:3], 0))


def date_order(texts: Iterable[str]) -> str:
    """Whether dates in figures have the day or the month first, empty where nothing tells.

    Years of two figures are evidence only where the last figure is the one that stays the same.

    Examples
    --------
    >>> date_order(["3/1/2026", "13/1/2026"]), date_order(["1/13/2026"]), date_order(["3/1/2026"])
    ('day first', 'month first', '')
    >>> date_order(["13/1/2026", "1/13/2026"]), date_order(["05.13.2026"])
    ('mixed', 'month first')
    """
    dates = [m for text in texts if (m := _FIGURES.fullmatch(_plain(text)))]
    short = [m for m in dates if len(m[4]) == 2]
    if len({m[4] for m in short}) >= len({m[1] for m in short}):
        dates = [m for m in dates if len(m[4]) == 4 or int(m[3]) > 12]
    found = {DAY_FIRST for m in dates if int(m[1]) > 12}
    found |= {MONTH_FIRST for m in dates if int(m[3]) > 12}
    return MIXED if len(found) == 2 else next(iter(found), "")


def iso_time(text: str, order: str = "") -> str | None:
    """A date, with or without a time of day, as ISO 8601; other text stays as it is.

    Parameters
    ----------
    text : str
        A time of 24:00 is the midnight that ends its day.
    order : {"", DAY_FIRST, MONTH_FIRST, MIXED}
        Of the dates around it, or as stated. Without it a date with points has the day first,
        as nobody writes it otherwise, and one with a year of two figures is not known.

    Returns
    -------
    str or None
        None where it is not known which number is the month, or the year.

    Examples
    --------
    >>> iso_time("01.03.2026 8:05"), iso_time("3/1/2026 8:05 PM", "month first")
    ('2026-03-01T08:05', '2026-03-01T20:05')
    >>> iso_time("12MAY2024"), iso_time("1. Mai 2024 08:00"), iso_time("May 1, 2024")
    ('2024-05-12', '2024-05-01T08:00', '2024-05-01')
    >>> iso_time("3/1/2026"), iso_time("2026-03-01T08:00Z"), iso_time("31.12.2026 24:00")
    (None, '2026-03-01T08:00Z', '2027-01-01T00:00')
    """
    plain = _plain(text)
    if match := _FIGURES.fullmatch(plain):
        if not order and (match[2] != "." or len(match[4]) == 2) and match[1] != match[3]:
            return None
        if order == MIXED or (not order and len(match[4]) == 2):
            return None
        day, month, year = match[1], match[3], match[4]
        if order == MONTH_FIRST:
            day, month = month, day
        if len(year) == 2:
            if not _FIRST_SHORT <= int(year) <= _LAST_SHORT:
                return None
            year = f"20{year}"
    elif match := _YEAR_FIRST.fullmatch(plain):
        year, month, day = match[1], match[3], match[4]
        if not re.search(r"[apuk]\.?[mhl]|T?\s*24:", match[5], re.IGNORECASE):
            return plain
    elif match := _EAST_ASIAN.fullmatch(plain):
        year, month, day = match[1], match[2], match[3]
    elif (match := _NAMED.fullmatch(plain)) and _month(match[2]):
        day, month, year = match[1], str(_month(match[2])), match[3]
        if len(year) == 2:
            year = f"20{year}" if _FIRST_SHORT <= int(year) <= _LAST_SHORT else "0000"
    elif (match := _MONTH_NAMED_FIRST.fullmatch(plain)) and _month(match[1]):
        day, month, year = match[2], str(_month(match[1])), match[3]
    else:
        return plain
    rest = match[match.lastindex or 0].strip(" ,T:-")
    return _joined(int(year), int(month), int(day), rest) or plain


def _joined(year: int, month: int, day: int, clock: str) -> str:
    """Date and clock as ISO 8601, empty where either is none."""
    try:
        whole = date(year, month, day)
        following = whole + timedelta(days=1)
    except (ValueError, OverflowError):
        return ""
    if not clock:
        return whole.isoformat()
    found = _CLOCK.fullmatch(clock)
    if found is None:
        return ""
    hour, minute, second = int(found[1]), found[2], found[3]
    if found[4]:
        if not 1 <= hour <= 12:
            return ""
        hour = hour % 12 + (12 if found[4][0] in "pP" else 0)
    if hour == 24 and int(minute) == int(second or 0) == 0:
        whole, hour = following, 0
    ended = f":{second}" if second else ""
    return f"{whole.isoformat()}T{hour:02}:{minute}{ended}{(found[5] or '').strip()}"
