"""The fields of the pages for entering: labels, units, ranges, and the rows they make."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from riskmodel.cohort import PATIENT_CHOICES, PATIENT_NUMBERS, Product, analytes, products
from riskmodel.criteria import event_label
from riskmodel.files import read_toml
from riskmodel.patient import number, unit_words

PATIENT = "this patient"
"""Identifier of the one patient of a form; nothing typed becomes an identifier."""

_DOSES = {
    "cell_dose_million_per_kg": "10⁶ cells per kg",
    "cell_dose_million": "10⁶ cells",
}
_DISEASES = {
    "LBCL": "Large B-cell lymphoma",
    "FL": "Follicular lymphoma",
    "MCL": "Mantle cell lymphoma",
    "CLL": "Chronic lymphocytic leukemia",
    "B-ALL": "B-cell acute lymphoblastic leukemia",
    "MM": "Multiple myeloma",
    "SLE": "Systemic lupus erythematosus",
    "SSc": "Systemic sclerosis",
    "IIM": "Inflammatory myopathy",
    "other": "Another disease",
}
YES_NO = {"1": "yes", "0": "no"}


@dataclass(frozen=True)
class Unit:
    """A unit to choose, and the plausible range in it."""

    value: str
    label: str
    plausible: str


@dataclass(frozen=True)
class Field:
    """One question of a form.

    Attributes
    ----------
    name : str
        Column of the patients table, or analyte.
    kind : str
    label, unit, plausible : str
    units : tuple of Unit
        To choose from; the first is offered.
    options : mapping of str to str
        Values and their words.
    empty : str
        What no answer means.
    """

    name: str
    kind: str
    label: str
    unit: str = ""
    plausible: str = ""
    units: tuple[Unit, ...] = ()
    options: Mapping[str, str] | None = None
    empty: str = "unknown"


@dataclass(frozen=True)
class Section:
    """Fields under one heading; a folded one is closed until it is wanted."""

    title: str
    fields: tuple[Field, ...]
    folded: bool = False


@cache
def _form() -> Mapping[str, Any]:
    return read_toml(Path(__file__).with_name("form.toml"))


@cache
def sections(page: str) -> tuple[Section, ...]:
    """Sections of the page ``before`` or ``after``."""
    return tuple(
        Section(
            entry["title"],
            tuple(_field(field) for field in entry["field"]),
            bool(entry.get("folded", False)),
        )
        for entry in _form()["section"]
        if page == "before" or entry.get("on") != "before"
    )


@cache
def event_choices() -> Mapping[str, str]:
    """Events to choose from, and their words."""
    return {name: event_label(name) for name in _form()["events"]}


def fields(page: str) -> Iterator[Field]:
    """All fields of a page."""
    for section in sections(page):
        yield from section.fields


@cache
def product_choices() -> tuple[Product, ...]:
    """Products that fill target and domain."""
    return products()


def _field(entry: Mapping[str, str]) -> Field:
    name, kind = entry["name"], entry["kind"]
    empty = entry.get("empty", "unknown")
    if kind == "lab":
        analyte = analytes()[name]
        low, high = analyte.plausible
        units = tuple(
            Unit(unit, unit_words(unit), f"{number(low / factor)} to {number(high / factor)}")
            for unit, factor in analyte.factors.items()
        )
        return Field(name, kind, analyte.label, units=units, plausible=units[0].plausible)
    if kind == "dose":
        units = tuple(Unit(column, said, _range(column)) for column, said in _DOSES.items())
        return Field(name, kind, entry["label"], units=units, plausible=units[0].plausible)
    if kind == "number":
        return Field(name, kind, entry["label"], entry["unit"])
    if kind == "flag":
        return Field(name, kind, entry["label"], options=YES_NO, empty=empty)
    if kind == "choice":
        options = {
            value: _DISEASES[value] if name == "disease" else value
            for value in PATIENT_CHOICES[name]
        }
        return Field(name, kind, entry["label"], options=options, empty=empty)
    return Field(name, kind, entry["label"], empty=empty)


def _range(column: str) -> str:
    low, high = PATIENT_NUMBERS[column]
    return f"{number(low)} to {number(high)}"
