"""The golden table, and that every key of the TOML is pinned by a row of it."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort, analytes
from riskmodel.criteria import CYTOPENIA_RULES, Definition, evaluate_signs, label, load_definition
from riskmodel.criteria.definitions.build import read_definition
from riskmodel.criteria.definitions.registry import definition_path
from riskmodel.criteria.truth import STATE_NAMES
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

TABLE = read_toml(definition_path("astct-2024"))
# What names things and says where they come from; the loader checks the units.
WORDS = ("name", "title", "version", "source", "kind", "picture", "unit", "analyte", "event")


def shown(value: object) -> str:
    if pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def answers(
    cohort: Cohort, golden: pd.DataFrame, definition: Definition
) -> Iterator[tuple[int, str]]:
    """What is found in each row; of the rule with most rows first, and there the quick ones."""
    at = pd.to_numeric(golden["at"], errors="coerce").to_numpy(dtype=float)
    columns = golden["column"].tolist()
    for rule in golden["rule"].value_counts().index:
        asked = (golden["rule"] == rule).to_numpy()
        timeline = evaluate_signs(cohort, definition, rule)
        standing = timeline.standing(np.arange(len(golden)), np.where(np.isnan(at), -np.inf, at))
        whole = definition.state(standing.states, at)
        for row in np.flatnonzero(asked & ~np.isnan(at)).tolist():
            if columns[row] == "definition":
                yield row, STATE_NAMES[int(whole[row])]
            else:
                sign = timeline.signs.index(columns[row])
                yield row, STATE_NAMES[int(standing.states[row, sign])]
        labels = label(cohort, definition, cytopenia_rule=rule)
        for row in np.flatnonzero(asked & np.isnan(at)).tolist():
            yield row, shown(labels.at[row, columns[row]])


@pytest.fixture(scope="module")
def golden_cohort(golden: pd.DataFrame, cohort_of: Callable[..., Cohort]) -> Cohort:
    targets = [target or None for target in golden["target"]]
    return cohort_of(list(golden["records"]), targets)


def test_golden_table(golden: pd.DataFrame, golden_cohort: Cohort) -> None:
    assert set(golden["rule"]) == set(CYTOPENIA_RULES)
    found = dict(answers(golden_cohort, golden, load_definition("astct-2024")))
    assert len(found) == len(golden)
    wrong = [
        f"{row.why}: {row.column} is {found[row.Index]!r}, expected {row.expected!r}"
        for row in golden.itertuples()
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
    if path[-2:] == ("cytopenia_switch", "default"):
        return []
    if path == ("course", "require_new_after_crs"):
        return ["off"]
    if isinstance(value, str):
        return [rule for rule in ("absolute", "rate", "either") if rule != value]
    if path == ("onset", "from_hours"):
        return [1]  # earlier cannot matter: no cytopenia is judged before the infusion
    if path[-1] in ("at_least", "recovered_samples", "grade"):
        return [value - 1, value + 1]
    return [value * 0.95, value * 1.05]


def changes() -> list[Any]:
    found = []
    for path in leaves(TABLE):
        value = inner(TABLE, path)[path[-1]]
        if path[-1] in WORDS:
            continue
        for other in changed_values(path, value):
            found.append(pytest.param(path, other, id=f"{'.'.join(path)}={other}"))
    return found


@pytest.mark.parametrize(("path", "other"), changes())
def test_each_number_is_pinned_by_a_golden_row(
    path: tuple[str, ...], other: object, golden: pd.DataFrame, golden_cohort: Cohort
) -> None:
    table = copy.deepcopy(TABLE)
    inner(table, path)[path[-1]] = other
    if other == [] and path[-1] == "events":
        with pytest.raises(SchemaError, match="at least 1"):
            read_definition(table, "changed")
        return
    definition = read_definition(table, "changed")
    expected = golden["expected"].tolist()
    found = answers(golden_cohort, golden, definition)
    assert any(text != expected[row] for row, text in found)


@pytest.mark.parametrize("path", list(leaves(TABLE)), ids=".".join)
def test_each_key_is_needed(path: tuple[str, ...]) -> None:
    table = copy.deepcopy(TABLE)
    del inner(table, path)[path[-1]]
    if path[:-1] == ("signs", "ferritin", "rule_by_target") and path[-1] in ("CD19", "BCMA"):
        definition = read_definition(table, "changed")  # falls back to "otherwise"
        assert definition.readers != load_definition("astct-2024").readers
        return
    with pytest.raises(SchemaError, match=path[-1]):
        read_definition(table, "changed")


@pytest.mark.parametrize("path", sorted({path[:-1] for path in leaves(TABLE)}), ids=".".join)
def test_a_key_without_a_use_is_refused(path: tuple[str, ...]) -> None:
    table = copy.deepcopy(TABLE)
    inner(table, (*path, "stray"))["stray"] = 1
    with pytest.raises(SchemaError, match="stray"):
        read_definition(table, "changed")


def test_the_unit_is_the_canonical_one() -> None:
    table = copy.deepcopy(TABLE)
    table["signs"]["fibrinogen"]["unit"] = "g/L"
    with pytest.raises(SchemaError, match="mg/dL"):
        read_definition(table, "changed")


def test_thresholds_stand_beside_their_analytes() -> None:
    limits = load_definition("astct-2024").thresholds
    assert {name: [limit.analyte for limit in found] for name, found in limits.items()} == {
        "ferritin": ["ferritin"],
        "transaminases": ["ast", "alt"],
        "fibrinogen": ["fibrinogen"],
        "triglycerides": ["triglycerides"],
        "hemophagocytosis": [],
        "cytopenia_anc": ["anc"],
        "cytopenia_hemoglobin": ["hemoglobin"],
        "cytopenia_platelets": ["platelets"],
        "new_after_crs": [],
    }


def test_default_limits_of_normal_are_marked_unverified() -> None:
    assert all(analytes()[name].uln_unverified for name in ("ast", "alt"))
