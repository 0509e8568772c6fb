from typing import Annotated, Any

import pytest

from riskmodel.criteria.definitions.build import read_definition
from riskmodel.criteria.toml_table import (
    Comparison,
    Filled,
    Numbers,
    Sourced,
    Texts,
    Whole,
    among,
    sentences,
)
from riskmodel.errors import SchemaError
from riskmodel.toml_model import Table, faults


def table_of(kind: Any) -> type[Table]:
    return type("One", (Table,), {"__annotations__": {"a": kind}})


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        (float, "3", "it must be int or float"),
        (float, True, "it must be int or float"),
        (Whole, 0, "a whole number from 1"),
        (Whole, 1.5, "it must be int"),
        (str, 3, "it must be str"),
        (Texts, ["x", 1], "a list of texts"),
        (Numbers, [1, "x"], "a list of numbers"),
        (Comparison, "=", "one of <, <=, >, >="),
        (Sourced, 1, "it must be dict"),
    ],
)
def test_a_wrong_key_is_named(kind: Any, value: object, says: str) -> None:
    error = sentences("mine", faults(table_of(kind), {"a": value}))
    assert str(error).startswith(f"Definition 'mine' has 'a' = {value!r}; it must be")
    assert says in str(error)


def test_a_choice_names_what_is_allowed() -> None:
    one = table_of(Annotated[str, among(lambda: ("x", "y"))])
    some = table_of(Annotated[Texts, among(lambda: ("x", "y")), Filled])
    assert "one of x, y" in str(sentences("mine", faults(one, {"a": "z"})))
    assert "some of x, y" in str(sentences("mine", faults(some, {"a": ["z"]})))
    assert "a list of at least 1" in str(sentences("mine", faults(some, {"a": []})))


def test_what_is_missing_or_left_over_is_named_with_its_path() -> None:
    inner = table_of(table_of(str))
    assert str(sentences("mine", faults(inner, {"a": {"c": 1}}))) == (
        "Definition 'mine.a' has no key 'a'. Add it. "
        "Definition 'mine.a' has unknown keys: c. Remove them."
    )


def test_all_faults_of_a_definition_are_told_at_once() -> None:
    table = {"name": "mine", "signs": {"fever": {"kind": "warmth"}, "high": {"kind": "limit"}}}
    with pytest.raises(SchemaError) as error:
        read_definition(table, "mine")
    for part in ("no key 'title'", "no key 'onset'", "'kind' = 'warmth'", "'mine.signs.high'"):
        assert part in str(error.value)
