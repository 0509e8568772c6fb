"""Points: what is missing makes a range that holds the total, whatever it turns out to be."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.criteria import load_definition
from riskmodel.criteria.definitions.build import read_definition
from riskmodel.criteria.definitions.definition import Item, Part
from riskmodel.criteria.definitions.points import Score, open_items
from riskmodel.criteria.definitions.registry import definition_path
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, NOT_MET
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

PRINTED = {
    100: 1, 110: 3, 120: 5, 130: 9, 140: 16, 150: 25, 160: 40, 170: 54,
    180: 70, 190: 80, 200: 88, 210: 93, 220: 96, 230: 98, 240: 99,
}  # fmt: skip


def probability(total: float) -> float:
    scores = load_definition("hscore").scores
    assert scores is not None
    return float(scores.__self__.probability(np.array([total]))[0])  # type: ignore[attr-defined]


@pytest.mark.parametrize(("total", "percent"), PRINTED.items())
def test_probabilities_are_the_printed_ones(total: int, percent: int) -> None:
    assert probability(total) == percent / 100


def test_the_probability_at_the_cut_off_is_not_its_sensitivity() -> None:
    assert 0.52 < probability(169) < 0.54


def test_a_probability_never_falls() -> None:
    assert (np.diff([probability(total) for total in range(338)]) >= 0).all()
    assert (probability(0), probability(337)) == (0.01, 0.99)


def test_the_published_maximum_is_337() -> None:
    (part,) = load_definition("hscore").parts
    assert sum(item.points for item in part.items) == 337
    items = read_toml(definition_path("hscore"))["items"]
    rows = [row for members in items.values() if isinstance(members, list) for row in members]
    assert sorted(rows) == sorted(item.name for item in part.items)


ROWS = (
    Item("high", 2, 1, ("a",)),
    Item("higher", 3, 1, ("b",)),
    Item("both", 5, 2, ("a", "c")),
)
SCORE = Score(
    Part("points", 5, ROWS), ("a", "b", "c"), {"one": ("high", "higher"), "two": ("both",)},
    (0.0, 5.0, 10.0), (1.0, 50.0, 99.0),
)  # fmt: skip
STATES = st.lists(st.sampled_from([MET, NOT_MET, NOT_ASSESSABLE]), min_size=3, max_size=3)


def columns_of(*states: list[int]) -> pd.DataFrame:
    return pd.DataFrame(SCORE.columns(np.array(states, dtype=np.int8).reshape(-1, 3)))


@given(STATES)
def test_the_range_is_that_of_all_answers_that_are_open(states: list[int]) -> None:
    """Every way to fill in what is not assessable lies in the range, and its ends are reached."""
    options = [[MET, NOT_MET] if state == NOT_ASSESSABLE else [state] for state in states]
    filled = columns_of(*map(list, itertools.product(*options)))
    assert (filled["total_low"] == filled["total_high"]).all()
    found = columns_of(states).iloc[0]
    assert found["total_low"] == filled["total_low"].min()
    assert found["total_high"] == filled["total_low"].max()
    assert found["probability_low"] <= found["probability_high"]
    for item in SCORE.items:
        known = found[f"points_{item}"]
        assert np.isnan(known) == (filled[f"points_{item}"].nunique() > 1)
        assert (item in open_items(found)) == np.isnan(known)
        assert (item in found["missing_items"].split("; ")) == np.isnan(known)


def test_points_of_the_items_add_up_to_the_total() -> None:
    found = columns_of([MET, NOT_MET, MET], [NOT_MET, MET, MET], [NOT_MET] * 3)
    assert found["points_one"].tolist() == [2, 3, 0]
    assert found["points_two"].tolist() == [5, 0, 0]
    assert found["total_low"].tolist() == [7, 3, 0]
    assert found["missing_items"].tolist() == ["", "", ""]


def test_nobody_has_the_columns_of_any() -> None:
    assert columns_of().columns.tolist() == columns_of([MET] * 3).columns.tolist()


def test_the_ends_of_the_probability_table_hold_beyond_it() -> None:
    assert SCORE.probability(np.array([-5.0, 2.5, 1e9])).tolist() == [0.01, 0.255, 0.99]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("items", "ferritin"), ["no_such_row"], "no_such_row"),
        (("probability", "percent"), [1, 2], "one percentage for each of the totals"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(
    path: tuple[str, str], value: list[object], said: str
) -> None:
    table = read_toml(definition_path("hscore"))
    table[path[0]][path[1]] = value
    with pytest.raises(SchemaError, match=said):
        read_definition(table, "changed")
