"""What `same_numbers.py` does in Python: other forms of its inputs, and the documented functions.

Called as ``same_numbers_doors.py NAME PATH`` in the folder where the answers are written; only
names that README and docs give are imported.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

TABLES = ("patients", "labs", "events")


def prepare(data: str) -> None:
    """Other forms of the inputs: Parquet for Spark, a database, lists of infusions."""
    folder, new = Path("parquet"), Path("new")
    folder.mkdir(exist_ok=True)
    for table in TABLES:
        rows = pd.read_csv(new / f"{table}.csv", low_memory=False)
        texts = {"value": "str"} if table == "labs" else {}
        rows.astype(texts).to_parquet(folder / f"{table}.parquet")
    public = Path(data)
    if not public.is_dir():
        return
    import duckdb

    Path("omop.duckdb").unlink(missing_ok=True)
    with duckdb.connect("omop.duckdb") as database:
        for path in sorted((public / "mimic3_demo_20" / "omop").glob("*.csv")):
            if path.stem != "infusions":
                database.sql(f"create table {path.stem} as from read_csv('{path}')")
    people = pd.read_csv(public / "synthea27nj_omop54" / "PERSON.csv")["person_id"]
    listed = pd.DataFrame({"patient_id": people, "infusion_time": "2015-06-01T08:00:00"})
    listed.to_csv("omop.csv", index=False)
    persons = [
        entry["resource"]["id"]
        for path in sorted((public / "synthea_fhir_r4").glob("*.json"))
        for entry in json.loads(path.read_text(encoding="utf-8"))["entry"]
        if entry["resource"]["resourceType"] == "Patient"
    ]
    told = pd.DataFrame({"patient_id": persons, "infusion_time": "2015-01-01T08:00:00Z"})
    told.assign(product="axi-cel").to_csv("fhir.csv", index=False)


def gather(folder: str) -> None:
    """One table, in a fixed order, of what Spark wrote in as many files as it liked."""
    rows = pd.read_parquet(folder)
    keys = [name for name in rows if rows[name].dtype.kind != "f" or "hours" in name]
    rows.sort_values(keys, ignore_index=True).to_parquet(f"{folder}.parquet")
    for part in (*Path(folder).iterdir(), *Path().glob(".*.crc")):
        part.unlink()
    # Where the rows lay has no part in the result.
    manifest = Path(f"{folder}.manifest.json")
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told.pop("output", None)
    manifest.write_text(json.dumps(told), encoding="utf-8")


def python(inputs: str) -> None:
    """The functions that README and docs name."""
    from riskmodel import label, load_catalogue, load_model, matrix, read_cohort, score
    from riskmodel.features import FeatureBuilder
    from riskmodel.models import missing_range
    from riskmodel.scoring import find_model
    from riskmodel.scoring.score import model_catalogue
    from riskmodel.training import evaluate

    def write(table: pd.DataFrame, name: str) -> None:
        table.to_csv(f"{name}.csv")
        types = table.dtypes.astype("str").to_dict()
        Path(f"{name}-types.json").write_text(json.dumps(types), encoding="utf-8")

    cohort = read_cohort(f"{inputs}/new")
    for name in TABLES:
        write(getattr(cohort, name), name)
    write(label(cohort), "labels")
    write(label(cohort, "hlh-2004", cytopenia_rule="any", horizon_days=30), "labels-hlh")
    catalogue = load_catalogue()
    for hours in (0.0, 24.0, 120.0, 312.0):
        write(matrix(cohort, catalogue, hours), f"matrix-{hours:.0f}")
    write(FeatureBuilder("day-3").fit_transform(cohort), "builder")
    early, before = (find_model(f"{inputs}/models/{name}") for name in ("early", "pre-infusion"))
    ours = load_model(f"{inputs}/early")
    for model, at in ((before, "pre-infusion"), (early, "day-5"), (ours, "day-12")):
        write(score(cohort, model, at, explain=True), f"scores-{at}")
    inputs_72 = matrix(cohort, model_catalogue(early), 72.0)
    write(missing_range(early, inputs_72), "missing-range")
    found = evaluate(cohort, before, draws=20)
    write(found.figures, "figures")
    write(found.tables["decision"], "decision")


COMMANDS: dict[str, Callable[[str], None]] = {
    "prepare": prepare,
    "gather": gather,
    "python": python,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](sys.argv[2])
