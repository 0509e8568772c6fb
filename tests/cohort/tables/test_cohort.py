"""The cohort in memory: of frames as of a folder, parts of it, and what happened."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.utils import indexable

from riskmodel.cohort import Cohort, cohort_of, read_cohort
from riskmodel.errors import SchemaError


@pytest.fixture
def cohort() -> Cohort:
    people = [{"patient_id": who} for who in ("A", "B", "C")]
    labs = [
        {
            "patient_id": who,
            "hours_from_infusion": at,
            "analyte": "crp",
            "value": k,
            "unit": "mg/L",
        }
        for k, (who, at) in enumerate([("A", -5), ("B", 10), ("C", 30), ("B", 50)], start=1)
    ]
    events = [
        {"patient_id": "B", "event": "crs", "hours_from_infusion": 20, "grade": 2},
        {"patient_id": "B", "event": "crs", "hours_from_infusion": 40, "grade": 0},
        {"patient_id": "C", "event": "fever", "hours_from_infusion": 5},
    ]
    return cohort_of(people, labs, events)


def test_patients_are_taken_in_the_order_asked(cohort: Cohort) -> None:
    part = cohort.take(np.array([2, 1]))
    assert part.patient_id.tolist() == ["C", "B"]
    assert part.labs[["patient", "value"]].to_numpy().tolist() == [[0, 3], [1, 2], [1, 4]]
    assert part.events["patient"].tolist() == [0, 1, 1]


def test_records_up_to_a_time_are_closed_at_it(cohort: Cohort) -> None:
    assert cohort.until(30.0).labs["value"].tolist() == [1, 2, 3]
    assert cohort.until(29.9).labs["value"].tolist() == [1, 2]


def test_an_end_is_no_event_that_happened(cohort: Cohort) -> None:
    assert len(cohort.events) == 3
    assert cohort.happened["grade"].fillna(-1).tolist() == [2, -1]


TABLES = ("patients", "labs", "events")


@pytest.fixture(scope="module")
def as_text(simulated: Path) -> dict[str, pd.DataFrame]:
    """Tables as a person has them from `read_csv`, all text."""
    tables = {}
    for name in TABLES:
        csv, parquet = simulated / f"{name}.csv", simulated / f"{name}.parquet"
        found = pd.read_csv(csv, dtype="str") if csv.is_file() else pd.read_parquet(parquet)
        tables[name] = found
    return tables


def same(found: Cohort, expected: Cohort) -> None:
    for name in (*TABLES, "rejected"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name))
    assert found.notes == expected.notes


FORMS = {
    "text": lambda frame: frame,
    "numbers where pandas sees them": lambda frame: frame.apply(_numeric),
    "reversed columns, index of its own": lambda frame: frame[frame.columns[::-1]].set_axis(
        np.arange(len(frame))[::-1] * 7
    ),
    "categories": lambda frame: frame.astype("category"),
    "objects": lambda frame: frame.astype(object),
    "headings in capitals": lambda frame: frame.rename(columns=str.upper),
    "polars": lambda frame: pl.from_pandas(frame),
    "arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "arrow behind pandas": lambda frame: frame.astype("string[pyarrow]"),
}


def _numeric(column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if numbers.notna().equals(column.notna()) else column


@pytest.mark.parametrize("form", FORMS)
def test_frames_are_read_as_the_folder_is(
    form: str, as_text: dict[str, pd.DataFrame], simulated: Path
) -> None:
    given = {name: FORMS[form](frame) for name, frame in as_text.items()}
    before = {name: str(frame) for name, frame in given.items()}
    same(Cohort.from_frames(**given), read_cohort(simulated))
    assert {name: str(frame) for name, frame in given.items()} == before


def test_decimal_commas_are_stated_or_told_by_the_table() -> None:
    people = pd.DataFrame({"patient_id": ["A"], "age_years": ["63"]})
    labs = pd.DataFrame(
        {
            "patient_id": ["A"],
            "hours_from_infusion": ["-5"],
            "analyte": ["ferritin"],
            "value": ["1.234"],
            "unit": ["ng/mL"],
        }
    )
    assert Cohort.from_frames(people, labs, decimal=",").labs["value"].tolist() == [1234]
    assert Cohort.from_frames(people, labs, thousands=",").labs["value"].tolist() == [1.234]


def test_nobody_is_no_cohort() -> None:
    with pytest.raises(SchemaError, match="no rows"):
        Cohort.from_frames(pd.DataFrame({"patient_id": []}))


def test_rows_are_taken_as_from_an_array(cohort: Cohort) -> None:
    assert cohort.shape == (3,)
    assert cohort[1:].patient_id.tolist() == ["B", "C"]
    assert cohort[[2, 0]].patient_id.tolist() == ["C", "A"]
    assert cohort[np.array([True, False, True])].patient_id.tolist() == ["A", "C"]
    assert cohort[-1].patient_id.tolist() == ["C"]
    assert len(cohort[[]]) == 0
    assert indexable(cohort)[0] is cohort
    with pytest.raises(IndexError):
        cohort[3]


def test_its_short_form_tells_no_value(cohort: Cohort) -> None:
    shown = repr(cohort)
    assert shown == "<Cohort 'request': 3 patients, 4 lab results, 3 events, nothing rejected>"
