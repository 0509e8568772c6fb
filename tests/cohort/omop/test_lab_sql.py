"""When a measurement was taken, by the three columns that may say so."""

import duckdb
import pytest

from riskmodel.cohort.omop.lab_sql import time_sql

NAMES = ("measurement_datetime", "measurement_date", "measurement_time")


@pytest.mark.parametrize(
    ("cells", "time"),
    [
        (("2020-06-02 10:00:00", "2020-06-02", ""), "2020-06-02 10:00:00"),
        (("", "2020-06-02", ""), "2020-06-02"),
        (("", "2020-06-02", "8:05"), "2020-06-02T08:05"),
        (("2020-06-02 00:00:00", "2020-06-02", "08:05:00"), "2020-06-02T08:05:00"),
        (("2020-06-02T00:00:00+02:00", "", "08:05"), "2020-06-02T08:05+02:00"),
        (("2020-06-02 10:00:00", "2020-06-02", "08:05"), "2020-06-02 10:00:00"),
        (("2020-06-02 00:00:00", "2020-06-02", "noon"), "2020-06-02 00:00:00"),
        (("", "", "08:05"), None),
    ],
)
def test_the_time_of_a_measurement(cells: tuple[str, ...], time: str | None) -> None:
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE m ({', '.join(f'{name} VARCHAR' for name in NAMES)})")
    connection.execute("INSERT INTO m VALUES (?, ?, ?)", list(cells))
    asked = time_sql(NAMES, dict.fromkeys(NAMES, "VARCHAR"))
    assert connection.execute(f"SELECT {asked} FROM m").fetchall() == [(time,)]
