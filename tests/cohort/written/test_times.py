"""Times as written: zones, dates and what names no day."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.written.times import (
    TIME_FAULTS,
    age_at,
    at_midnight,
    clocks_of,
    hours_from_infusion,
    parse_times,
    split_zone,
    with_zone,
    zones_of,
)


def one(text: str) -> tuple[str, bool, bool]:
    instant, zoned, date_only = parse_times(pd.Series([text], dtype="str"))
    return str(instant[0]), bool(zoned[0]), bool(date_only[0])


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-05-10 11:00:00+02", "2024-05-10T09:00:00.000000"),
        ("2024-05-10 11:00:00+0200", "2024-05-10T09:00:00.000000"),
        ("2024-05-10T11:00:00+02:00", "2024-05-10T09:00:00.000000"),
        ("2024-05-10 11:00:00.123456+05:30", "2024-05-10T05:30:00.123456"),
        ("2024-05-10T11:00Z", "2024-05-10T11:00:00.000000"),
        ("2024-05-10 11:00:00 UTC", "2024-05-10T11:00:00.000000"),
        ("2024-05-10 11:00:00 -05", "2024-05-10T16:00:00.000000"),
        ("2024-05-10+02:00", "2024-05-09T22:00:00.000000"),
    ],
)
def test_every_form_of_a_zone_is_one(text, utc):
    assert one(text)[:2] == (utc, True)


@pytest.mark.parametrize(
    "text",
    ["2024-05", "2024", "202405", "05/2024", "2024-13-01", "2024-02-30", "45424", "45424.25",
     "12.05.2024", "5/12/2024 6:00", "soon", "########", "2024-W19-5", "2024-05-10 25:00"],
)  # fmt: skip
def test_what_names_no_day_is_no_time(text):
    assert one(text)[0] == "NaT"


@pytest.mark.parametrize("text", ["2024-05-10", "20240510", "2024/05/10", "2024-5-10", "2024/5/10"])
def test_a_date_is_a_date(text):
    assert one(text) == ("2024-05-10T00:00:00.000000", False, True)


@pytest.mark.parametrize("text", ["2024-05-10T08:05", "2024-05-10 08:05:00", "2024/5/10 8:05"])
def test_a_time_of_day_is_none(text):
    assert one(text) == ("2024-05-10T08:05:00.000000", False, False)


def test_timestamps_of_parquet_are_taken_as_they_are():
    times = pd.Series(pd.to_datetime(["2024-05-10 08:00", None]))
    instant, zoned, _ = parse_times(times)
    assert str(instant[0]).startswith("2024-05-10T08:00")
    assert not zoned.any()
    instant, zoned, _ = parse_times(times.dt.tz_localize("Europe/Berlin"))
    assert str(instant[0]).startswith("2024-05-10T06:00")
    assert zoned.tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "midnight", "clock"),
    [
        ("2024-05-10T00:00", True, True),
        ("2024-05-10 00:00:00.000", True, True),
        ("2024-05-10T00:00:00+02:00", True, True),
        ("2024-05-10T00:01", False, True),
        ("2024-05-10", False, False),
        ("", False, False),
    ],
)
def test_midnights(text, midnight, clock):
    column = pd.Series([text], dtype="str")
    assert at_midnight(column)[0] == midnight
    assert clocks_of(column) == ({"midnight"} if midnight else {"clock"} if clock else set())


def aligned(time: str, infusion: str, **given):
    start, zoned, _ = parse_times(pd.Series([infusion], dtype="str"))
    table = pd.DataFrame({"time": pd.Series([time], dtype="str")})
    return hours_from_infusion(table, np.array([0]), start, zoned, np.array([60.0]), **given)


def test_a_date_on_the_day_of_the_infusion_is_neither_before_nor_after():
    found = aligned("2024-05-10", "2024-05-10T10:00")
    assert found.infusion_day[0]
    assert found.midday[0] == 7.0
    assert not aligned("2024-05-11", "2024-05-10T10:00").infusion_day[0]
    assert not aligned("2024-05-09", "2024-05-10T10:00").infusion_day[0]
    assert not aligned("2024-05-10T00:00", "2024-05-10T10:00").infusion_day[0]
    told = aligned("2024-05-10T00:00", "2024-05-10T10:00", midnights_are_dates=True)
    assert told.infusion_day[0]
    zoned = aligned("2024-05-10+02:00", "2024-05-10T10:00+02:00")
    assert zoned.infusion_day[0]


def test_a_zone_on_one_side_only_is_refused():
    found = aligned("2024-05-10 11:00:00+02", "2024-05-10 10:00:00")
    assert TIME_FAULTS[found.fault[0] - 1] == "time_zone_mismatch"
    assert aligned("2024-04-02 10:00:00+02", "2024-03-29 10:00:00+01").hours[0] == 95


@given(st.integers(-14, 14), st.sampled_from(["", ":00", "00"]), st.integers(0, 23))
def test_an_offset_moves_the_instant(offset, minutes, hour):
    text = f"2024-05-10 {hour:02}:00:00{offset:+03}{minutes}"
    local, zone = split_zone(text)
    assert zone == f"{offset:+03}{minutes}"
    found, zoned, _ = parse_times(pd.Series([text], dtype="str"))
    assert zoned[0]
    assert found[0] == np.datetime64(local.replace(" ", "T")) - np.timedelta64(offset, "h")
    assert zones_of(pd.Series([text], dtype="str"))["local"].iloc[0] == pd.Timestamp(local)


def test_zones_are_given_and_taken():
    assert with_zone("2024-05-01", "Z") == "2024-05-01Z"
    assert with_zone("2024-05-01 08:00", "") == "2024-05-01 08:00"
    assert split_zone("2024-05-01") == ("2024-05-01", "")


def test_no_birth_is_no_age():
    assert np.isnan(age_at("", "2024-01-01"))


@pytest.mark.parametrize("clock", ["24:00", "24:00:00", "24:00:00.000"])
def test_twenty_four_hours_are_the_midnight_that_ends_the_day(clock):
    found = parse_times(pd.Series([f"2024-02-29T{clock}", f"2024-02-29 {clock}Z"], dtype="str"))
    assert (found[0] == np.datetime64("2024-03-01")).all()
    assert found[1].tolist() == [False, True]
    assert not found[2].any()


@pytest.mark.parametrize("text", ["2024-05-01T24:01", "2024-02-30T24:00", "9999-12-31T24:00"])
def test_no_other_time_past_the_day_is_read(text):
    assert np.isnat(parse_times(pd.Series([text], dtype="str"))[0][0])
