"""Which of the recorded and listed infusions is hour 0."""

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.infusion_choice import Chosen, choose_infusions
from riskmodel.cohort.vocabulary.infusions import same_infusion_days


def records(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["patient_id", "infusion_time", "product"])


def chosen(found: pd.DataFrame, listed: pd.DataFrame | None = None) -> Chosen:
    return choose_infusions(found, listed, Rejections())


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
