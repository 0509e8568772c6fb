"""What controlled and MedDRA terms of a study mean: the table terms.toml beside this module."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from riskmodel.files import read_toml


@cache
def terms() -> Mapping[str, Any]:
    """The whole table."""
    return read_toml(Path(__file__).parent / "terms.toml")


@cache
def meaning(table: str) -> Mapping[str, str]:
    """What each term of one table means.

    Examples
    --------
    >>> meaning("events")["CYTOKINE RELEASE SYNDROME"], meaning("tests")["NEUT"]
    ('crs', 'anc')
    """
    lists = {name: listed for name, listed in terms()[table].items() if name != "lasting"}
    return {term: name for name, listed in lists.items() for term in listed}
