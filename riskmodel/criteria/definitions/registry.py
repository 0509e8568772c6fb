"""The definitions there are: a TOML each.

A file of this folder is a definition when its ``name`` is its own, so that adding one takes its
file and no other change.
"""

from functools import cache
from pathlib import Path

from riskmodel.criteria.definitions.build import read_definition
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

_FIRST = "astct-2024"  # the default


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
    return tuple(sorted(found, key=lambda name: (name != _FIRST, name)))


def definition_path(name: str) -> Path:
    """The TOML of a definition."""
    return Path(__file__).parent / f"{name.replace('-', '_')}.toml"


@cache
def load_definition(name: str) -> Definition:
    """A definition by name.

    Raises
    ------
    SchemaError
        For an unknown name, and for a TOML with keys missing, mistyped or left over.

    Examples
    --------
    >>> load_definition("astct-2024").signs[0]
    'ferritin'
    """
    if name not in definition_names():
        raise SchemaError(
            f"Definition '{name}' is unknown. Allowed: {', '.join(definition_names())}."
        )
    return read_definition(read_toml(definition_path(name)), name)
