"""Files of spreadsheets as sheets of cells."""

from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.sheets.files import cut_text, read_sheets
from riskmodel.errors import SchemaError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_text_files_of_every_kind_say_the_same(
    tmp_path: Path, encoding: str, end: str, separator: str
) -> None:
    lines = [["id", "unit", "note"], ["P1", "\u00b5g/L", "x"], ["P2", "", ""], ["", "", ""]]
    text = end.join(separator.join(line) for line in lines)
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    (sheet,) = read_sheets(tmp_path)
    assert sheet.rows.to_numpy().tolist() == [["P1", "\u00b5g/L", "x"], ["P2", None, None]]
    assert bool(sheet.notes) == (encoding in ("utf-16", "cp1252"))


def test_a_line_that_names_the_separator_is_no_heading() -> None:
    separator, lines = cut_text("sep=;\na;b\n1,5;2\n")
    assert separator == ";"
    assert lines == [(2, ["a", "b"]), (3, ["1,5", "2"])]


def test_cells_of_a_workbook_keep_their_kind(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    first = book.active
    first.append([])
    first.append(["id", "when", "value", "flag"])
    first.append(["001", datetime(2024, 5, 10, 8, 30), 1.234, True])
    first.append(["002", datetime(2024, 5, 10), 600, None])
    first.append(["003", date(2024, 5, 11), "=1+1", " "])
    book.create_sheet("empty")
    book.save(tmp_path / "a.xlsx")
    (sheet,) = read_sheets(tmp_path / "a.xlsx")
    assert sheet.rows.to_numpy().tolist()[:2] == [
        ["001", "2024-05-10T08:30:00", 1.234, "1"],
        ["002", "2024-05-10", 600.0, None],
    ]
    assert sheet.first_line == 3


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"PK\x03\x04 nonsense", "cannot be read as a workbook|pip install"),
        ("a.sav", b"$FL2 nonsense", "cannot be read|pip install"),
        ("a.csv", b"a,b\n1,2,3\n", "Row 2 of 'a.csv' has more cells"),
        ("a.csv", b"a,a\n1,2\n", "has column 'a' twice"),
        ("a.csv", b'a,b\n"1,2\n', "never closed"),
        ("a.csv", b"a\0b\xff", "is no text"),
        ("a.pdf", b"", "Allowed endings"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SchemaError, match=said):
        read_sheets(tmp_path / name)


def test_a_folder_without_a_spreadsheet_and_no_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="holds no spreadsheet"):
        read_sheets(tmp_path)
    with pytest.raises(SchemaError, match="does not exist"):
        read_sheets(tmp_path / "a.csv")


@given(st.binary(max_size=200))
def test_whatever_is_sent_is_read_or_refused(sent: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(sent)
        try:
            read_sheets(path)
        except SchemaError:
            return
