"""One number as people, laboratories and spreadsheets write it; never guessed.

What can be read in two ways (``1.234``) is read by the decimal sign of the numbers around it, else
given with both readings, of which a caller may know that only one is possible.
"""

import html
import math
import re
from collections.abc import Iterable
from typing import NamedTuple

from riskmodel.cohort.schema import COMPARATORS, EXACT
from riskmodel.cohort.units import ucum

NUMBER_FAULTS = ("value_not_a_number", "number_two_ways", "value_sentinel")
"""Why a text holds no number; in columns a cell's fault counts from 1, 0 is none."""

POINT = "point"
"""A decimal sign as standards have it: a point is one, and a comma before three digits is open."""

TWO_WAYS = "a number that can be read in two ways: write it without a separator of thousands"

_SPACES = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}"
_MARKS = "'\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}\N{PRIME}"
_GROUPING = re.compile(rf"(?<![\d.,])\d{{1,3}}(?:([{_SPACES}{_MARKS}])\d{{3}})(?:\1\d{{3}})*(?!\d)")
_INVISIBLE = dict.fromkeys(
    map(ord, "\N{ZERO WIDTH SPACE}\N{WORD JOINER}\ufeff\u200c\u200d\u200e\u200f")
)
# Full-width forms, as East Asian keyboards write digits and comparators.
_WIDE = {**_INVISIBLE, **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}}
_WIDE |= {ord("\N{MINUS SIGN}"): "-", ord("\N{LESS-THAN OR EQUAL TO}"): "<="}
_WIDE |= {ord("\N{GREATER-THAN OR EQUAL TO}"): ">="}
_WORDS = tuple(
    (re.compile(words, re.IGNORECASE), sign)
    for words, sign in (
        (r"GREATER THAN OR EQUAL TO|AT LEAST|=>|>\s*=", ">="),
        (r"LESS THAN OR EQUAL TO|AT MOST|=<|<\s*=", "<="),
        (r"GREATER THAN|MORE THAN|ABOVE|OVER", ">"),
        (r"LESS THAN|BELOW|UNDER", "<"),
    )
)
_WORD = r"(?:HH?|LL?|HIGH|LOW|CRIT(?:ICAL)?|PANIC|ABNORMAL)"
_FLAG = rf"(?:[(\[]\s*{_WORD}\s*[)\]]|(?<![A-Za-z/]){_WORD}|[!*\u2191\u2193]+)"
_FLAGS_AFTER = re.compile(rf"(?:\s*{_FLAG})+$", re.IGNORECASE)
_FLAGS_BEFORE = re.compile(rf"^(?:{_FLAG}\s+)+", re.IGNORECASE)
_RESULT = re.compile(
    r"(>=|<=|>|<|=)?\s*([-+]?)(\d[\d.,]*|[.,]\d+)((?:[eE][-+]?\d+)?)(?![\d.,])\s*(.*)"
)
_RANGE = re.compile(
    r"[(\[]?\s*([\d.,]+)\s*(?:-|\N{EN DASH}|\N{EM DASH}|to|bis|\.\.+)\s*(\S.*?)\s*[)\]]?"
)
_GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*(?:(?!\1)[.,]\d+)?")
TWO_READINGS = r"[-+]?[1-9]\d{0,2}\.\d{3}"
# 9999999 and its family stand for "no number" in exports; so do -999 and the ends of integers.
NINES = re.compile(
    r"-?9{5,}(?:\.(?:0+|9+))?|-9+(?:\.0+)?|-?(?:7{7,}|8{7,})(?:\.0+)?|-?214748364[78]"
)
_LONG_NINES = re.compile(r"9{7,}(?:\.(?:0+|9+))?")


