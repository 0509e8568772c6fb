"""Write a cohort as a folder of the cohort contract, in canonical units."""

from pathlib import Path

import pandas as pd

from riskmodel.cohort.rejection import sentences
from riskmodel.cohort.schema import COMPARATORS, PATIENT_FLAGS, Cohort
from riskmodel.cohort.summary import summary
from riskmodel.cohort.units import analytes
from riskmodel.errors import SchemaError
from riskmodel.files import replacing

REPORT = "conversion_report.txt"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SIGNS = {code: sign for sign, code in COMPARATORS.items()}


def tables_of(cohort: Cohort) -> dict[str, pd.DataFrame]:
    """The three tables of the contract: known columns only, times in hours from the infusion."""
    ids = cohort.patient_id
    patients = cohort.patients.dropna(axis="columns", how="all").copy()
    for name in set(PATIENT_FLAGS) & set(patients.columns):
        patients[name] = patients[name].astype("Int8")
    labs = cohort.labs
    units = labs["analyte"].map({name: entry.unit for name, entry in analytes().items()})
    signs = labs["comparator"].map(_SIGNS).astype("str")
    lab_table = pd.DataFrame(
        {
            "patient_id": ids[labs["patient"].to_numpy()],
            "hours_from_infusion": labs["hours"].to_numpy(),
            "analyte": labs["analyte"].astype("str").to_numpy(),
            "value": labs["value"].to_numpy(),
            "comparator": signs.mask(signs == "").to_numpy(),
            "unit": units.astype("str").to_numpy(),
            "reference_low": labs["reference_low"].to_numpy(),
            "reference_high": labs["reference_high"].to_numpy(),
        }
    )
    events = cohort.events
    event_table = pd.DataFrame(
        {
            "patient_id": ids[events["patient"].to_numpy()],
            "event": events["event"].astype("str").to_numpy(),
            "hours_from_infusion": events["hours"].to_numpy(),
            "grade": events["grade"].astype("Int8").to_numpy(),
            "value": events["value"].to_numpy(),
        }
    )
    return {"patients": patients, "labs": lab_table, "events": event_table}


def safe_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Text cells that a spreadsheet would run as a formula, with a leading apostrophe."""
    safe = table.copy()
    for name in safe.columns:
        if pd.api.types.is_string_dtype(safe[name].dtype) and name != "comparator":
            text = safe[name].astype("str")
            risky = text.str.startswith(_FORMULA).fillna(False).to_numpy(dtype=bool)
            safe[name] = text.where(~risky, "'" + text)
    return safe


def write_cohort(cohort: Cohort, folder: Path, *, file_format: str = "csv") -> None:
    """Write the tables, ``rejected.csv`` and a conversion report, complete or not at all.

    Parameters
    ----------
    cohort : Cohort
    folder : Path
        Replaced only where it is empty or was written by this function.
    file_format : {"csv", "parquet"}

    Raises
    ------
    SchemaError
        When `folder` holds something else.
    """
    if folder.is_file() or (
        folder.is_dir() and any(folder.iterdir()) and not (folder / REPORT).exists()
    ):
        raise SchemaError(
            f"'{folder}' exists and was not written by a conversion. It was left as it is: choose "
            "another folder, or empty it."
        )
    with replacing(folder) as temporary:
        temporary.mkdir()
        for name, table in tables_of(cohort).items():
            if file_format == "csv":
                path = temporary / f"{name}.csv"
                safe_cells(table).to_csv(path, index=False, lineterminator="\n")
            else:
                table.to_parquet(temporary / f"{name}.parquet", index=False)
        rejected = safe_cells(cohort.rejected)
        rejected.to_csv(temporary / "rejected.csv", index=False, lineterminator="\n")
        told = [summary(cohort), *sentences(cohort.rejected)]
        (temporary / REPORT).write_text("\n".join(told) + "\n", encoding="utf-8")
