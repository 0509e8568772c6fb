"""The tables of a cohort as Spark reads them."""

import pandas as pd
import pytest

from riskmodel.errors import SchemaError
from riskmodel.scoring.spark.tables import (
    ID,
    ROW,
    TABLE,
    evidence_of,
    fingerprint,
    read_table,
    together,
)

pytest.importorskip("pyspark")
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark"),
]


def table_of(session, tmp_path, columns, table="labs", name="cohort"):
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    pd.DataFrame(columns).to_parquet(folder / f"{table}.parquet", index=False)
    return read_table(session, str(folder), table)


def labs(**changes):
    return {"patient_id": ["A", "B"], "time": [1.0, 2.0], "analyte": "ferritin",
            "value": ["1", "2"], **changes}  # fmt: skip


def test_a_row_knows_its_place_in_the_file(session, tmp_path):
    rows = read_rows = table_of(session, tmp_path, labs()).toPandas()
    assert rows[ROW].tolist() == [0, 1]
    assert read_rows["patient_id"].tolist() == ["A", "B"]


def test_a_column_that_is_missing_is_named(session, tmp_path):
    columns = labs()
    del columns["value"]
    with pytest.raises(SchemaError, match="no column 'value'"):
        table_of(session, tmp_path, columns)
    with pytest.raises(SchemaError, match=r"Spark cannot read '.*events\.parquet'"):
        read_table(session, str(tmp_path), "events")


def test_a_fingerprint_forgets_the_order_of_rows_and_columns_and_nothing_else(session, tmp_path):
    one = fingerprint(table_of(session, tmp_path, labs()), "labs")
    assert one["rows"] == 2
    turned = {name: [v, v] if isinstance(v, str) else v[::-1] for name, v in labs().items()}
    turned = dict(reversed(turned.items()))
    assert fingerprint(table_of(session, tmp_path, turned, name="turned"), "labs") == one
    other = fingerprint(table_of(session, tmp_path, labs(value=["1", "3"]), name="other"), "labs")
    assert other != one
    none = {name: pd.Series([], dtype="str") for name in labs()}
    assert fingerprint(table_of(session, tmp_path, none, name="none"), "labs") == {
        "rows": 0, "xxhash64_sum": "0"
    }  # fmt: skip


def test_an_identifier_in_lists_is_refused(session, tmp_path):
    frame = table_of(session, tmp_path, labs(patient_id=[["A"], ["B"]]))
    with pytest.raises(SchemaError, match="of type array<string>"):
        fingerprint(frame, "labs")


@pytest.mark.parametrize(
    ("ids", "texts", "why"),
    [
        ([1042.0, 7.5], ["1042", "7.5"], "a whole number of a float column"),
        ([1042, 7], ["1042", "7"], "whole numbers"),
        ([" A ", "\tB"], ["A", "B"], "spaces around it"),
        (["0042", "42"], ["0042", "42"], "texts stay two patients"),
        ([None, "B"], [None, "B"], "nobody"),
    ],
)
def test_one_patient_has_one_text_in_every_table(session, tmp_path, ids, texts, why):
    rows = together({"labs": table_of(session, tmp_path, labs(patient_id=ids))}).toPandas()
    found = rows.sort_values(f"labs__{ROW}")[ID].astype(object)
    assert found.where(found.notna(), None).tolist() == texts, why


def test_tables_under_one_another_keep_their_own_columns(session, tmp_path):
    events = {"patient_id": ["A"], "time": [5.0], "event": ["fever"]}
    whole = together(
        {
            "labs": table_of(session, tmp_path, labs()),
            "events": table_of(session, tmp_path, events, "events"),
        }
    ).toPandas()
    assert whole[TABLE].value_counts().to_dict() == {"labs": 2, "events": 1}
    assert whole.loc[whole[TABLE] == "events", "labs__value"].isna().all()
    assert whole.loc[whole[TABLE] == "labs", "labs__value"].tolist() == ["1", "2"]


def test_one_cell_anywhere_tells_how_its_column_is_written(session, tmp_path):
    plain = evidence_of({"labs": table_of(session, tmp_path, labs())})
    comma = evidence_of({"labs": table_of(session, tmp_path, labs(value=["1", "12,75"]))})
    assert comma.notation() != plain.notation()
    numbers = evidence_of({"labs": table_of(session, tmp_path, labs(value=[1.0, 2.0]))})
    assert numbers.notation() == plain.notation()
