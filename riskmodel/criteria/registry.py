"""The definitions there are: a TOML of limits and a module of the same name each."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from riskmodel.criteria import astct_2024
from riskmodel.criteria.definition import Definition
from riskmodel.criteria.keys import Keys
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

_READERS: Mapping[str, Callable[[Keys], Definition]] = {
    "astct-2024": astct_2024.read,
}


def definition_names() -> tuple[str, ...]:
    """Names that `load_definition` knows.

    Examples
    --------
    >>> "astct-2024" in definition_names()
    True
    """
    return tuple(_READERS)


def definition_path(name: str) -> Path:
    """The TOML of a definition."""
    return Path(__file__).parent / f"{name.replace('-', '_')}.toml"


@cache
def load_definition(name: str) -> Definition:
    """A definition by name.

    Raises
    ------
    SchemaError
        For an unknown name, and for a TOML with a key missing, mistyped or left over.

    Examples
    --------
    >>> load_definition("astct-2024").signs[0]
    'ferritin'
    """
    if name not in _READERS:
        raise SchemaError(
            f"Definition '{name}' is unknown. Allowed: {', '.join(definition_names())}."
        )
    keys = Keys(read_toml(definition_path(name)), name)
    definition = _READERS[name](keys)
    keys.finish()
    return definition
