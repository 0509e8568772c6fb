"""Which files of a study are read, and what damaged ones say."""

from pathlib import Path

import pytest

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.sdtm.files import domain_files, domain_rows
from riskmodel.errors import SchemaError


def test_parts_of_a_domain_and_what_is_left(tmp_path: Path) -> None:
    for name in ("dm.xpt", "LBCH.xpt", "lbhe.xpt", "relrec.xpt", "define.xml", "ex.csv"):
        (tmp_path / name).write_text("x")
    (tmp_path / "old").mkdir()
    found, unread = domain_files(tmp_path)
    assert {domain: [p.name for p in paths] for domain, paths in found.items()} == {
        "DM": ["dm.xpt"],
        "EX": ["ex.csv"],
        "LB": ["LBCH.xpt", "lbhe.xpt"],
        "RELREC": ["relrec.xpt"],
    }
    assert {path.name for path in unread} == {"define.xml"}


def test_one_dataset_in_two_forms_is_one(tmp_path: Path) -> None:
    for name in ("dm.xpt", "dm.csv"):
        (tmp_path / name).write_text("x")
    found, unread = domain_files(tmp_path)
    assert [path.name for path in found["DM"]] == ["dm.xpt"]
    assert [path.name for path in unread] == ["dm.csv"]


def test_columns_are_read_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "dm.csv").write_text("usubjid, sex\nA,F\n")
    ((_, part),) = [(p, f) for p, f in domain_rows([tmp_path / "dm.csv"], Rejections()) if len(f)]
    assert list(part) == ["USUBJID", "SEX"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"columns": 3}', '{"columns": [], "rows": [[1]]}', "{}",
     '{"clinicalData": {"itemGroupData": {}}}', '{"columns": [{}], "rows": []}'],
)  # fmt: skip
def test_damaged_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dm.json"
    path.write_text(text)
    with pytest.raises(SchemaError, match="Dataset-JSON"):
        list(domain_rows([path], Rejections()))


def test_dataset_json_of_before(tmp_path: Path) -> None:
    path = tmp_path / "dm.json"
    path.write_text(
        '{"clinicalData": {"itemGroupData": {"IG.DM": {"items": [{"name": "USUBJID"}], '
        '"itemData": [["A"]]}}}}'
    )
    ((_, part),) = domain_rows([path], Rejections())
    assert part["USUBJID"].tolist() == ["A"]
