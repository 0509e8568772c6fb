"""Made-up sources of any size for the benchmark of the readers, in the form of each.

Everybody has an infusion and every row is a result of the cohort, which is the most that a reader
can have to do; ``sparse`` makes an OMOP source in which most people and rows are others, as in a
hospital's tables.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

# LOINC code, unit, level, OMOP concepts of the analyte and of the unit.
LABS = (
    ("2276-4", "ng/mL", 900, 3001122, 8842),
    ("777-3", "10*9/L", 90, 3024929, 9444),
    ("718-7", "g/dL", 9, 3000963, 8713),
    ("1988-5", "mg/L", 40, 3020460, 8751),
    ("2160-0", "mg/dL", 1, 3016723, 8840),
    ("1742-6", "U/L", 30, 3006923, 8645),
    ("1920-8", "U/L", 30, 3013721, 8645),
    ("2532-0", "U/L", 300, 3016436, 8645),
)
ROWS_PER_PATIENT = 250
START = np.datetime64("2024-05-10T10:00:00")
_SLICE = 100_000


def _drawn(rows: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Patient, analyte, time and value of some rows at a time."""
    rng = np.random.default_rng(1)
    levels = np.array([lab[2] for lab in LABS])
    for first in range(0, rows, _SLICE):
        count = min(_SLICE, rows - first)
        analyte = rng.integers(0, len(LABS), count)
        time = START + rng.integers(-14_400, 42_000, count).astype("timedelta64[m]")
        value = np.round(levels[analyte] * rng.uniform(0.5, 2, count), 2)
        yield np.arange(first, first + count) // ROWS_PER_PATIENT + 1, analyte, time, value


def write_omop(folder: Path, rows: int, *, sparse: bool = False) -> Path:
    """A folder of CSV; returns its measurement table."""
    people = rows // ROWS_PER_PATIENT + 1
    infused = people // 5 + 1 if sparse else people
    concepts, units, levels = ([lab[k] for lab in LABS] for k in (3, 4, 2))
    lab = "i % 3 = 0" if sparse else "true"
    measurement = f"""
        SELECT i + 1 AS measurement_id, i // {ROWS_PER_PATIENT} + 1 AS person_id,
            CASE WHEN {lab} THEN {concepts}[k] ELSE 3027018 + i % 50 END AS measurement_concept_id,
            CAST(taken AS DATE) AS measurement_date, taken AS measurement_datetime,
            NULL AS measurement_time, 32856 AS measurement_type_concept_id,
            4172703 AS operator_concept_id,
            round(CASE WHEN {lab} THEN {levels}[k] ELSE 80 END * (0.5 + hash(i) % 1000 / 1000.0), 2)
                AS value_as_number, NULL AS value_as_concept_id,
            CASE WHEN {lab} THEN {units}[k] ELSE 0 END AS unit_concept_id,
            NULL AS range_low, NULL AS range_high, i // 40 AS visit_occurrence_id,
            'LAB' || k AS measurement_source_value, 0 AS measurement_source_concept_id,
            NULL AS unit_source_value, NULL AS value_source_value
        FROM (SELECT i, 1 + (hash(i) % {len(LABS)})::BIGINT AS k,
            TIMESTAMP '{START}' + to_minutes((hash(i) % 56400)::BIGINT - 14400) AS taken
            FROM range({rows}) t(i))"""
    procedure = f"""
        SELECT p AS person_id, TIMESTAMP '{START}' AS procedure_datetime,
            'XW033C3' AS procedure_source_value FROM range(1, {infused + 1}) t(p)"""
    person = f"""
        SELECT p AS person_id, 8507 + 25 * (p % 2) AS gender_concept_id,
            1940 + p % 60 AS year_of_birth FROM range(1, {people + 1}) t(p)"""
    tables = {"measurement": measurement, "procedure_occurrence": procedure, "person": person}
    folder.mkdir(parents=True)
    with duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(folder)}) as database:
        for name, query in tables.items():
            database.execute(f"COPY ({query}) TO '{folder / name}.csv'")
    return folder / "measurement.csv"


