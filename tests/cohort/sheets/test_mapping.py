"""The mapping of a centre: its form, and that it decides everything."""

from pathlib import Path

import pandas as pd
import pytest

from riskmodel.cohort.sheets.files import Sheet
from riskmodel.cohort.sheets.mapping import check_complete, load_table_mapping, sheets_of
from riskmodel.errors import SchemaError

SHEETS = [
    Sheet("a.xlsx", "people", pd.DataFrame({"id": ["1"], "when": ["2024-05-10"]})),
    Sheet("a.xlsx", "notes", pd.DataFrame({"x": ["1"]})),
]
MAPPING = """
ignore_sheets = ["notes"]
[[sheet]]
file = "a.xlsx"
sheet = "people"
table = "patients"
columns = { patient_id = "id", infusion_time = "when" }
"""


def load(tmp_path: Path, text: str):
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return load_table_mapping(path)


def test_a_complete_mapping_passes(tmp_path: Path) -> None:
    mapping = load(tmp_path, MAPPING)
    check_complete(mapping, SHEETS, tmp_path / "mapping.toml")
    assert sheets_of(mapping.sheet[0], SHEETS) == SHEETS[:1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('ignore_sheets = ["notes"]', "", "sheet 'notes' is neither mapped nor in 'ignore_sheets'"),
        ('infusion_time = "when"', 'infusion_time = "?"', "'infusion_time' of a.xlsx is '?'"),
        (', infusion_time = "when"', "", "column 'when' of a.xlsx, sheet 'people' is not decided"),
        ('table = "patients"', 'table = "events"', "no sheet is mapped to table 'patients'"),
        ('sheet = "people"', 'sheet = "persons"', "sheet 'persons', is not there"),
    ],
)
def test_what_is_open_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    mapping = load(tmp_path, MAPPING.replace(old, new))
    with pytest.raises(SchemaError, match="Nothing was read") as error:
        check_complete(mapping, SHEETS, tmp_path / "mapping.toml")
    assert said in str(error.value)


def test_every_fault_of_form_is_named_at_once(tmp_path: Path) -> None:
    broken = MAPPING.replace('table = "patients"', 'table = "people"\ncolour = 1')
    with pytest.raises(SchemaError) as error:
        load(tmp_path, broken)
    assert "table" in str(error.value)
    assert "colour" in str(error.value)
