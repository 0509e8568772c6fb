"""Monitoring, symptoms and management in print: information beside a score, never a directive."""

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from riskmodel.errors import SchemaError
from riskmodel.files import read_toml
from riskmodel.patient.wording import cited
from riskmodel.toml_model import Table, one_of, read

_ABOUT = ("all", "oncology", "autoimmune")


class Item(Table):
    """One sentence of print (keys as in guidance.toml)."""

    topic: str
    about: Annotated[str, one_of(lambda: _ABOUT)]
    text: str
    document: str
    second_hand: bool = False

    @property
    def source(self) -> str:
        """Who says it, in words of a page."""
        named = cited(self.document)
        return f"{named}, second-hand" if self.second_hand else named


class _File(Table):
    item: Annotated[tuple[Item, ...], Field(strict=False)]


@cache
def _items() -> tuple[Item, ...]:
    path = Path(__file__).with_suffix(".toml")
    return read(
        _File,
        read_toml(path),
        lambda found: SchemaError(f"{path.name} is wrong at {', '.join(f.key for f in found)}."),
    ).item


def guidance(*, autoimmune: bool) -> dict[str, list[Item]]:
    """What print says for such a patient, by topic.

    Examples
    --------
    >>> list(guidance(autoimmune=False))
    ['Monitoring', 'Ferritin assay', 'Symptoms', 'Management', 'Course']
    """
    found: dict[str, list[Item]] = {}
    for item in _items():
        if item.about in ("all", "autoimmune" if autoimmune else "oncology"):
            found.setdefault(item.topic, []).append(item)
    return found
