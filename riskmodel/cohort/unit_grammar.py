"""Units by their grammar: UCUM, and what laboratories make of it, as an exact factor and dimension.

A spelling is read without case, as exports mix it: of UCUM's prefixes only those count that a
laboratory writes in small letters, so that nothing is read as a million times another unit.
"""

import re
from collections import Counter
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

_PREFIXES = {
    "k": Fraction(1000),
    "d": Fraction(1, 10),
    "c": Fraction(1, 100),
    "m": Fraction(1, 10**3),
    "u": Fraction(1, 10**6),
    "n": Fraction(1, 10**9),
    "p": Fraction(1, 10**12),
    "f": Fraction(1, 10**15),
}
_LITRE = ("L", Fraction(1))
# Base and size of each unit that results are measured in; a metre counts only as a cube.
_ATOMS = {
    "g": ("g", Fraction(1)),
    "l": _LITRE,
    "mol": ("mol", Fraction(1)),
    "eq": ("eq", Fraction(1)),
    "u": ("U", Fraction(1)),
    "[iu]": ("U", Fraction(1)),
    "[arb'u]": ("arb", Fraction(1)),
    "kat": ("kat", Fraction(1)),
    "%": ("%", Fraction(1)),
    "m3": ("L", Fraction(1000)),
    "s": ("s", Fraction(1)),
    "min": ("s", Fraction(60)),
    "h": ("s", Fraction(3600)),
    "d": ("s", Fraction(86400)),
}
_UNPREFIXED = ("%", "min", "h", "d", "m3")
# Words for powers of ten before "/uL": English, German, Polish, Japanese, of India; Gpt and Mrd
# are 10*9.
_POWERS = {
    "k": 3, "th": 3, "ths": 3, "thou": 3, "thous": 3, "thousand": 3, "thousands": 3, "tsd": 3,
    "tys": 3, "\u5343": 3, "\u4e07": 4, "lakh": 5, "lakhs": 5, "lac": 5, "mio": 6, "mln": 6,
    "million": 6, "mpt": 6, "mrd": 9, "giga": 9, "gpt": 9, "tpt": 12,
}  # fmt: skip
_WORDS = (
    (r"\[?(?:internationaleinheiten|internationalunits?|iu|u\.?i\.?(?![a-z])|ie)\]?|\[u\]", "[iu]"),
    (r"units?|einheiten", "u"),
    (r"micro|mikro|mcr(?=[glmk])|mc(?=mol|kat)|mu(?=kat)", "u"),
    (r"milli", "m"), (r"nano", "n"), (r"pico|piko", "p"), (r"deci|dezi", "d"), (r"kilo", "k"),
    (r"grams?|gramm|gms?(?![a-z])|gr(?![a-z])", "g"), (r"(?:lit(?:er|re)s?)", "l"),
    (r"moles?", "mol"),
    (r"katals?", "kat"), (r"percent|pct", "%"),
    (r"cu\.?mm|cmm|mmcu|mm(?:\^|\*)?3|mmc", "ul"), (r"cu\.?cm|cm(?:\^|\*)?3|ccm|cc(?![a-z])", "ml"),
    (r"dm(?:\^|\*)?3", "l"),
)  # fmt: skip
_COUNTED = re.compile(r"(?:cells?|zellen|cellules?|celulas|células|particles?|#)(?:\.|(?![a-z]))?")
_ASSAY = re.compile(r"[{(\[]?(feu|ddu)[)}\]]?")
_TEN = re.compile(r"[x*]?10(?:\*\*?|\^|\.?e|exp|\()\+?(\d{1,2})\)?|x10(3|6|9|12)|x(1000)(?!\d)")
_SUPERSCRIPT = re.compile("[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+")
_DIGITS = str.maketrans(
    "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "0123456789"
)


