"""Files of spreadsheets as sheets of cells."""

from datetime import date, datetime, timedelta
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
    first.append(["004", None, 0.65, None])
    first["C6"].number_format = "0.0%"
    book.create_sheet("empty")
    old = book.create_sheet("old")
    old.append(["id", "value"])
    old.append(["001", 7])
    old.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    sheet, hidden = read_sheets(tmp_path / "a.xlsx")
    assert sheet.rows.to_numpy().tolist() == [
        ["001", "2024-05-10T08:30:00", 1.234, "yes"],
        ["002", "2024-05-10", 600.0, None],
        ["003", "2024-05-11", None, None],
        ["004", None, "65 %", None],
    ]
    assert sheet.rows.index.tolist() == [3, 4, 5, 6]
    assert "has 1 formulas that were never calculated" in sheet.checks[0]
    assert (sheet.hidden, hidden.hidden) == (False, True)


@pytest.mark.parametrize("year", [1900, 1904])
def test_a_workbook_knows_from_when_its_days_are_counted(tmp_path: Path, year: int) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, to_excel

    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904 if year == 1904 else CALENDAR_WINDOWS_1900
    when = datetime(2024, 5, 10, 12)
    book.active.append(["typed", "number"])
    book.active.append([when, to_excel(when, book.epoch)])
    book.save(tmp_path / "a.xlsx")
    (sheet,) = read_sheets(tmp_path / "a.xlsx")
    assert sheet.rows["typed"].iloc[0] == when.isoformat()
    assert sheet.start + timedelta(days=sheet.rows["number"].iloc[0]) == when


def test_titles_above_the_heading_are_passed_over(tmp_path: Path) -> None:
    text = 'Laboratory of X, May\n\nid;value;note\nP1;1,5;"a; b"\n\nP2;2,5;\n'
    (tmp_path / "a.csv").write_text(text)
    (sheet,) = read_sheets(tmp_path)
    assert sheet.separator == ";"
    assert sheet.rows.to_numpy().tolist() == [["P1", "1,5", "a; b"], ["P2", "2,5", None]]
    assert sheet.rows.index.tolist() == [4, 6]
    assert sheet.notes == ("1 lines above the heading passed over",)


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
