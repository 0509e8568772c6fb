"""Files: complete or not at all, whatever happens while they are written."""

import pandas as pd
import pytest

from riskmodel.errors import SchemaError
from riskmodel.files import (
    check_output_folder,
    read_toml,
    replacing,
    table_format,
    write_table,
    write_text,
)


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_is_replaced_whole(tmp_path):
    path = tmp_path / "model"
    path.mkdir()
    (path / "old.json").write_text("1")
    with replacing(path) as temporary:
        temporary.mkdir()
        (temporary / "new.json").write_text("2")
    assert [p.name for p in path.iterdir()] == ["new.json"]
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_the_ending_chooses_the_form(tmp_path):
    frame = pd.DataFrame({"a": [1.5, None]})
    for name in ("t.csv", "t.PARQUET"):
        write_table(frame, tmp_path / name)
    assert pd.read_csv(tmp_path / "t.csv").equals(frame)
    assert pd.read_parquet(tmp_path / "t.PARQUET").equals(frame)
    with pytest.raises(SchemaError, match="Allowed endings"):
        table_format(tmp_path / "t.xlsx")


def test_toml_that_cannot_be_read_is_one_sentence(tmp_path):
    with pytest.raises(SchemaError, match="does not exist"):
        read_toml(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SchemaError, match="is not valid TOML"):
        read_toml(tmp_path / "bad.toml")


def test_a_folder_of_another_kind_is_left_as_it_is(tmp_path):
    other = tmp_path / "thesis"
    other.mkdir()
    check_output_folder(other, "model.json")
    (other / "chapter.txt").write_text("1")
    with pytest.raises(SchemaError, match=r"holds no model\.json\. It was left as it is"):
        check_output_folder(other, "model.json")
    (other / "model.json").write_text("{}")
    check_output_folder(other, "model.json")
    with pytest.raises(SchemaError, match=r"chapter\.txt' is a file, not a folder"):
        check_output_folder(other / "chapter.txt" / "below", "model.json")


def test_a_text_replaces_an_older_one_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    write_text(path, "néu\n")
    assert path.read_bytes() == "néu\n".encode()
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_text(encoding="utf-8") == "néu\n"
    assert list(tmp_path.iterdir()) == [path]
