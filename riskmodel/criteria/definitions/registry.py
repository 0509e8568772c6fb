"""The definitions there are: a TOML each.

A file of this folder is a definition when its ``name`` is its own, so that adding one takes its
file and no other change.
"""

from functools import cache
from pathlib import Path

from riskmodel.criteria.definitions.build import read_definition
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.criteria.signs.after_crs import CRS_RULES
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

DEFAULT_DEFINITION = "astct-2024"
"""Where none is asked for."""


@cache
def definition_names() -> tuple[str, ...]:
    """Names that `load_definition` knows, the default first.

    Examples
    --------
    >>> definition_names()[0]
    'astct-2024'
    >>> "hlh-2004" in definition_names()
    True
    """
    files = Path(__file__).parent.glob("*.toml")
    names = (file.stem.replace("_", "-") for file in files)
    found = [name for name in names if read_toml(definition_path(name)).get("name") == name]
    return tuple(sorted(found, key=lambda name: (name != DEFAULT_DEFINITION, name)))


def definition_path(name: str) -> Path:
    """The TOML of a definition."""
    return Path(__file__).parent / f"{name.replace('-', '_')}.toml"


@cache
def definition_choices() -> tuple[str, ...]:
    """`definition_names`, then those with a switch ``require_new_after_crs`` at each position.

    Examples
    --------
    >>> definition_choices()[-1]
    'astct-2023/strict'
    """
    names = definition_names()
    switched = [name for name in names if load_definition(name).crs_rule]
    return (*names, *(f"{name}/{rule}" for name in switched for rule in CRS_RULES))


def known_definition(name: str) -> str:
    """The name itself, with or without a position of its switch, such as ``astct-2024/off``.

    Raises
    ------
    SchemaError
        For an unknown name or position.
    """
    return load_definition(name).name


@cache
def load_definition(name: str) -> Definition:
    """A definition by name.

    ``<name>/<position>`` is the same with another position of ``require_new_after_crs``.

    Raises
    ------
    SchemaError
        For an unknown name, and for a TOML with keys missing, mistyped or left over.

    Examples
    --------
    >>> load_definition("astct-2024").signs[0]
    'ferritin'
    >>> load_definition("astct-2024/off").name
    'astct-2024/off'
    """
    base, slash, position = name.partition("/")
    if base not in definition_names():
        raise SchemaError(
            f"Definition '{name}' is unknown. Allowed: {', '.join(definition_names())}."
        )
    return read_definition(read_toml(definition_path(base)), base, position if slash else None)
