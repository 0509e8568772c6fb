"""Rows per CPU second of the FHIR and MEDS readers beside a bare read of the same files.

A row is one lab result. The bare read of FHIR is `json.loads` of every line; that of MEDS is
`pyarrow.parquet.read_table`. Each measurement is a process of its own, so that its peak memory
is its own; CPU seconds are of user and system, without the start of Python.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LABS = (
    ("2276-4", "ng/mL", 900),
    ("777-3", "10*3/uL", 90),
    ("718-7", "g/dL", 9),
    ("1988-5", "mg/L", 40),
    ("2160-0", "mg/dL", 1),
    ("1742-6", "U/L", 30),
    ("1920-8", "U/L", 30),
    ("2532-0", "U/L", 300),
)
ROWS_PER_PATIENT = 250


def drawn(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Patient, analyte, hour and value of each row."""
    rng = np.random.default_rng(1)
    patient = np.arange(rows) // ROWS_PER_PATIENT + 1
    analyte = rng.integers(0, len(LABS), rows)
    value = np.round(np.array([lab[2] for lab in LABS])[analyte] * rng.uniform(0.5, 2, rows), 2)
    return patient, analyte, rng.integers(-240, 700, rows), value


def write_fhir(folder: Path, rows: int) -> None:
    patient, analyte, hour, value = drawn(rows)
    folder.mkdir()
    start = np.datetime64("2024-05-10T10:00:00")
    with (
        (folder / "Patient.ndjson").open("w") as people,
        (folder / "Procedure.ndjson").open("w") as acts,
    ):
        for name in range(1, patient[-1] + 1):
            person = {"resourceType": "Patient", "id": f"p{name}", "birthDate": "1960-01-01"}
            act = {
                "resourceType": "Procedure",
                "status": "completed",
                "code": {"coding": [{"code": "XW033C3"}]},
                "subject": {"reference": f"Patient/p{name}"},
                "performedDateTime": f"{start}Z",
            }
            people.write(json.dumps(person) + "\n")
            acts.write(json.dumps(act) + "\n")
    with (folder / "Observation.ndjson").open("w") as results:
        for k in range(rows):
            code, unit, _ = LABS[analyte[k]]
            result = {
                "resourceType": "Observation",
                "id": f"o{k}",
                "status": "final",
                "category": [{"coding": [{"system": "category", "code": "laboratory"}]}],
                "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": code},
                "subject": {"reference": f"Patient/p{patient[k]}"},
                "effectiveDateTime": f"{start + np.timedelta64(int(hour[k]), 'h')}Z",
                "valueQuantity": {
                    "value": float(value[k]),
                    "unit": unit,
                    "system": "http://unitsofmeasure.org",
                    "code": unit,
                },
            }
            results.write(json.dumps(result) + "\n")


def write_meds(folder: Path, rows: int) -> None:
    patient, analyte, hour, value = drawn(rows)
    people = np.arange(1, patient[-1] + 1)
    codes = np.array([f"LOINC//{code}//{unit}" for code, unit, _ in LABS], dtype=object)
    start = np.datetime64("2024-05-10T10:00:00", "us")
    table = pa.table(
        {
            "subject_id": np.append(people, patient),
            "time": np.append(np.full(len(people), start), start + hour.astype("timedelta64[h]")),
            "code": [*["PROCEDURE//ICD10PCS//XW033C3"] * len(people), *codes[analyte]],
            "numeric_value": np.append(np.full(len(people), np.nan), value).astype(np.float32),
        }
    )
    (folder / "data").mkdir(parents=True)
    pq.write_table(table, folder / "data" / "0.parquet")


def measured(task: str, folder: Path) -> tuple[float, float, int]:
    """CPU seconds, peak memory in GiB and rows of one task, in this process."""
    import pandera.pandas  # noqa: F401, its import is no reading

    from riskmodel.cohort import read_fhir, read_meds

    start = time.process_time()
    if task == "bare fhir":
        rows = 0
        with (folder / "Observation.ndjson").open("rb") as lines:
            for line in lines:
                json.loads(line)
                rows += 1
    elif task == "bare meds":
        rows = len(pq.read_table(folder / "data" / "0.parquet"))
    else:
        rows = len((read_fhir if task == "fhir" else read_meds)(folder).labs)
    took = time.process_time() - start
    return took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, rows


def main() -> None:
    """Write both forms and print a table of rows per CPU second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--task", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        print(json.dumps(measured(given.task, given.folder)))
        return
    with tempfile.TemporaryDirectory(prefix="riskmodel-bench-") as name:
        top = Path(name)
        write_fhir(top / "fhir", given.rows)
        write_meds(top / "meds", given.rows)
        print(f"{given.rows:,} results")
        for task in ("bare fhir", "fhir", "bare meds", "meds"):
            line = [sys.executable, __file__, "--task", task, "--folder", top / task.split()[-1]]
            found = subprocess.run(line, check=True, capture_output=True, text=True).stdout
            took, memory, rows = json.loads(found)
            print(
                f"  {task:<10} {took:7.2f} CPU s  {given.rows / took:12,.0f} rows per CPU s  "
                f"{memory:5.2f} GiB  {rows:,} rows out"
            )


if __name__ == "__main__":
    main()
