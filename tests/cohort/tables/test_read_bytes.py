"""Reading a cohort folder whose bytes are no text: refused by their line, and never repeated."""

from pathlib import Path

import pytest

from riskmodel.cohort import read_cohort
from riskmodel.errors import SchemaError

TABLES = {
    "patients": "patient_id,product\nP01,axi-cel\n",
    "labs": "patient_id,hours_from_infusion,analyte,value,unit\n"
    + "".join(f"P01,{hour},ferritin,500,ng/mL\n" for hour in (-12, 24, 36, 48)),
    "events": "patient_id,event,hours_from_infusion\nP01,crs,30\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cohort with four results."""
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("table", ["patients", "labs", "events"])
def test_a_csv_of_another_encoding_is_refused_by_its_first_such_line(
    folder: Path, table: str
) -> None:
    path = folder / f"{table}.csv"
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-16")
    with pytest.raises(SchemaError, match=r"as CSV in UTF-8: line 1 is not UTF-8\. Save it again"):
        read_cohort(folder)


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (b"P01,24,ferritin,SECRET\xe9,ng/mL\n", "line 6 is not UTF-8"),
        (b"P01,24,ferritin,SECRET\xe9,1,2,3,4\n", "line 6 is not UTF-8"),
        (b"P01,24,ferritin,SECRET\xc3", "its last character is not UTF-8"),
    ],
)
def test_bytes_that_are_no_text_are_not_repeated(folder: Path, ending: bytes, said: str) -> None:
    with (folder / "labs.csv").open("ab") as file:
        file.write(ending)
    with pytest.raises(SchemaError, match=said) as error:
        read_cohort(folder)
    assert "SECRET" not in str(error.value)


@pytest.mark.parametrize("shift", ["", "x"])
def test_a_character_may_stand_on_any_byte(folder: Path, shift: str) -> None:
    row = f"{'é' * 2000},24,ferritin,1,ng/mL\n"
    with (folder / "labs.csv").open("a", encoding="utf-8") as file:
        file.write(shift + row + row * ((1 << 22) // 4000))
    assert len(read_cohort(folder).labs) == 4