def write_fhir(folder: Path, rows: int) -> Path:
    """A bulk export; returns its file of Observations."""
    folder.mkdir(parents=True)
    people = rows // ROWS_PER_PATIENT + 1
    with (folder / "Patient.ndjson").open("w") as patients:
        for name in range(1, people + 1):
            patients.write(
                f'{{"resourceType": "Patient", "id": "p{name}", "birthDate": "1960-01-01"}}\n'
            )
    with (folder / "Procedure.ndjson").open("w") as acts:
        for name in range(1, people + 1):
            acts.write(
                '{"resourceType": "Procedure", "status": "completed", "code": {"coding": '
                f'[{{"code": "XW033C3"}}]}}, "subject": {{"reference": "Patient/p{name}"}}, '
                f'"performedDateTime": "{START}Z"}}\n'
            )
    number = 0
    with (folder / "Observation.ndjson").open("w") as results:
        for patient, analyte, time, value in _drawn(rows):
            for k, when in enumerate(np.datetime_as_string(time)):
                code, unit = LABS[analyte[k]][:2]
                results.write(
                    f'{{"resourceType": "Observation", "id": "o{number}", "status": "final", '
                    '"category": [{"coding": [{"system": "category", "code": "laboratory"}]}], '
                    f'"code": {{"coding": [{{"system": "http://loinc.org", "code": "{code}"}}], '
                    f'"text": "{code}"}}, "subject": {{"reference": "Patient/p{patient[k]}"}}, '
                    f'"effectiveDateTime": "{when}Z", "valueQuantity": {{"value": {value[k]}, '
                    f'"unit": "{unit}", "system": "http://unitsofmeasure.org", '
                    f'"code": "{unit}"}}}}\n'
                )
                number += 1
    return folder / "Observation.ndjson"


def write_meds(folder: Path, rows: int) -> Path:
    """A dataset of one shard; returns it."""
    path = folder / "data" / "0.parquet"
    path.parent.mkdir(parents=True)
    codes = np.array([f"LOINC//{code}//{unit}" for code, unit, *_ in LABS], dtype=object)
    people = np.arange(1, rows // ROWS_PER_PATIENT + 2)

    def table(subject: np.ndarray, time: np.ndarray, code: object, value: np.ndarray) -> pa.Table:
        times = pa.array(time.astype("datetime64[us]"))
        names = ["subject_id", "time", "code", "numeric_value"]
        return pa.table([subject, times, code, value.astype(np.float32)], names=names)

    infusions = ["PROCEDURE//ICD10PCS//XW033C3"] * len(people)
    first = table(people, np.full(len(people), START), infusions, np.full(len(people), np.nan))
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for patient, analyte, time, value in _drawn(rows):
            writer.write_table(table(patient, time, codes[analyte], value))
    return path


SDTM_CODES = ("FERRITIN", "PLAT", "HGB", "CRP", "CREAT", "ALT", "AST", "LDH")


def write_sdtm(folder: Path, rows: int) -> Path:
    """The datasets of a trial as CSV; returns its LB."""
    folder.mkdir(parents=True)
    people = range(1, rows // ROWS_PER_PATIENT + 2)
    (folder / "dm.csv").write_text("USUBJID,SEX\n" + "".join(f"{who},F\n" for who in people))
    given = "".join(f"{who},Yescarta,{START}\n" for who in people)
    (folder / "ex.csv").write_text("USUBJID,EXTRT,EXSTDTC\n" + given)
    with (folder / "lb.csv").open("w") as out:
        out.write("STUDYID,USUBJID,LBTESTCD,LBORRES,LBORRESU,LBSTRESN,LBSTRESU,LBDTC\n")
        for patient, analyte, time, value in _drawn(rows):
            for who, k, when, number in zip(patient, analyte, time, value, strict=True):
                unit = LABS[k][1]
                out.write(f"S,{who},{SDTM_CODES[k]},{number},{unit},{number},{unit},{when}\n")
    return folder / "lb.csv"


TABLE_MAPPING = """
[[sheet]]
file = "patients.csv"
table = "patients"
columns = { patient_id = "MRN", infusion_time = "Infusion date", product = "Product" }
[[sheet]]
file = "labs.csv"
table = "labs"
[sheet.columns]
patient_id = "MRN"
time = "Datum"
loinc_code = "LOINC"
value = "Wert"
unit = "Einheit"
"""


def write_table(folder: Path, rows: int) -> Path:
    """A centre's spreadsheets with decimal commas and a mapping beside them; returns the labs."""
    folder.mkdir(parents=True)
    people = range(1, rows // ROWS_PER_PATIENT + 2)
    given = "".join(f"{who};10.05.2024 10:00;Yescarta\n" for who in people)
    (folder / "patients.csv").write_text("MRN;Infusion date;Product\n" + given)
    folder.with_suffix(".toml").write_text(TABLE_MAPPING)
    with (folder / "labs.csv").open("w") as out:
        out.write("MRN;Datum;LOINC;Wert;Einheit\n")
        for patient, analyte, time, value in _drawn(rows):
            for who, k, when, number in zip(patient, analyte, time.tolist(), value, strict=True):
                shown = str(number).replace(".", ",")
                out.write(f"{who};{when:%d.%m.%Y %H:%M};{LABS[k][0]};{shown};{LABS[k][1]}\n")
    return folder / "labs.csv"
