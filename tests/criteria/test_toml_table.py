from collections.abc import Callable

import pytest

from riskmodel.criteria.toml_table import Keys
from riskmodel.errors import SchemaError


@pytest.mark.parametrize(
    ("read", "value", "says"),
    [
        (lambda k: k.number("a"), "3", "it must be int or float"),
        (lambda k: k.number("a"), True, "it must be int or float"),
        (lambda k: k.whole("a"), 0, "a whole number from 1"),
        (lambda k: k.whole("a"), 1.5, "it must be int"),
        (lambda k: k.text("a"), 3, "it must be str"),
        (lambda k: k.text("a", ("x", "y")), "z", "one of x, y"),
        (lambda k: k.texts("a"), ["x", 1], "a list of texts"),
        (lambda k: k.texts("a", ("x", "y")), ["z"], "some of x, y"),
        (lambda k: k.comparison("a"), "=", "one of <, <=, >, >="),
        (lambda k: k.table("a"), 1, "it must be dict"),
        (lambda k: k.text("b"), 1, "has no key 'b'"),
    ],
)
def test_a_wrong_key_is_named(read: Callable[[Keys], object], value: object, says: str) -> None:
    with pytest.raises(SchemaError, match=f"Definition 'mine'.*{says}"):
        read(Keys({"a": value}, "mine"))


def test_what_is_left_in_an_inner_table_is_named_with_its_path() -> None:
    keys = Keys({"a": {"b": {"c": 1}}}, "mine")
    keys.table("a").table("b")
    with pytest.raises(SchemaError, match=r"'mine\.a\.b' has unknown keys: c"):
        keys.finish()


def test_reading_leaves_the_parsed_table_alone() -> None:
    table = {"a": 1}
    Keys(table, "mine").number("a")
    assert table == {"a": 1}
