"""A definition's file is read whole or refused with every fault at once."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from riskmodel.criteria import definition_names, load_definition
from riskmodel.criteria.definitions.build import KINDS, read_definition
from riskmodel.criteria.definitions.registry import definition_path
from riskmodel.criteria.signs.after_crs import NEW_AFTER_CRS
from riskmodel.criteria.signs.peaks import PeakSign
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

NAMES = definition_names()


def toml_of(name: str) -> dict[str, Any]:
    return read_toml(definition_path(name))


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


@pytest.mark.parametrize(
    ("name", "path"),
    [
        pytest.param(name, path, id=f"{name}:{'.'.join(path)}")
        for name in NAMES
        for path in sorted({path[:-1] for path in leaves(toml_of(name))})
    ],
)
def test_a_key_without_a_use_is_refused(name: str, path: tuple[str, ...]) -> None:
    table = copy.deepcopy(toml_of(name))
    inner(table, (*path, "stray"))["stray"] = 1
    with pytest.raises(SchemaError, match="stray"):
        read_definition(table, "changed")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_is_what_the_file_says(name: str) -> None:
    table = toml_of(name)
    found = read_definition(table, "file")
    assert found.name == name
    beside = [sign for sign in found.signs if sign not in table["signs"]]
    assert list(found.signs) == [*table["signs"], *beside]
    assert beside == ([NEW_AFTER_CRS] if "require_new_after_crs" in table.get("course", {}) else [])
    parts = [*table["parts"], *(["course"] if "course" in table else [])]
    assert [part.name for part in found.parts] == parts
    assert found.from_hours == table["onset"]["from_hours"]
    assert (found.grading is None) == ("grades" not in table)
    assert bool(found.cytopenia_rules) == ("cytopenia_switch" in table)
    assert (found.scores is None) == ("items" not in table)
    for reader, entry in zip(found.readers, table["signs"].values(), strict=not beside):
        assert isinstance(reader, PeakSign) == bool(entry.get("reached_in"))


@pytest.mark.parametrize("name", NAMES)
def test_reading_leaves_the_table_as_it_was(name: str) -> None:
    table = toml_of(name)
    before = copy.deepcopy(table)
    read_definition(table, "file")
    assert table == before


def test_every_kind_of_sign_is_used_by_a_definition() -> None:
    used = {sign["kind"] for name in NAMES for sign in toml_of(name)["signs"].values()}
    assert used == set(KINDS)


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t["signs"]["ferritin"].pop("kind"), "kind"),
        (lambda t: t["signs"]["ferritin"].update(kind="guess"), "guess"),
        (lambda t: t.update(signs=3), "signs"),
        (lambda t: t.update(parts=3), "parts"),
        (lambda t: t["parts"].update(cytopenias=3), "cytopenias"),
        (lambda t: t.update(cytopenia_switch="worsening"), "cytopenia_switch"),
        (lambda t: t["signs"].update(ferritin=3), "ferritin"),
        (lambda t: t["cytopenia_switch"].update(picture="nobody"), "nobody"),
        (lambda t: t.pop("cytopenia_switch"), "cytopenia_switch"),
        (lambda t: t.pop("parts"), "parts"),
        (lambda t: t["parts"].update(empty={"at_least": 1, "source": "s"}), "a table with 'signs'"),
        (lambda t: t.update(windows={"w": {}}), "windows"),
        (lambda t: t["exclusion"].update(not_routine=["no_such_sign"]), "no_such_sign"),
    ],
)
def test_a_fault_is_named(change: Change, said: str) -> None:
    table = toml_of("astct-2024")
    change(table)
    with pytest.raises(SchemaError, match=said) as refused:
        read_definition(table, "my.toml")
    assert "my.toml" in str(refused.value)


def test_all_faults_are_told_at_once() -> None:
    table = toml_of("astct-2024")
    del table["title"], table["onset"]["from_hours"]
    table["signs"]["ferritin"]["stray"] = 1
    with pytest.raises(SchemaError) as refused:
        read_definition(table, "my.toml")
    for said in ("title", "from_hours", "stray"):
        assert said in str(refused.value)


def test_definitions_read_twice_are_equal_and_share_nothing_that_changes() -> None:
    one, two = (read_definition(toml_of("hlh-2004"), "file") for _ in range(2))
    assert one == two
    assert one == load_definition("hlh-2004")
