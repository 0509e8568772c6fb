"""What people call events, signs, parts of definitions and days: one label each, in names.toml."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from riskmodel.cohort import analytes
from riskmodel.files import read_toml


@cache
def _names() -> Mapping[str, Mapping[str, str]]:
    return read_toml(Path(__file__).with_name("names.toml"))


def event_label(name: str) -> str:
    """Plain name of an event of the cohort contract.

    Raises
    ------
    KeyError
        When there is no such event.

    Examples
    --------
    >>> event_label("crs"), event_label("tocilizumab")
    ('CRS', 'Tocilizumab')
    """
    return _names()["events"][name]


def sign_label(name: str) -> str:
    """Plain name of a sign; of a centre's own by its event or analyte, else by how it is spelt.

    Examples
    --------
    >>> sign_label("cytopenia_wbc"), sign_label("ferritin_6000"), sign_label("sil2r")
    ('White cells', 'Ferritin', 'Soluble IL-2 receptor')
    >>> sign_label("our_sign")
    'Our sign'
    """
    for table in ("signs", "events"):
        if name in _names()[table]:
            return _names()[table][name]
    if name in analytes():
        label = analytes()[name].label
        return label[:1].upper() + label[1:]
    return _spelt(name)


def part_label(name: str) -> str:
    """Plain name of a part of a definition.

    Examples
    --------
    >>> part_label("coagulation_or_ldh"), part_label("our_part")
    ('Coagulation or LDH', 'Our part')
    """
    return _names()["parts"].get(name) or _spelt(name)


def picture_label(name: str) -> str:
    """What a day looks like (`PICTURES`), in words."""
    return _names()["pictures"][name]


def day_words(name: str) -> str:
    """A sign that `daily_picture` names, in words.

    Examples
    --------
    >>> day_words("tissue_damage")
    'LDH, AST or ALT high'
    """
    return _names()["days"][name]


def _spelt(name: str) -> str:
    return name.replace("_", " ").capitalize()
