"""One label for each event, sign, part and day; nobody above has names of their own."""

import ast
from pathlib import Path

import pytest

import riskmodel
from riskmodel.cohort import EVENT_NAMES, analytes
from riskmodel.criteria import definition_names, load_definition
from riskmodel.criteria.course import ACCOMPANYING, CRS_SIGNS, IEC_HS_SIGNS, PICTURES
from riskmodel.criteria.names import (
    day_words,
    event_label,
    part_label,
    picture_label,
    sign_label,
)
from riskmodel.files import read_toml

PACKAGE = Path(riskmodel.__file__).parent
NAMES = read_toml(PACKAGE / "criteria" / "names.toml")
DEFINITIONS = [load_definition(name) for name in definition_names()]
SIGNS = {sign for definition in DEFINITIONS for sign in definition.signs}
PARTS = {part.name for definition in DEFINITIONS for part in definition.parts}
FORMS = ("web", "patient", "monitoring", "scoring", "evaluation", "training", "cli")


def test_every_event_has_one_label_of_its_own() -> None:
    assert set(NAMES["events"]) == EVENT_NAMES
    assert len({event_label(name) for name in EVENT_NAMES}) == len(EVENT_NAMES)


def test_every_sign_of_a_shipped_definition_has_one_label() -> None:
    """In the table of signs, or as the event or the analyte of its name: never by its spelling."""
    for sign in SIGNS:
        tables = [sign in NAMES["signs"], sign in NAMES["events"] or sign in analytes()]
        assert any(tables), sign
        assert "_" not in sign_label(sign)
    assert set(NAMES["signs"]) <= SIGNS


def test_every_part_picture_and_sign_of_a_day_has_one_label() -> None:
    assert set(NAMES["parts"]) == PARTS
    assert set(NAMES["pictures"]) == set(PICTURES)
    assert set(NAMES["days"]) == {*CRS_SIGNS, *IEC_HS_SIGNS, *ACCOMPANYING}
    assert all(map(part_label, PARTS))
    assert all(map(picture_label, PICTURES))
    assert all(map(day_words, NAMES["days"]))


def test_a_name_that_is_no_event_has_no_label() -> None:
    with pytest.raises(KeyError):
        event_label("no_event")


def named(text: str) -> set[str]:
    """Codes of three or more events or signs that a literal mapping of some source gives words."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            keys = {k.value for k, v in pairs if isinstance(k, ast.Constant) and _text(v)}
            codes = keys & (EVENT_NAMES | SIGNS | set(NAMES["days"]))
            found |= codes if len(codes) > 2 else set()
    return found


def _text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_no_page_has_names_of_its_own() -> None:
    assert named('_WORDS = {"crs": "Storm", "fever": "Hot", "ferritin": "High"}')
    for room in FORMS:
        for path in (PACKAGE / room).rglob("*.py"):
            assert named(path.read_text(encoding="utf-8")) == set(), path
    assert isinstance(read_toml(PACKAGE / "web" / "forms" / "form.toml")["events"], list)
