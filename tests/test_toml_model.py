"""Every fault of a table is found at once and keeps its place."""

from typing import Annotated

import pytest
from pydantic import model_validator

from riskmodel.errors import SchemaError
from riskmodel.toml_model import Fault, Table, faults, holds, must, one_of, read, refuse, whole


class _Gate(Table):
    slope: Annotated[list[float], must("is not two numbers", lambda pair: len(pair) == 2)]
    fewest: Annotated[int, must("is not a whole number from 1", lambda n: n >= 1)] = 10

    @model_validator(mode="after")
    def _rising(self) -> "_Gate":
        if self.slope != sorted(self.slope):
            raise refuse("does not rise")
        return self


class _Design(Table):
    name: str
    gate: _Gate


def test_all_faults_are_found_at_once_and_each_says_where() -> None:
    table = {"gate": {"slope": [1.0], "fewest": True, "slpe": 3}}
    assert faults(_Design, table) == [
        Fault(("name",), "missing"),
        Fault(("gate", "slope"), "wrong", "is not two numbers", [1.0]),
        Fault(("gate", "fewest"), "wrong", "is not a whole number from 1", True),
        Fault(("gate", "slpe"), "unknown"),
    ]


def test_a_fault_of_a_whole_table_stands_at_the_table() -> None:
    (found,) = faults(_Design, {"name": "mine", "gate": {"slope": [2.0, 1.0]}})
    assert (found.key, found.words) == ("gate", "does not rise")


def test_a_whole_number_is_a_number_and_nothing_else_is_converted() -> None:
    read_ = read(_Design, {"name": "mine", "gate": {"slope": [1, 2]}}, lambda _: SchemaError(""))
    assert read_.gate.slope == [1.0, 2.0]
    (found,) = faults(_Design, {"name": "mine", "gate": {"slope": ["1", "2"]}})
    assert found.words == "is not two numbers"


def test_the_room_says_the_sentence() -> None:
    def tell(found: list[Fault]) -> SchemaError:
        return SchemaError("; ".join(f"'{fault.key}' {fault.kind}" for fault in found))

    with pytest.raises(SchemaError, match="'name' missing; 'gate' missing"):
        read(_Design, {}, tell)


class _Plan(Table):
    scheme: Annotated[str, one_of(lambda: ("k-fold", "temporal"))]
    folds: Annotated[int, whole(2)]
    share: Annotated[
        float, must("is not a number"), holds("is not below 1", lambda share: share < 1)
    ]


@pytest.mark.parametrize("wrong", ["hope", 3, [], ["k-fold"], True, {}])
def test_a_text_is_one_of_some_whatever_stands_there(wrong: object) -> None:
    (found,) = faults(_Plan, {"scheme": wrong, "folds": 2, "share": 0.5})
    assert found.words == f"is '{wrong}', allowed: k-fold, temporal"


@pytest.mark.parametrize("wrong", [1, 2.0, True, "2", None])
def test_a_whole_number_from_some_on(wrong: object) -> None:
    (found,) = faults(_Plan, {"scheme": "k-fold", "folds": wrong, "share": 0.5})
    assert (found.key, found.words) == ("folds", "is not a whole number from 2")
    assert faults(_Plan, {"scheme": "k-fold", "folds": 2, "share": 0.5}) == []


@pytest.mark.parametrize(("share", "words"), [("x", "is not a number"), (1.0, "is not below 1")])
def test_what_holds_besides_is_said_apart_from_the_type(share: object, words: str) -> None:
    (found,) = faults(_Plan, {"scheme": "k-fold", "folds": 2, "share": share})
    assert found.words == words
