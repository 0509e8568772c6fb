"""Grades of toxicity and answers to "did it happen", as people write them."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from riskmodel.cohort.written.number_text import cleaned, read_number
from riskmodel.files import read_toml

_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5}
_GRADE = re.compile(
    r"(?:(?:ctcae|astct|who|asbmt|lee|max(?:imum|imal)?)\s*)*"
    r"(?:(?:grades?|grad|grado|gr|g|stage|stadium)[\s.:_-]*)?([0-9]+(?:[.,]0+)?|[ivx]+|none)\s*[abc]?"
)


@cache
def _answers() -> Mapping[str, Any]:
    return read_toml(Path(__file__).parent / "answers.toml")


@cache
def _not_done() -> re.Pattern[str]:
    return re.compile("|".join(_answers()["not_done"]))


def read_grade(text: str) -> int | None:
    """A grade from 0 as people write it, None where it is none.

    A bound (``>=3``) and a range (``1-2``) are no grade.

    Examples
    --------
    >>> [read_grade(text) for text in ("Grade 2", "III", "G3", "3a", "2.0", "none", "Grade 0")]
    [2, 3, 3, 3, 2, 0, 0]
    >>> [read_grade(text) for text in (">=3", "1-2", "high", "", "unknown")]
    [None, None, None, None, None]
    """
    folded = cleaned(text).casefold()
    if said_no(folded) and folded not in ("n", "f", "never", "neg"):
        return 0
    match = _GRADE.fullmatch(folded)
    if match is None:
        return None
    if match[1].isalpha():
        return _ROMAN.get(match[1])
    return int(float(match[1].replace(",", ".")))


def said_no(text: str) -> bool:
    """Whether an answer says that something did not happen; an empty one says nothing.

    Examples
    --------
    >>> [said_no(text) for text in ("no", "0", "FALSE", "nein", "not given", "0 mg", "0.0")]
    [True, True, True, True, True, True, True]
    >>> [said_no(text) for text in ("yes", "", "unknown", "8 mg", "nose", "not known")]
    [False, False, False, False, False, False]
    """
    folded = folded_answer(text)
    if folded in _answers()["no"] or _not_done().fullmatch(folded):
        return True
    number = re.match(r"[\d.,]+(?=\s*(?:[a-zµ%]+(?:/[a-z0-9]+)*)?$)", folded)
    if number is None:
        return False
    found = read_number(number[0])
    return not isinstance(found, str) and found.value == 0


def said_end(text: str) -> bool:
    """Whether a detail says that something ended then."""
    return folded_answer(text) in _answers()["end"]


def folded_answer(text: str) -> str:
    """An answer in small letters, its words apart by one space.

    Examples
    --------
    >>> folded_answer(" Entered-in_error. ")
    'entered in error'
    """
    return re.sub(r"[\s_-]+", " ", cleaned(text).casefold()).strip(" .!")