class Unit(NamedTuple):
    """A unit as a factor to its base units, and those.

    Attributes
    ----------
    factor : Fraction
    dimension : tuple of (str, int)
        Base units and their powers, sorted.
    assay : str
        ``feu`` or ``ddu`` of a D-dimer, else empty.
    """

    factor: Fraction
    dimension: tuple[tuple[str, int], ...]
    assay: str = ""


def folded(spelling: str) -> str:
    """A spelling without case and spaces, micro signs and "mc" as ``u``, superscripts as powers.

    Examples
    --------
    >>> folded("10\u00b3/\u00b5L"), folded("MCG / dL"), folded("\u00d710^9/L")
    ('10^3/ul', 'ug/dl', 'x10^9/l')
    """
    text = _SUPERSCRIPT.sub(lambda found: f"^{found[0].translate(_DIGITS)}", spelling)
    text = re.sub(r"[\s\u200b\ufeff]+", "", text).casefold()
    text = text.replace("\u00b5", "u").replace("\u03bc", "u").replace("\u00d7", "x")
    return text.replace("^^", "^").replace("mcl", "ul").replace("mcg", "ug")


@lru_cache(maxsize=4096)
def parse_unit(spelling: str) -> Unit | None:
    """A unit by its grammar, None where it is none.

    Examples
    --------
    >>> parse_unit("mg/dL").factor, parse_unit("mg/dL").dimension, parse_unit("furlong")
    (Fraction(1, 100), (('L', -1), ('g', 1)), None)
    >>> parse_unit("K/uL") == parse_unit("10*9/L") == parse_unit("Tsd./\u00b5l")
    True
    """
    text = folded(spelling)
    assay = _ASSAY.search(text)
    text = re.sub(r"\{[^{}]*\}", "", _ASSAY.sub("", text))
    for words, plain in _WORDS:
        text = re.sub(words, plain, text)
    text = _COUNTED.sub("", text)
    if not text:
        return None
    factor, powers = Fraction(1), Counter[str]()
    first, *below = text.split("/")
    for part, sign in ((first, 1), *((part, -1) for part in below)):
        if not part and sign < 0:
            return None
        for component in re.split(r"[.\u00b7]", part.strip(".")) if part else ():
            found = _component(component, below=sign < 0)
            if found is None:
                return None
            size, bases = found
            factor *= size**sign
            for base, power in bases.items():
                powers[base] += sign * power
    dimension = tuple(sorted((base, power) for base, power in powers.items() if power))
    return Unit(factor, dimension, assay[1] if assay else "")


def _component(text: str, *, below: bool) -> tuple[Fraction, dict[str, int]] | None:
    """Size and base units of what stands between two operators."""
    size = Fraction(1)
    if match := _TEN.match(text):
        power = 3 if match[3] else int(match[1] or match[2])
        size, text = Fraction(10) ** power, text[match.end() :].lstrip("*x")
    elif match := re.match(r"\d+", text):
        # A number of its own is a power that lost its sign (103/uL), unless it can be none.
        if not re.fullmatch("10*" if below else "1|1000|1000000", match[0]):
            return None
        size, text = Fraction(int(match[0])), text[match.end() :].lstrip("*x")
    if not text:
        return size, {}
    if text in _POWERS:
        return size * 10 ** _POWERS[text], {}
    match = re.fullmatch(r"(m3|.*?)(?:\^|\*)?([-+]?\d+)?", text)
    if match is None:
        return None
    name, power = match[1], int(match[2] or 1)
    found = _atom(name)
    return None if found is None or not power else (size * found[1] ** power, {found[0]: power})


def _atom(name: str) -> tuple[str, Fraction] | None:
    if name in _ATOMS:
        return _ATOMS[name]
    prefix, rest = name[:1], name[1:]
    if prefix in _PREFIXES and rest in _ATOMS and rest not in _UNPREFIXED:
        base, size = _ATOMS[rest]
        return base, size * _PREFIXES[prefix]
    return None
