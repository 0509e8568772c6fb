"""A cohort goes to OMOP, FHIR and MEDS and back: results, events and weight come out the same.

The writers below are small and know nothing of the readers: each uses the codes that a hospital's
export would hold.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st
from pandas.testing import assert_frame_equal

from riskmodel.cohort import Cohort, read_cohort, read_fhir, read_meds, read_omop
from riskmodel.cohort.schema import COMPARATORS
from riskmodel.cohort.write import lab_table

START = pd.Timestamp("2024-03-30T10:00:00")
SIGNS = {code: sign for sign, code in COMPARATORS.items()}
OPERATORS = {"<": 4171756, "<=": 4171754, ">=": 4171755, ">": 4172704}
LOINC = {"ferritin": "2276-4", "crp": "1988-5", "platelets": "777-3"}
DRUGS = {
    "tocilizumab": "tocilizumab 20 MG/ML Injection",
    "siltuximab": "siltuximab 100 MG Injection",
    "corticosteroid": "dexamethasone 4 MG/ML Injection",
    "anakinra": "anakinra 100 MG Prefilled Syringe",
    "ruxolitinib": "ruxolitinib 10 MG Oral Tablet",
    "emapalumab": "emapalumab 5 MG/ML Injection",
    "etoposide": "etoposide 20 MG/ML Injection",
    "gcsf": "filgrastim 0.3 MG/ML Injection",
    "lymphodepletion_start": "fludarabine 25 MG/ML Injection",
}
PROCEDURES = {
    "transfusion_platelets": ("30233R1", "12719002"),
    "transfusion_red_cells": ("30243N1", "116863004"),
}


def at(hours: float) -> str:
    return (START + pd.Timedelta(hours=hours)).isoformat()


def identifiers(cohort: Cohort) -> dict[str, int]:
    return {name: number for number, name in enumerate(cohort.patient_id, start=1)}


def charted(cohort: Cohort) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[int, float]]:
    """Labs, events and weights by the numbers of the patients."""
    ids = identifiers(cohort)
    labs = lab_table(cohort, cohort.labs).to_dict("records")
    labs = [{**row, "patient_id": ids[row["patient_id"]]} for row in labs]
    columns = (cohort.events[name] for name in ("patient", "event", "hours"))
    events = [
        {"patient_id": int(code) + 1, "event": event, "hours": hours}
        for code, event, hours in zip(*columns, strict=True)
    ]
    weight = cohort.patients["weight_kg"]
    weights = {k + 1: float(kg) for k, kg in enumerate(weight) if not np.isnan(kg)}
    return labs, events, weights


def through_omop(cohort: Cohort, folder: Path) -> Cohort:
    labs, events, weights = charted(cohort)
    tables: dict[str, list[dict[str, Any]]] = {
        "person": [{"person_id": k} for k in identifiers(cohort).values()],
        "procedure_occurrence": [
            {"person_id": k, "procedure_datetime": at(0), "procedure_source_value": "XW033C3"}
            for k in identifiers(cohort).values()
        ],
        "measurement": [],
        "drug_exposure": [],
        "visit_detail": [],
        "death": [],
    }
    for number, row in enumerate(labs, start=1):
        sign = row["comparator"] if isinstance(row["comparator"], str) else ""
        tables["measurement"].append(
            {
                "measurement_id": number,
                "person_id": row["patient_id"],
                "measurement_datetime": at(row["hours_from_infusion"]),
                "measurement_source_value": LOINC[row["analyte"]],
                "value_as_number": repr(row["value"]),
                "operator_concept_id": OPERATORS.get(sign, 0),
                "unit_source_value": row["unit"],
            }
        )
    for person, kg in weights.items():
        for hours, value in ((-30, kg + 1), (-2, kg), (5, kg + 2)):
            tables["measurement"].append(
                {
                    "measurement_id": len(tables["measurement"]) + 1,
                    "person_id": person,
                    "measurement_concept_id": 3025315,
                    "measurement_datetime": at(hours),
                    "value_as_number": repr(value),
                    "unit_concept_id": 9529,
                }
            )
    for row in events:
        who, name, when = row["patient_id"], row["event"], at(row["hours"])
        if name in DRUGS:
            drug = {"drug_exposure_start_datetime": when, "drug_source_value": DRUGS[name]}
            tables["drug_exposure"].append({"person_id": who, **drug})
        elif name in PROCEDURES:
            act = {"procedure_datetime": when, "procedure_source_value": PROCEDURES[name][0]}
            tables["procedure_occurrence"].append({"person_id": who, **act})
        elif name == "icu_admission":
            stay = {"visit_detail_concept_id": 32037, "visit_detail_start_datetime": when}
            tables["visit_detail"].append({"person_id": who, **stay})
        else:
            tables["death"].append({"person_id": who, "death_datetime": when})
    needed = {
        "measurement": ["measurement_concept_id", "person_id", "measurement_datetime",
                        "value_as_number", "measurement_source_value"],
        "drug_exposure": ["person_id", "drug_exposure_start_datetime", "drug_source_value"],
        "visit_detail": ["person_id", "visit_detail_concept_id", "visit_detail_start_datetime"],
        "death": ["person_id", "death_datetime"],
    }  # fmt: skip
    (folder / "omop").mkdir()
    for name, rows in tables.items():
        frame = pd.DataFrame(rows) if rows else pd.DataFrame(columns=needed[name])
        for column in needed.get(name, ()):
            frame[column] = frame.get(column)
        frame.to_csv(folder / "omop" / f"{name}.csv", index=False)
    return read_omop(folder / "omop")


def through_fhir(cohort: Cohort, folder: Path) -> Cohort:
    labs, events, weights = charted(cohort)
    resources: list[dict[str, Any]] = []

    def add(kind: str, who: int, **fields: Any) -> None:
        own = {"resourceType": kind, "id": str(len(resources)), "status": "final"}
        resources.append({**own, "subject": {"reference": f"Patient/{who}"}, **fields})

    def concept(system: str, code: str, text: str = "") -> dict[str, Any]:
        return {"coding": [{"system": system, "code": code}], "text": text}

    for who in identifiers(cohort).values():
        resources.append({"resourceType": "Patient", "id": str(who)})
        code = concept("http://www.cms.gov/Medicare/Coding/ICD10", "XW033C3")
        add("Procedure", who, status="completed", code=code, performedDateTime=at(0) + "Z")
    for row in labs:
        quantity: dict[str, Any] = {"value": row["value"], "unit": row["unit"]}
        if isinstance(row["comparator"], str):
            quantity["comparator"] = row["comparator"]
        code = concept("http://loinc.org", LOINC[row["analyte"]])
        time = at(row["hours_from_infusion"]) + "Z"
        add("Observation", row["patient_id"], code=code, effectiveDateTime=time,
            valueQuantity=quantity)  # fmt: skip
    for who, kg in weights.items():
        for hours, value in ((-30, kg + 1), (-2, kg), (5, kg + 2)):
            add("Observation", who, code=concept("http://loinc.org", "29463-7"),
                effectiveDateTime=at(hours) + "Z",
                valueQuantity={"value": value, "unit": "kg"})  # fmt: skip
    for row in events:
        who, name, when = row["patient_id"], row["event"], at(row["hours"]) + "Z"
        if name in DRUGS:
            drug = {"text": DRUGS[name]}
            add("MedicationAdministration", who, status="completed", effectiveDateTime=when,
                medicationCodeableConcept=drug)  # fmt: skip
        elif name in PROCEDURES:
            act = concept("http://snomed.info/sct", PROCEDURES[name][1])
            add("Procedure", who, status="completed", code=act, performedDateTime=when)
        elif name == "icu_admission":
            unit = {"location": {"display": "Medical ICU"}, "period": {"start": when}}
            add("Encounter", who, status="finished", location=[unit])
        else:
            resources.append(
                {"resourceType": "Patient", "id": str(who), "deceasedDateTime": when,
                 "meta": {"lastUpdated": "2025-01-01T00:00:00Z"}}
            )  # fmt: skip
    path = folder / "back.ndjson"
    path.write_text("\n".join(map(json.dumps, resources)) + "\n", encoding="utf-8")
    return read_fhir(path)


def through_meds(cohort: Cohort, folder: Path) -> Cohort:
    labs, events, weights = charted(cohort)
    rows: list[tuple[int, float, str, float | None, str | None]] = [
        (who, 0.0, "PROCEDURE//ICD10PCS//XW033C3", None, None)
        for who in identifiers(cohort).values()
    ]
    for row in labs:
        sign = row["comparator"] if isinstance(row["comparator"], str) else ""
        code = f"LOINC//{LOINC[row['analyte']]}//{row['unit']}"
        text = f"{sign}{row['value']!r}" if sign else None
        # The number beside its text: "<1.875" alone may as well be a thousand.
        value = row["value"]
        rows.append((row["patient_id"], row["hours_from_infusion"], code, value, text))
    for who, kg in weights.items():
        for hours, value in ((-30.0, kg + 1), (-2.0, kg), (5.0, kg + 2)):
            rows.append((who, hours, "LOINC//29463-7//kg", value, None))
    for row in events:
        name = row["event"]
        if name in DRUGS:
            code = f"MEDICATION//{DRUGS[name]}//Administered"
        elif name in PROCEDURES:
            code = f"PROCEDURE//ICD//10//{PROCEDURES[name][0]}"
        elif name == "icu_admission":
            code = "ICU_ADMISSION//Medical Intensive Care Unit (MICU)"
        else:
            code = "MEDS_DEATH"
        rows.append((row["patient_id"], row["hours"], code, None, None))
    who, hours, codes, values, texts = zip(*rows, strict=True)
    times = [(START + pd.Timedelta(hours=h)).to_pydatetime() for h in hours]
    table = pa.table(
        {
            "subject_id": pa.array(who, pa.int64()),
            "time": pa.array(times, pa.timestamp("us")),
            "code": pa.array(codes, pa.string()),
            "numeric_value": pa.array(values, pa.float64()),
            "text_value": pa.array(texts, pa.string()),
        }
    )
    pq.write_table(table, folder / "0.parquet")
    return read_meds(folder / "0.parquet")


DOORS: dict[str, Callable[[Cohort, Path], Cohort]] = {
    "omop": through_omop,
    "fhir": through_fhir,
    "meds": through_meds,
}
PEOPLE = st.sampled_from(["1", "2"])
RESULTS = st.tuples(
    PEOPLE,
    st.integers(-2000, 4000),
    st.sampled_from([("ferritin", "ng/mL"), ("crp", "mg/L"), ("platelets", "10*9/L")]),
    st.floats(1, 800).map(lambda x: float(f"{x:.6g}")),
    st.sampled_from(list(COMPARATORS)),
)
EVENTS = st.tuples(
    PEOPLE,
    st.sampled_from(sorted({*DRUGS, *PROCEDURES, "icu_admission"} - {"lymphodepletion_start"})),
    st.integers(-400, 2000),
)
STARTS = st.dictionaries(PEOPLE, st.integers(-13 * 96, -1))
DEATHS = st.dictionaries(PEOPLE, st.integers(3000, 4000))
WEIGHTS = st.dictionaries(PEOPLE, st.integers(8, 200))


@pytest.mark.parametrize("door", sorted(DOORS))
@settings(max_examples=12)
@given(
    results=st.lists(RESULTS, min_size=1, max_size=8),
    events=st.lists(EVENTS, max_size=8),
    starts=STARTS,
    deaths=DEATHS,
    weights=WEIGHTS,
)
def test_a_cohort_goes_out_and_back(
    door: str,
    results: list[Any],
    events: list[Any],
    starts: dict[str, int],
    deaths: dict[str, int],
    weights: dict[str, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    people = [f"{who},{weights.get(who, '')}" for who in ("1", "2")]
    (folder / "patients.csv").write_text("\n".join(["patient_id,weight_kg", *people]) + "\n")
    lines = [f"{p},{h / 4},{a},{v!r},{c},{u}" for p, h, (a, u), v, c in results]
    header = "patient_id,hours_from_infusion,analyte,value,comparator,unit"
    (folder / "labs.csv").write_text("\n".join([header, *lines]) + "\n")
    acts = [f"{who},{name},{hours / 4}" for who, name, hours in events]
    acts += [f"{who},lymphodepletion_start,{hours / 4}" for who, hours in starts.items()]
    acts += [f"{who},death,{hours / 4}" for who, hours in deaths.items()]
    header = "patient_id,event,hours_from_infusion"
    (folder / "events.csv").write_text("\n".join([header, *acts]) + "\n")
    cohort = read_cohort(folder)
    again = DOORS[door](cohort, folder)
    assert again.rejected.empty
    assert again.patient_id.tolist() == ["1", "2"]
    assert_frame_equal(again.labs, cohort.labs, rtol=0, atol=1e-9)
    assert_frame_equal(again.patients[["weight_kg"]], cohort.patients[["weight_kg"]])
    # The value is free detail (a drug's name, a dose), and each source has another.
    assert_frame_equal(
        again.events.drop(columns="value"), cohort.events.drop(columns="value"), rtol=0, atol=1e-9
    )
