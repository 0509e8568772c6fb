"""Which record is an infusion, and which one is hour 0."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.infusion_choice import Chosen, choose_infusions
from riskmodel.cohort.vocabulary.clinical_names import fold_code
from riskmodel.cohort.vocabulary.infusions import infusion_codes, read_infusions, same_infusion_days
from riskmodel.cohort.vocabulary.mapping import CodeMapping, load_mapping
from riskmodel.cohort.vocabulary.products import find_product
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

CODES = infusion_codes(CodeMapping())


def records(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["patient_id", "infusion_time", "product"])


def chosen(found: pd.DataFrame, listed: pd.DataFrame | None = None) -> Chosen:
    return choose_infusions(found, listed, Rejections())


@pytest.mark.parametrize(
    ("code", "text", "product"),
    [
        ("XW033C3", "", ""),
        ("xw0 43c3", "", ""),
        ("ICD10PCS//XW033C3", "", ""),
        ("XW033C3", "Kymriah infusion", "tisagenlecleucel"),
        ("XW043J7", "", "tisagenlecleucel"),
        ("", "Axicabtagene ciloleucel 200 million cells", "axicabtagene ciloleucel"),
        ("XW033C", "", None),
        ("XW033C33", "", None),
        ("", "", None),
        ("99213", "office visit", None),
    ],
)
def test_codes_and_names(code: str, text: str, product: str | None) -> None:
    assert CODES.product_of(code=code, text=text) == product


def test_the_table_names_known_products_once_and_with_a_source(checkout: Path) -> None:
    table = read_toml(checkout / "riskmodel" / "cohort" / "vocabulary" / "infusions.toml")["code"]
    folded = [fold_code(entry["code"]) for entry in table]
    assert len(set(folded)) == len(folded)
    for entry in table:
        assert entry["source"]
        if entry["product"]:
            product = find_product(entry["product"])
            assert product is not None
            assert product.name == entry["product"]


def test_the_first_infusion_is_hour_0_and_later_ones_are_events() -> None:
    found = chosen(
        records(
            ("1", "2020-03-01T10:00", "Yescarta"),
            ("1", "2020-01-01T10:00", ""),
            ("1", "2020-03-02T10:00", "Yescarta"),
        )
    )
    row = found.patients.iloc[0]
    assert row["infusion_time"] == "2020-01-01T10:00"
    assert pd.isna(row["product"])
    assert pd.isna(row["prior_car_t"])
    assert found.events.to_dict("records") == [
        {
            "patient_id": "1",
            "event": "new_cell_therapy",
            "time": "2020-03-01T10:00",
            "value": "Yescarta",
        }
    ]


def test_a_list_goes_before_the_record() -> None:
    found = records(
        ("1", "2020-01-01T10:00", "Kymriah"), ("1", "2020-03-01", ""), ("2", "2020-01-01", "")
    )
    listed = records(("1", "2020-03-01T09:00", "Carvykti"), ("3", "2021-01-01T09:00", ""))
    rejections = Rejections()
    result = choose_infusions(found, listed, rejections)
    assert result.patients["patient_id"].tolist() == ["1", "3"]
    first = result.patients.iloc[0]
    assert (first["infusion_time"], first["product"]) == ("2020-03-01T09:00", "Carvykti")
    assert first["prior_car_t"] == "1"
    assert result.events.empty
    assert rejections.notes["patients with a recorded infusion, not in the list"] == {"patients": 1}


def test_a_list_with_two_infusions_of_a_patient() -> None:
    listed = records(("1", "2020-03-01T09:00", ""), ("1", "2020-06-01T09:00", ""))
    result = chosen(records(), listed)
    assert result.patients["infusion_time"].tolist() == ["2020-03-01T09:00"]
    assert result.events["time"].tolist() == ["2020-06-01T09:00"]


def test_a_time_of_day_goes_before_a_date_of_the_same_day() -> None:
    result = chosen(
        records(
            ("1", "2020-01-01", ""),
            ("1", "2020-01-01 00:00:00", ""),
            ("1", "2020-01-01 14:00:00", "Abecma"),
        )
    )
    row = result.patients.iloc[0]
    assert (row["infusion_time"], row["product"]) == ("2020-01-01 14:00:00", "Abecma")


def test_an_unreadable_time_is_rejected() -> None:
    rejections = Rejections()
    result = choose_infusions(records(("1", "soon", ""), ("2", "2020-01-01", "")), None, rejections)
    assert result.patients["patient_id"].tolist() == ["2"]
    assert rejections.frame()["reason"].tolist() == ["time_unreadable"]
    assert rejections.notes["infusion without a time of day, read as midnight"] == {"patients": 1}


def test_without_a_readable_time_nobody_is_chosen() -> None:
    rejections = Rejections()
    result = choose_infusions(records(("1", "soon", "")), None, rejections)
    assert result.patients.empty
    assert result.events.empty
    assert rejections.frame()["reason"].tolist() == ["time_unreadable"]


@pytest.mark.parametrize(("days", "again"), [(1, 0), (same_infusion_days(), 0), (8, 1)])
def test_split_doses_are_one_infusion(days: int, again: int) -> None:
    later = (pd.Timestamp("2020-01-01 10:00") + pd.Timedelta(days=days)).isoformat()
    result = chosen(records(("1", "2020-01-01T10:00", ""), ("1", later, "")))
    assert len(result.events) == again


@given(
    st.lists(
        st.tuples(st.sampled_from(["1", "2", "10"]), st.integers(0, 400), st.integers(0, 23)),
        min_size=1,
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_order_of_records_changes_nothing(rows: list[tuple[str, int, int]], random) -> None:
    start = pd.Timestamp("2020-01-01")
    made = [
        (who, (start + pd.Timedelta(days=day, hours=hour)).isoformat(), "")
        for who, day, hour in rows
    ]
    shuffled = made.copy()
    random.shuffle(shuffled)
    one, other = chosen(records(*made)), chosen(records(*shuffled))
    pd.testing.assert_frame_equal(one.patients, other.patients)
    pd.testing.assert_frame_equal(one.events, other.events)
    assert len(one.patients) == len({who for who, _, _ in rows})
    assert one.patients["patient_id"].tolist() == sorted({r[0] for r in rows}, key=int)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_list_is_read_and_its_bad_rows_rejected(tmp_path: Path, ending: str) -> None:
    table = pd.DataFrame(
        {
            "patient_id": ["1", None, "2", "3"],
            "infusion_time": ["2020-01-01T10:00", "2020-01-01", "soon", None],
            "ward": "a",
        }
    )
    path = tmp_path / f"list.{ending}"
    table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path)
    rejections = Rejections()
    assert read_infusions(path, rejections)["patient_id"].tolist() == ["1"]
    reasons = sorted(rejections.frame()["reason"])
    assert reasons == ["patient_id_missing", "time_missing", "time_unreadable"]
    assert rejections.notes["unknown columns (not used)"] == {"infusions.ward": 1}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.csv", None, "does not exist"),
        ("x.txt", "patient_id,infusion_time\n", r"\.txt"),
        ("x.csv", "patient,infusion_time\n1,2020-01-01\n", "patient_id"),
        ("x.csv", "patient_id,infusion_time\n", "no usable row"),
        ("x.parquet", "nonsense", "Parquet"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(
    tmp_path: Path, name: str, text: str | None, told: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(SchemaError, match=told):
        read_infusions(tmp_path / name, Rejections())


def test_a_mapping_names_all_its_faults(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[infusion]\ncodes = "X"\nother = []\n[analytes]\nunicorns = ["a"]\n[source]\nx = 1\n'
    )
    with pytest.raises(SchemaError) as error:
        load_mapping(path)
    for part in ("codes", "'other'", "'unicorns'", "'x'"):
        assert part in str(error.value)


def test_a_mapping_adds_codes_and_names(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[infusion]\ncodes = ["OPS 5-936"]\nnames = ["in-house CAR"]\n')
    codes = infusion_codes(load_mapping(path))
    assert codes.product_of(code="ops5-936") == ""
    assert codes.product_of(text="In-House CAR, batch 3") == "in-house CAR"
    assert codes.product_of(code="XW033C3") == ""