class Reading(NamedTuple):
    """One number as it was written.

    Attributes
    ----------
    value : float
    comparator : int
        -2 ``<`` ... 2 ``>``, 0 exact.
    unit : str
        That the text names, as written; empty without one.
    flagged : bool
        Whether a laboratory's flag (``H``, ``*``) stood beside it.
    other : float
        The second way to read it, with a thousand's separator; NaN where there is one way.
    """

    value: float
    comparator: int = EXACT
    unit: str = ""
    flagged: bool = False
    other: float = float("nan")


def cleaned(text: str) -> str:
    """Without invisible characters, HTML, full-width forms and spaces between thousands."""
    if not text.isascii() or "&" in text:
        text = html.unescape(text).translate(_WIDE)
    text = text.strip().strip(_SPACES)
    return _GROUPING.sub(lambda m: re.sub(r"\D", "", m[0]), text)


def _sign_of(number: str) -> str:
    """The decimal sign of the digits of one number: see `decimal_sign`."""
    signs = re.sub(r"\d", "", number)
    if len(signs) != 1:
        if not _GROUPED.fullmatch(number):
            return ""
        return signs[-1] if len(set(signs)) == 2 else {",": ".", ".": ","}[signs[0]]
    whole, part = re.split("[.,]", number)
    grouped = len(part) == 3 and 0 < len(whole) <= 3 and not whole.startswith("0")
    return "?" if grouped else signs


def decimal_sign(text: str) -> str:
    """The decimal sign of one number: ``,`` or ``.``, ``?`` where either may be, else empty.

    Examples
    --------
    >>> [decimal_sign(text) for text in ("1.234,5", "1,5", "0,123", "1,234.5", "12.345.678")]
    [',', ',', ',', '.', ',']
    >>> [decimal_sign(text) for text in ("1.234", "1,234", "1234", "1234.567", "1.2.3", "1.23,4")]
    ['?', '?', '', '.', '', '']
    """
    match = _parts(cleaned(text))
    if match is None or not re.search(r"[.,]", match[3]):
        return ""
    own = _sign_of(match[3])
    return "." if own == "?" and match[4] and "." in match[3] else own


def _parts(text: str) -> re.Match[str] | None:
    """Comparator, sign, digits, exponent and rest of a cleaned text, None where it is no number."""
    for words, sign in _WORDS:
        text = words.sub(sign, text)
    return _RESULT.fullmatch(_FLAGS_BEFORE.sub("", text))


def common_sign(texts: Iterable[str], separator: str = "") -> str:
    """The one decimal sign of a table, empty where it has none or both.

    A table cut by semicolons was written where the comma is the decimal sign, unless a number of
    it says otherwise.
    """
    known = {decimal_sign(text) for text in texts} & {",", "."}
    if len(known) == 1:
        return known.pop()
    return "," if separator == ";" and not known else ""


def read_number(text: str, decimal: str = "") -> Reading | str:
    """One number as written, or the reason (of `NUMBER_FAULTS`) by which it is none.

    Parameters
    ----------
    text : str
        May hold a comparator, a unit and a laboratory's flag. A range such as ``1000-2000`` is
        not one number.
    decimal : {"", ",", ".", POINT}
        The decimal sign of the numbers around it, for one that can be read in two ways.

    Returns
    -------
    Reading or str
        One that can be read in two ways is a Reading with `other`.

    Examples
    --------
    >>> read_number("> 16,500 (H)", ".")[:2], read_number("&gt;1000")[:2]
    ((16500.0, 2), (1000.0, 2))
    >>> read_number("LESS THAN 10 NG/ML")[:3], read_number("2.155", ",")[0]
    ((10.0, -2, 'NG/ML'), 2155.0)
    >>> read_number("1.234").other, read_number("1000-2000"), read_number("9999999")
    (1234.0, 'value_not_a_number', 'value_sentinel')
    """
    match = _parts(cleaned(text))
    if match is None:
        return "value_not_a_number"
    sign, minus, digits, power, rest = match.groups()
    unit = _FLAGS_AFTER.sub("", rest).strip()
    if unit and (ucum(unit) is None or not re.search(r"[^\W\d]|[/%]", unit)):
        return "value_not_a_number"
    own = decimal_sign(f"{digits}{power}")
    if not own and re.search(r"[.,]", digits):
        return "value_not_a_number"
    comparator = COMPARATORS["" if sign in (None, "=") else sign]
    if decimal == POINT:
        decimal = "." if "." in digits else ""
    if own == "?" and not decimal and comparator > EXACT and re.fullmatch(r"\d{3},000", digits):
        decimal = "."  # nobody prints the end of a scale as >100.000 for 100
    other = float("nan")
    if own == "?" and not decimal:
        other = float(f"{minus}{re.sub('[.,]', '', digits)}{power}")
        own = "," if "," in digits else "."
    elif own == "?":
        own = decimal
    thousands = "." if own == "," else ","
    plain = f"{minus}{digits.replace(thousands, '').replace(own or '.', '.')}"
    if NINES.fullmatch(plain) and (comparator == EXACT or _LONG_NINES.fullmatch(plain)):
        return "value_sentinel"
    flagged = unit != rest.strip() or _FLAGS_BEFORE.match(cleaned(text)) is not None
    return Reading(float(plain + power), comparator, unit, flagged, other)


