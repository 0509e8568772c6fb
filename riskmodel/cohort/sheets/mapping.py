"""The mapping of a centre's spreadsheets: a short TOML that says which column is what."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from riskmodel.cohort.schema import COLUMNS
from riskmodel.cohort.sheets.files import Sheet
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

OPEN = "?"
"""What stands in a mapping where somebody has to decide."""

EXTRA = {"labs": ("day", "clock"), "events": ("day", "clock"), "patients": ("clock",)}
"""Columns beside those of the contract: a day after the infusion, a time of day beside its date."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Result(_Part):
    """What a column of results holds."""

    analyte: str
    unit: str = ""


class EventColumns(_Part):
    """An event whose time, grade and detail stand in columns of their own."""

    event: str
    time: str = ""
    day: str = ""
    clock: str = ""
    grade: str = ""
    value: str = ""

    @property
    def used(self) -> list[str]:
        """Columns that it reads."""
        return [name for name in (self.time, self.day, self.clock, self.grade, self.value) if name]


class SheetMapping(_Part):
    """How one table of the contract is read from one sheet."""

    file: str
    sheet: str = ""
    table: Literal["patients", "labs", "events"]
    columns: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str | int | float] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    results: dict[str, Result] = Field(default_factory=dict)
    across: list[str] = Field(default_factory=list)
    event: list[EventColumns] = Field(default_factory=list)
    ignore: list[str] = Field(default_factory=list)
    decimal: Literal["", ",", ".", "?"] = ""
    dates: Literal["", "day first", "month first", "excel", "?"] = ""
    infusion_day: Literal[0, 1, "?"] = 0

    @property
    def used(self) -> list[str]:
        """Columns of the sheet that it reads."""
        own = [*self.columns.values(), *self.results, *self.across]
        return [*own, *(name for event in self.event for name in event.used)]


class TableMapping(_Part):
    """A whole mapping."""

    sheet: list[SheetMapping] = Field(min_length=1)
    ignore_sheets: list[str] = Field(default_factory=list)


def load_table_mapping(path: Path) -> TableMapping:
    """Read a mapping.

    Raises
    ------
    SchemaError
        With every fault of its form at once.
    """
    try:
        return TableMapping.model_validate(read_toml(path))
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors()]
        raise SchemaError(
            f"Mapping '{path}' cannot be used. {'; '.join(faults)}. Correct it, or let "
            "'riskmodel map' write one."
        ) from None


def check_complete(mapping: TableMapping, sheets: Sequence[Sheet], path: Path) -> None:
    """Refuse a mapping that leaves a sheet or a column undecided, before anything is read.

    Raises
    ------
    SchemaError
        With everything that is open or unknown at once.
    """
    faults = [*_open(mapping), *_unknown(mapping, sheets), *_undecided(mapping, sheets)]
    if not any(spec.table == "patients" for spec in mapping.sheet):
        faults.append("no sheet is mapped to table 'patients'")
    if faults:
        raise SchemaError(
            f"Mapping '{path}' is not complete: {'; '.join(dict.fromkeys(faults))}. Nothing was "
            "read. Decide these lines; a column that is not needed belongs into 'ignore'."
        )


def _open(mapping: TableMapping) -> Iterator[str]:
    for spec in mapping.sheet:
        stated: dict[str, object] = {"decimal": spec.decimal, "dates": spec.dates}
        stated["infusion_day"] = spec.infusion_day
        for name, value in {**stated, **spec.columns, **spec.constants}.items():
            if value == OPEN:
                yield f"'{name}' of {spec.file} is '?'"
        for name, meanings in spec.values.items():
            for text in (text for text, meant in meanings.items() if meant == OPEN):
                yield f"'{text}' of '{name}' of {spec.file} is '?'"
        for name, result in spec.results.items():
            if OPEN in (result.analyte, result.unit):
                yield f"column '{name}' of {spec.file} is '?'"
        for event in spec.event:
            if OPEN in (event.event, *event.used):
                yield f"event '{event.event}' of {spec.file} is '?'"


def _unknown(mapping: TableMapping, sheets: Sequence[Sheet]) -> Iterator[str]:
    for spec in mapping.sheet:
        allowed = {*COLUMNS[spec.table], *EXTRA[spec.table]}
        for name in {*spec.columns, *spec.constants, *spec.values} - allowed:
            yield f"'{name}' is no column of {spec.table} (allowed: {', '.join(sorted(allowed))})"
        chosen = sheets_of(spec, sheets)
        if not chosen:
            yield f"{spec.file}{f', sheet {spec.sheet!r},' if spec.sheet else ''} is not there"
        for sheet in chosen:
            for name in {*spec.used, *spec.ignore} - set(sheet.rows.columns) - {OPEN}:
                yield f"{sheet.title} has no column '{name}'"


def _undecided(mapping: TableMapping, sheets: Sequence[Sheet]) -> Iterator[str]:
    for sheet in sheets:
        specs = [spec for spec in mapping.sheet if sheet in sheets_of(spec, sheets)]
        if not specs:
            if not {sheet.file, sheet.name} & set(mapping.ignore_sheets):
                yield f"{sheet.title} is neither mapped nor in 'ignore_sheets'"
            continue
        decided = {name for spec in specs for name in (*spec.used, *spec.ignore)}
        for name in [c for c in sheet.rows.columns if c not in decided]:
            yield f"column '{name}' of {sheet.title} is not decided"


def sheets_of(spec: SheetMapping, sheets: Sequence[Sheet]) -> list[Sheet]:
    """The sheets that a mapping reads: of its file, all of them where it names none or ``*``."""
    return [
        sheet for sheet in sheets if sheet.file == spec.file and spec.sheet in ("", "*", sheet.name)
    ]
