"""Which specimens are not blood: their results are none of the analytes.

The table is specimens.toml beside this module.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from riskmodel.files import read_toml


@cache
def _table() -> Mapping[str, Any]:
    return read_toml(Path(__file__).parent / "specimens.toml")


def not_blood_pattern() -> str:
    """A regular expression (RE2) of words that name another specimen, for folded text."""
    words = rf"(?:^|[^a-z0-9])(?:{'|'.join(_table()['words'])})(?:$|[^a-z0-9])"
    # Of urine as laboratories of the north name it: U-Kreatinin, dU-Albumin, Creatinine (U).
    return rf"{words}|(?:^|[^a-z0-9])[dtn]?u[-_][a-z]|[a-z]\W+u\W*$"


@cache
def _words() -> re.Pattern[str]:
    return re.compile(not_blood_pattern())


@lru_cache(maxsize=65536)
def is_not_blood(text: str, *codes: str) -> bool:
    """Whether a text or a code names a specimen that is not blood, serum or plasma.

    What names no specimen at all is not another one.

    Examples
    --------
    >>> is_not_blood("Cerebrospinal fluid"), is_not_blood("WBC, CSF"), is_not_blood("", "UR")
    (True, True, True)
    >>> is_not_blood("Venous blood"), is_not_blood("Tube 7"), is_not_blood("", "BLD")
    (False, False, False)
    """
    if any(code.strip().upper() in _table()["codes"] for code in codes):
        return True
    bare = unicodedata.normalize("NFKD", text).casefold()
    return _words().search("".join(c for c in bare if not unicodedata.combining(c))) is not None