def parse_result(text: str, decimal: str = POINT) -> tuple[float, int] | None:
    """Number and comparator of one charted result, None where it holds no single number.

    Also None where it can be read in two ways, or names a unit (see `read_number`).

    Examples
    --------
    >>> parse_result("GREATER THAN 2000"), parse_result("> 100,000"), parse_result("<5")
    ((2000.0, 2), (100000.0, 2), (5.0, -2))
    >>> parse_result("3,5"), parse_result("0,123"), parse_result("1000-2000"), parse_result("1,234")
    ((3.5, 0), (0.123, 0), None, None)
    """
    found = read_number(text, decimal)
    if isinstance(found, str) or found.unit or not math.isnan(found.other):
        return None
    return found[:2]


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
    plain = cleaned(text)
    own, match = decimal_sign(text), re.fullmatch(r"(\D*)(\d[\d.,]*)(.*)", plain)
    if match is None or not own:
        return plain
    decimal = sign if own == "?" else own
    if not decimal:
        return None
    other = "." if decimal == "," else ","
    return f"{match[1]}{match[2].replace(other, '').replace(decimal, '.')}{match[3]}"


class Limits(NamedTuple):
    """A limit of normal as printed: NaN where it says none."""

    low: float
    high: float
    unit: str = ""


def read_limit(text: str, decimal: str = "", *, upper: bool = True) -> Limits | None:
    """Limits of normal from one text, None where it holds none that can be used.

    Parameters
    ----------
    text : str
        A number, with a unit or a comparator, or a range of two.
    decimal : {"", ",", "."}
    upper : bool
        Whether a number alone is the upper limit.

    Examples
    --------
    >>> read_limit("60 U/L"), read_limit("<=35").high, read_limit("10 - 35")[:2]
    (Limits(low=nan, high=60.0, unit='U/L'), 35.0, (10.0, 35.0))
    >>> read_limit("0"), read_limit("9999999"), read_limit("see comment"), read_limit("1.234")
    (None, None, None, None)
    """
    plain = cleaned(text)
    unknown = float("nan")
    if match := _RANGE.fullmatch(plain):
        low, high = read_number(match[1], decimal), read_number(match[2], decimal)
        if isinstance(low, str) or isinstance(high, str) or low.value >= high.value:
            return None
        both = Limits(low.value, high.value, high.unit)
        exact = low.comparator == high.comparator == EXACT
        return both if exact and math.isnan(low.other) and math.isnan(high.other) else None
    found = read_number(plain, decimal)
    if isinstance(found, str) or not math.isnan(found.other):
        return None
    rises = found.comparator < EXACT or (upper and found.comparator == EXACT)
    if found.value < 0 or (rises and found.value == 0):
        return None
    return Limits(*((unknown, found.value) if rises else (found.value, unknown)), found.unit)
