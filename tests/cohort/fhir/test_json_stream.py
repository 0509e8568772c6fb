"""JSON in pieces: every piece is found, and a broken one hides none of the others."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.fhir.json_stream import BrokenError, Cursor, decode

LONGEST = 10_000
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=12,
)


def told(pieces: list[Any]) -> list[Any]:
    return [p.reason if isinstance(p, BrokenError) else p for p in pieces]


@given(items=st.lists(VALUES, max_size=6), indent=st.sampled_from([None, 1]), plain=st.booleans())
def test_elements_are_those_of_the_parser(
    items: list[Any], indent: int | None, plain: bool
) -> None:
    cursor = Cursor(json.dumps(items, indent=indent, ensure_ascii=plain), LONGEST)
    assert [value for _, value in cursor.elements()] == items
    assert cursor.ended


@given(entry=st.lists(VALUES, max_size=4), rest=st.dictionaries(st.text(), VALUES, max_size=4))
def test_members_are_those_of_the_parser(entry: list[Any], rest: dict[str, Any]) -> None:
    whole = {**rest, "entry": entry}
    cursor = Cursor(json.dumps(whole), LONGEST)
    pieces = [(key, value) for _, key, value in cursor.members()]
    assert [value for key, value in pieces if key == "entry[]"] == entry
    others = {key: value for key, value in pieces if key != "entry[]"}
    assert others == {key: value for key, value in whole.items() if key != "entry"}
    assert cursor.ended


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[1, {"a": 1, "a": 2}, 3]', [1, "duplicate_key", 3]),
        ('[1, {"a": tru}, 3]', [1, "malformed_json", 3]),
        ('[1, {"a": [}]}, 3]', [1, "malformed_json", "file_cut_off"]),
        ('[1, {"a": "}", "b": x}, 3]', [1, "malformed_json", 3]),
        (f'[1, {{"a": {"[" * 5000}{"]" * 5000}}}, 3]', None),
        (f'[1, {{"a": "{"x" * 200_000}"}}, 3]', [1, "record_too_long", 3]),
        ('[1, {"a": "never ends', [1, "file_cut_off"]),
        ('[1, {"a": 1', [1, "file_cut_off"]),
        ("[1, 2", [1, 2, "file_cut_off"]),
        ("[1,", [1, "file_cut_off"]),
        ("[1 2]", [1, "file_cut_off"]),
        ("[1, foo]", [1, "file_cut_off"]),
        (f"[1, {'9' * 5000}, 3]", [1, "file_cut_off"]),
    ],
)
def test_a_broken_element_hides_no_other(text: str, expected: list[Any] | None) -> None:
    found = told([value for _, value in Cursor(text, LONGEST).elements()])
    if expected is None:
        assert found[0] == 1
        assert found[-1] == 3
        assert found[1] in ("malformed_json", "record_too_long") or isinstance(found[1], dict)
    else:
        assert found == expected


@given(text=st.text(alphabet='{}[]",:\\ \n1ae"entry', max_size=60))
def test_any_text_ends(text: str) -> None:
    cursor = Cursor(text, LONGEST)
    for _ in cursor.members():
        assert cursor.at <= len(text)
    cursor = Cursor(text, LONGEST)
    for _ in cursor.elements():
        assert cursor.at <= len(text)


@pytest.mark.parametrize("text", ['{"entry": [1]', '{"entry": [1', '{"entry": [1], "a"', "{"])
def test_an_object_that_breaks_off_says_so(text: str) -> None:
    pieces = told([value for _, _, value in Cursor(text, LONGEST).members()])
    assert pieces[-1] == "file_cut_off"
    assert pieces.count("file_cut_off") == 1


def test_lines_are_counted() -> None:
    cursor = Cursor('[\n1,\n\n{"a":\n2},\n3]', LONGEST)
    assert [line for line, _ in cursor.elements()] == [2, 4, 6]


@pytest.mark.parametrize("text", ["{", '{"a": 1, "a": 1}', "[" * 10**5, "1" * 5000, "nul", ""])
def test_a_whole_text_that_is_no_json(text: str) -> None:
    with pytest.raises(BrokenError):
        decode(text)
