"""The golden table of every definition, and that every key of its TOML is pinned by a row of it."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort
from riskmodel.criteria import (
    CYTOPENIA_RULES,
    Definition,
    definition_names,
    evaluate_signs,
    label,
    load_definition,
)
from riskmodel.criteria.definitions.build import read_definition
from riskmodel.criteria.definitions.registry import definition_path
from riskmodel.criteria.truth import STATE_NAMES
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

# astct-2024 has a file of its own, test_astct_2024.py.
NAMES = [name for name in definition_names() if name != "astct-2024"]
# What names things and says where they come from; the loader checks the units.
WORDS = (
    "name",
    "title",
    "version",
    "source",
    "kind",
    "picture",
    "unit",
    "analyte",
    "event",
    "reached_in",
)
CHOICES = (("baseline", "higher"), ("met", "not_assessable"), ("off", "prefer"))
COUNTS = ("at_least", "recovered_samples", "points")


@dataclass(frozen=True)
class Golden:
    """A table of edges and its cohort, one patient a row."""

    table: pd.DataFrame
    cohort: Cohort


@pytest.fixture(scope="module")
def golden_of(cohort_of: Callable[..., Cohort]) -> Callable[[str], Golden]:
    @cache
    def read(name: str) -> Golden:
        path = Path(__file__).parent / f"golden_{definition_path(name).stem}.csv"
        table = pd.read_csv(path, dtype="str", keep_default_na=False)
        return Golden(table, cohort_of(list(table["records"])))

    return read


def toml_of(name: str) -> dict[str, Any]:
    return read_toml(definition_path(name))


def shown(value: object) -> str:
    if pd.isna(value):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def answers(golden: Golden, definition: Definition) -> Iterator[tuple[int, str]]:
    """What is found in each row; of the rule with most rows first, and there the quick ones."""
    table = golden.table
    at = pd.to_numeric(table["at"], errors="coerce").to_numpy(dtype=float)
    everyone, when = np.arange(len(table)), np.where(np.isnan(at), -np.inf, at)
    columns = table["column"].tolist()
    for rule in table["rule"].value_counts().index:
        asked = (table["rule"] == rule).to_numpy()
        timeline = evaluate_signs(golden.cohort, definition, rule or None)
        standing = timeline.standing(everyone, when)
        whole = definition.state(standing.states, at)
        for row in np.flatnonzero(asked & ~np.isnan(at)).tolist():
            if columns[row] == "definition":
                yield row, STATE_NAMES[int(whole[row])]
            else:
                sign = timeline.signs.index(columns[row])
                yield row, STATE_NAMES[int(standing.states[row, sign])]
        labels = label(golden.cohort, definition, cytopenia_rule=rule or None)
        written = {column: labels[column].tolist() for column in labels}
        for row in np.flatnonzero(asked & np.isnan(at)).tolist():
            column = columns[row]
            yield row, shown(written[column][row]) if column in written else "no column"


def changes_an_answer(golden: Golden, definition: Definition) -> bool:
    expected = golden.table["expected"].tolist()
    return any(text != expected[row] for row, text in answers(golden, definition))


@pytest.mark.parametrize("name", NAMES)
def test_golden_table(name: str, golden_of: Callable[[str], Golden]) -> None:
    golden = golden_of(name)
    assert set(golden.table["rule"]) <= {"", *CYTOPENIA_RULES}
    found = dict(answers(golden, load_definition(name)))
    assert len(found) == len(golden.table)
    wrong = [
        f"{row.why}: {row.column} is {found[row.Index]!r}, expected {row.expected!r}"
        for row in golden.table.itertuples()
        if found[row.Index] != row.expected
    ]
    assert not wrong, "\n".join(wrong)


def leaves(table: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key)


def inner(table: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for key in path[:-1]:
        table = table[key]
    return table


def changed_values(path: tuple[str, ...], value: object) -> list[object]:
    if isinstance(value, list):
        return [[item for item in value if item != left] for left in value]
    if path[-1].endswith("comparison"):
        return [value.rstrip("=") if value.endswith("=") else f"{value}="]
    if isinstance(value, str):
        pairs = [pair for pair in CHOICES if value in pair]
        return [other for pair in pairs for other in pair if other != value]
    if isinstance(value, bool):
        return []  # its only other value is to be left out
    if path[-1] in COUNTS:
        return [other for other in (value - 1, value + 1) if other > 0]
    if value == 0:
        return [1]
    return [value * 0.95, value * 1.05]


def changes() -> list[Any]:
    found = []
    for name in NAMES:
        for path in leaves(toml_of(name)):
            if path[-1] in WORDS or path[0] == "probability":  # its table: test_hscore.py
                continue
            value = inner(toml_of(name), path)[path[-1]]
            for other in changed_values(path, value):
                case = f"{name}:{'.'.join(path)}={other}"
                found.append(pytest.param(name, path, other, id=case))
    return found


@pytest.mark.parametrize(("name", "path", "other"), changes())
def test_each_number_is_pinned_by_a_golden_row(
    name: str, path: tuple[str, ...], other: object, golden_of: Callable[[str], Golden]
) -> None:
    table = copy.deepcopy(toml_of(name))
    inner(table, path)[path[-1]] = other
    if other == [] and path[-1] in ("signs", "events"):
        with pytest.raises(SchemaError, match="at least 1"):
            read_definition(table, "changed")
        return
    golden = golden_of(name)
    assert changes_an_answer(golden, read_definition(table, "changed"))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        pytest.param(name, path, id=f"{name}:{'.'.join(path)}")
        for name in NAMES
        for path in leaves(toml_of(name))
    ],
)
def test_a_key_left_out_is_missed_or_changes_a_golden_row(
    name: str, path: tuple[str, ...], golden_of: Callable[[str], Golden]
) -> None:
    table = copy.deepcopy(toml_of(name))
    del inner(table, path)[path[-1]]
    try:
        definition = read_definition(table, "changed")
    except SchemaError:
        return
    golden = golden_of(name)
    assert changes_an_answer(golden, definition)
