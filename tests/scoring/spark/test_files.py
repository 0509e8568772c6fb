"""Folders of an output: the earlier one stays until the new one is whole, and others' stay."""

import pytest

from riskmodel.errors import SchemaError
from riskmodel.scoring.spark.files import check_folders, remove, replace_folders, write_text

pytest.importorskip("pyspark")
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark"),
]


def folder(path, *names):
    path.mkdir()
    for name in names:
        (path / name).write_text(name)
    return str(path)


def test_only_what_spark_wrote_may_be_replaced(session, tmp_path):
    mine = folder(tmp_path / "mine", "letter.txt")
    spark = folder(tmp_path / "spark", "_SUCCESS", "part-0")
    check_folders(session, [spark, str(tmp_path / "absent")])
    with pytest.raises(SchemaError, match=r"'.*mine' exists and was not written by Spark"):
        check_folders(session, [spark, mine])
    assert (tmp_path / "mine" / "letter.txt").read_text() == "letter.txt"


def test_a_whole_folder_takes_the_place_of_the_earlier(session, tmp_path):
    new = folder(tmp_path / "out.partial", "_SUCCESS", "new")
    folder(tmp_path / "out", "_SUCCESS", "old")
    folder(tmp_path / "out.old", "older")
    replace_folders(session, {new: str(tmp_path / "out")})
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith(".")) == ["out"]
    assert {p.name for p in (tmp_path / "out").iterdir()} >= {"_SUCCESS", "new"}
    assert not (tmp_path / "out" / "old").exists()


def test_what_is_not_there_is_refused_and_what_stood_there_can_be_found(session, tmp_path):
    folder(tmp_path / "out", "_SUCCESS", "old")
    with pytest.raises(SchemaError, match="could not be renamed") as refused:
        replace_folders(session, {str(tmp_path / "absent"): str(tmp_path / "out")})
    assert "out.old" in str(refused.value)
    assert (tmp_path / "out.old" / "old").read_text() == "old"


def test_removing_takes_what_is_named_and_nothing_else(session, tmp_path):
    gone, stays = folder(tmp_path / "gone", "a"), folder(tmp_path / "stays", "b")
    remove(session, [gone, str(tmp_path / "absent")])
    assert not (tmp_path / "gone").exists()
    assert (tmp_path / "stays" / "b").exists()
    assert stays


def test_text_is_written_as_it_is(session, tmp_path):
    path = tmp_path / "m.json"
    for text in ('{"risk": "µg \u2265 3"}\n', ""):
        write_text(session, str(path), text)
        assert path.read_text(encoding="utf-8") == text
