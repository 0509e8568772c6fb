"""The leakage law: no record after the prediction time changes a feature, by whatever door.

Each property draws what is known at the prediction time and two different futures; going from one
future to the other adds, deletes and moves records. The planted leaks show that it can fail.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from pandas.testing import assert_frame_equal

from riskmodel.cohort import Cohort, read_cohort, read_fhir, read_meds, read_omop
from riskmodel.cohort.schema import EVENT_NAMES
from riskmodel.features import Catalogue, load_catalogue, matrices, matrix
from riskmodel.features.builders.registry import BUILDERS, Builder
from riskmodel.features.feature import Window

CATALOGUE = load_catalogue()
Lab = tuple[int, float, str, float, int]
Event = tuple[int, float, str, float, str]
Rows = tuple[list[Lab], list[Event]]
COLUMNS = {"target_antigen": ["CD19", "BCMA"], "disease": ["LBCL", "MM"]}
READ = sorted({f.of for f in CATALOGUE if f.builder in BUILDERS and f.stage == "early" and f.of})
ANALYTES = [name for name in READ if name not in EVENT_NAMES] + ["albumin", "alc", "nk_cells"]
VALUES = st.floats(0.05, 5e4).map(lambda x: float(f"{x:.4g}"))
SIGNS = st.sampled_from([-2, 0, 0, 0, 2])


def rows_between(low: float, high: float) -> st.SearchStrategy[Rows]:
    """Labs and events of two patients at whole minutes from low to high, both ends often."""
    minutes = st.integers(round(low * 60), round(high * 60)).map(lambda m: m / 60)
    hours = st.one_of(st.sampled_from([low, high]), minutes)
    labs = st.tuples(st.integers(0, 1), hours, st.sampled_from(ANALYTES), VALUES, SIGNS)
    grades = st.sampled_from([1.0, 2.0, 4.0])
    words = st.sampled_from(["", "yes", "no"])
    names = st.sampled_from(sorted(EVENT_NAMES))
    events = st.tuples(st.integers(0, 1), hours, names, grades, words)
    return st.tuples(st.lists(labs, max_size=40), st.lists(events, max_size=12))


@st.composite
def known_and_futures(draw: Any, days: Sequence[int] = range(14)) -> tuple[float, Rows, Rows, Rows]:
    """A prediction time, what is known by then, and two futures."""
    now = 24.0 * draw(st.sampled_from(list(days)))
    future = rows_between(now + 1 / 60, 700.0)
    return now, draw(rows_between(-800.0, now)), draw(future), draw(future)


def together(known: Rows, future: Rows) -> Rows:
    return known[0] + future[0], known[1] + future[1]


def at_stage(now: float, catalogue: Catalogue = CATALOGUE) -> Catalogue:
    return catalogue.stage("early" if now > 0 else "pre_infusion")


@given(drawn=known_and_futures())
@settings(max_examples=25)
def test_no_future_changes_any_feature(make_cohort, drawn):
    now, known, one, other = drawn
    used = at_stage(now)
    alone = matrix(make_cohort(*known, **COLUMNS), used, now)
    for future in (one, other):
        cohort = make_cohort(*together(known, future), **COLUMNS)
        assert_frame_equal(matrix(cohort, used, now), alone, check_exact=True)


@given(known=rows_between(-800.0, 700.0), first=st.integers(1, 12))
@settings(max_examples=8)
def test_later_landmarks_of_the_same_pass_change_no_earlier_one(make_cohort, known, first):
    """Each landmark of one pass, as if no record after it had been written down."""
    landmarks = [24.0 * first, 24.0 * first + 24.0, 312.0]
    found = matrices(make_cohort(*known, **COLUMNS), CATALOGUE, landmarks)
    for frame, now in zip(found, landmarks, strict=True):
        past = tuple([row for row in rows if row[1] <= now] for rows in known)
        alone = matrix(make_cohort(*past, **COLUMNS), CATALOGUE, now)
        assert_frame_equal(frame, alone, check_exact=True)


# The doors: the same records written as each reader's source.

ZERO = datetime(2024, 5, 10, 10)
LOINC = {"ferritin": ("2276-4", "ng/mL"), "crp": ("1988-5", "mg/L"), "platelets": ("777-3", "K/uL")}
DRUGS = ("tocilizumab", "anakinra", "dexamethasone")
COMPARATOR = {-2: "<", 0: "", 2: ">"}
DoorRows = tuple[list[Lab], list[tuple[int, float, str]], float | None]


def clock(hours: float) -> datetime:
    return ZERO + timedelta(minutes=round(hours * 60))


def door_rows(low: float, high: float, deaths: bool) -> st.SearchStrategy[DoorRows]:
    """Labs, drugs and perhaps the death of two patients."""
    hours = st.integers(round(low * 60), round(high * 60)).map(lambda m: m / 60)
    labs = st.tuples(st.integers(0, 1), hours, st.sampled_from(sorted(LOINC)), VALUES, SIGNS)
    drugs = st.tuples(st.integers(0, 1), hours, st.sampled_from(DRUGS))
    death = st.one_of(st.none(), hours) if deaths else st.none()
    return st.tuples(st.lists(labs, max_size=15), st.lists(drugs, max_size=5), death)


def to_tables(folder: Path, rows: DoorRows) -> Cohort:
    labs, drugs, death = rows
    (folder / "patients.csv").write_text(f"patient_id,infusion_time\n0,{ZERO}\n1,{ZERO}\n")
    lab_lines = [f"{p},{clock(t)},{a},{COMPARATOR[c]}{v},{LOINC[a][1]}" for p, t, a, v, c in labs]
    (folder / "labs.csv").write_text(
        "\n".join(["patient_id,time,analyte,value,unit", *lab_lines]) + "\n"
    )
    known = {"dexamethasone": "corticosteroid"}
    event_lines = [f"{p},{clock(t)},{known.get(drug, drug)}" for p, t, drug in drugs]
    event_lines += [f"0,{clock(death)},death"] if death is not None else []
    (folder / "events.csv").write_text("\n".join(["patient_id,time,event", *event_lines]) + "\n")
    return read_cohort(folder)


def to_fhir(folder: Path, rows: DoorRows) -> Cohort:
    labs, drugs, death = rows

    def at(hours: float) -> str:
        return clock(hours).isoformat() + "Z"

    found: list[dict[str, Any]] = []
    for patient in (0, 1):
        person: dict[str, Any] = {"resourceType": "Patient", "id": str(patient)}
        if death is not None and patient == 0:
            person["deceasedDateTime"] = at(death)
        product = {"system": "http://hl7.org/fhir/sid/icd-10-pcs", "code": "XW033C3"}
        infusion = {"resourceType": "Procedure", "id": f"i{patient}", "status": "completed",
                    "code": {"coding": [product]}, "performedDateTime": at(0),
                    "subject": {"reference": f"Patient/{patient}"}}  # fmt: skip
        found += [person, infusion]
    for k, (patient, hours, analyte, value, sign) in enumerate(labs):
        quantity: dict[str, Any] = {"value": value, "unit": LOINC[analyte][1]}
        if sign:
            quantity["comparator"] = COMPARATOR[sign]
        code = {"coding": [{"system": "http://loinc.org", "code": LOINC[analyte][0]}]}
        found.append({"resourceType": "Observation", "id": f"o{k}", "status": "final",
                      "code": code, "subject": {"reference": f"Patient/{patient}"},
                      "effectiveDateTime": at(hours), "valueQuantity": quantity})  # fmt: skip
    for k, (patient, hours, drug) in enumerate(drugs):
        found.append({"resourceType": "MedicationAdministration", "id": f"m{k}",
                      "status": "completed", "medicationCodeableConcept": {"text": drug},
                      "subject": {"reference": f"Patient/{patient}"},
                      "effectiveDateTime": at(hours)})  # fmt: skip
    path = folder / "records.ndjson"
    path.write_text("\n".join(map(json.dumps, found)) + "\n")
    return read_fhir(path)


def to_meds(folder: Path, rows: DoorRows) -> Cohort:
    labs, drugs, death = rows
    found: list[tuple[Any, ...]] = [
        (patient, ZERO, "PROCEDURE//ICD10PCS//XW033C3", None, None) for patient in (0, 1)
    ]
    for patient, hours, analyte, value, sign in labs:
        code = "//".join(["LOINC", *LOINC[analyte]])
        text = f"{COMPARATOR[sign]}{value}"
        found.append((patient, clock(hours), code, None if sign else value, text))
    found += [(p, clock(t), f"MEDICATION//{drug}", None, None) for p, t, drug in drugs]
    found += [(0, clock(death), "MEDS_DEATH", None, None)] if death is not None else []
    names = ["subject_id", "time", "code", "numeric_value", "text_value"]
    kinds = [pa.int64(), pa.timestamp("us"), pa.string(), pa.float32(), pa.large_string()]
    found.sort(key=lambda row: row[:2])
    columns = zip(*found, strict=True)
    arrays = [pa.array(list(column), kind) for column, kind in zip(columns, kinds, strict=True)]
    (folder / "data").mkdir()
    pq.write_table(pa.table(arrays, names=names), folder / "data" / "0.parquet")
    return read_meds(folder)


def to_omop(folder: Path, rows: DoorRows) -> Cohort:
    labs, drugs, death = rows
    measurement = [
        (k, p, 0, clock(t), "" if c else v, f"{COMPARATOR[c]}{v}", LOINC[a][1], LOINC[a][0])
        for k, (p, t, a, v, c) in enumerate(labs)
    ]
    tables: dict[str, tuple[str, Sequence[tuple[Any, ...]]]] = {
        "person": ("person_id,gender_concept_id,year_of_birth", [(0, 0, 1960), (1, 0, 1960)]),
        "procedure_occurrence": (
            "person_id,procedure_concept_id,procedure_datetime,procedure_source_value",
            [(patient, 0, ZERO, "XW033C3") for patient in (0, 1)],
        ),
        "measurement": (
            "measurement_id,person_id,measurement_concept_id,measurement_datetime,"
            "value_as_number,value_source_value,unit_source_value,measurement_source_value",
            measurement,
        ),
        "drug_exposure": (
            "person_id,drug_concept_id,drug_exposure_start_datetime,drug_source_value",
            [(p, 0, clock(t), drug) for p, t, drug in drugs],
        ),
        "death": (
            "person_id,death_datetime",
            [] if death is None else [(0, clock(death))],
        ),
    }
    for name, (header, lines) in tables.items():
        text = "\n".join([header, *(",".join(map(str, line)) for line in lines)])
        (folder / f"{name}.csv").write_text(text + "\n")
    return read_omop(str(folder))


DOORS: dict[str, Callable[[Path, DoorRows], Cohort]] = {
    "tables": to_tables,
    "fhir": to_fhir,
    "meds": to_meds,
    "omop": to_omop,
}


@st.composite
def door_futures(draw: Any) -> tuple[float, DoorRows, DoorRows, DoorRows]:
    now = 24.0 * draw(st.sampled_from([0, 1, 3, 7, 13]))
    future = door_rows(now + 1 / 60, 700.0, deaths=True)
    return now, draw(door_rows(-400.0, now, deaths=False)), draw(future), draw(future)


@pytest.mark.parametrize("door", DOORS)
@given(drawn=door_futures())
@settings(max_examples=6)
def test_no_future_changes_any_feature_at_any_door(door, drawn, tmp_path_factory):
    now, known, one, other = drawn
    used = at_stage(now)
    frames = []
    for future in (([], [], None), one, other):
        rows = (known[0] + future[0], known[1] + future[1], future[2])
        cohort = DOORS[door](tmp_path_factory.mktemp(door), rows)
        frames.append(matrix(cohort, used, now))
    for frame in frames[1:]:
        assert_frame_equal(frame, frames[0], check_exact=True)


def test_every_door_lets_the_records_in(tmp_path):
    """Without it the property above would hold for empty cohorts."""
    labs = [
        (0, -1.0, "crp", 8.0, 0),
        (1, 30.0, "ferritin", 900.0, 2),
        (1, 6.5, "platelets", 9.5, 0),
    ]
    rows: DoorRows = (labs, [(0, 5.0, "tocilizumab"), (1, 7.0, "dexamethasone")], 90.0)
    names = ["crp_baseline_log10", "ferritin_last_log10", "tocilizumab_given",
             "corticosteroid_given", "ferritin_above_limit", "platelets_draws"]  # fmt: skip
    for door, read in DOORS.items():
        folder = tmp_path / door
        folder.mkdir()
        cohort = read(folder, rows)
        found = matrix(cohort, CATALOGUE.select(names), 48.0)[names].to_numpy()
        expected = [
            [np.log10(8.0), np.nan, 1, 0, np.nan, 0],
            [np.nan, np.log10(900.0), 0, 1, 1, 1],
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-6, err_msg=door)
        assert "death" in cohort.events["event"].tolist(), door


# Planted leaks: the property must find each of them.


def whole_course(records, feature, prediction_time):
    return records.draws(feature.of).last(records.patients)


def any_event(records, feature, prediction_time):
    return np.bincount(records.events(feature.of).patient, minlength=records.patients) * 1.0


def signs_of_the_end(records, feature, prediction_time):
    states = records.signs.at(1e6)[list(feature.parameters["signs"])].to_numpy()
    return (states == 1).sum(axis=1) * 1.0


def no_cap(self: Window, prediction_time: float) -> tuple[float, float]:
    return -np.inf, np.inf


def plant_builder(name: str, leak: Callable[..., Any]) -> Callable[[pytest.MonkeyPatch], None]:
    reads = BUILDERS[name].reads

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setitem(BUILDERS, name, Builder(leak, reads))  # type: ignore[arg-type]

    return plant


LEAKS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "a lab builder that takes the whole course": (
        plant_builder("last_lab", whole_course),
        "ferritin_last_log10",
    ),
    "the compiled pass with windows that do not end": (
        lambda patch: patch.setattr(Window, "bounds", no_cap),
        "ferritin_last_log10",
    ),
    "an event builder that takes the whole course": (
        plant_builder("event_seen", any_event),
        "tocilizumab_given",
    ),
    "signs as they stand at the end": (
        plant_builder("signs_met", signs_of_the_end),
        "cytopenia_signs_met",
    ),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_caught(make_cohort, monkeypatch, leak):
    plant, name = LEAKS[leak]
    plant(monkeypatch)
    leaking = CATALOGUE.select([name])

    @given(drawn=known_and_futures(days=range(1, 14)))
    @settings(
        max_examples=300,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.nested_given, HealthCheck.too_slow],
    )
    def law(drawn):
        now, known, one, _ = drawn
        landmarks = [now, 800.0]  # the pass sets out no result after its last landmark
        alone, _ = matrices(make_cohort(*known, **COLUMNS), leaking, landmarks)
        later, _ = matrices(make_cohort(*together(known, one), **COLUMNS), leaking, landmarks)
        assert_frame_equal(later, alone, check_exact=True)

    with pytest.raises(AssertionError):
        law()


def test_the_law_speaks_of_every_feature_of_the_catalogue():
    """No feature is left out by its stage: the early stage holds them all."""
    assert at_stage(24.0).names == CATALOGUE.names
    assert set(at_stage(0.0).names) < set(CATALOGUE.names)
    assert pd.Index(CATALOGUE.names).is_unique
