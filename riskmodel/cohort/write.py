"""Write a cohort as a folder of the cohort contract, in canonical units."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from riskmodel.cohort.rejections import sentences
from riskmodel.cohort.schema import COMPARATORS, PATIENT_FLAGS
from riskmodel.cohort.summary import summary
from riskmodel.cohort.tables.cohort import Cohort
from riskmodel.cohort.units import analytes
from riskmodel.cohort.written.notation import REPORT
from riskmodel.errors import SchemaError
from riskmodel.files import replacing

ROWS_AT_A_TIME = 131_072
"""Results written at once: the whole table as text would need several times its memory."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SIGNS = {code: sign for sign, code in COMPARATORS.items()}


def patient_table(cohort: Cohort) -> pd.DataFrame:
    """Patients as the contract writes them: known columns that hold anything."""
    patients = cohort.patients.dropna(axis="columns", how="all").copy()
    for name in set(PATIENT_FLAGS) & set(patients.columns):
        patients[name] = patients[name].astype("Int8")
    if "infusion_time" in patients:
        time = patients["infusion_time"]
        patients["infusion_time"] = time.dt.strftime("%Y-%m-%dT%H:%M:%S").astype("str")
    return patients


def lab_table(cohort: Cohort, labs: pd.DataFrame) -> pd.DataFrame:
    """Some rows of the labs as the contract writes them, in canonical units."""
    analyte = labs["analyte"].cat
    units = pd.Index([analytes()[name].unit for name in analyte.categories], dtype="str")
    signs = pd.Index([_SIGNS[code] or None for code in sorted(_SIGNS)], dtype="str")
    return pd.DataFrame(
        {
            "patient_id": cohort.patients["patient_id"].array.take(labs["patient"].to_numpy()),
            "hours_from_infusion": labs["hours"].to_numpy(),
            "analyte": analyte.categories.astype("str").array.take(analyte.codes.to_numpy()),
            "value": labs["value"].to_numpy(),
            "comparator": signs.array.take(labs["comparator"].to_numpy() - min(_SIGNS)),
            "unit": units.array.take(analyte.codes.to_numpy()),
            "reference_low": labs["reference_low"].to_numpy(),
            "reference_high": labs["reference_high"].to_numpy(),
        }
    )


def event_table(cohort: Cohort) -> pd.DataFrame:
    """Events as the contract writes them."""
    events = cohort.events
    return pd.DataFrame(
        {
            "patient_id": cohort.patient_id[events["patient"].to_numpy()],
            "event": events["event"].astype("str").to_numpy(),
            "hours_from_infusion": events["hours"].to_numpy(),
            "grade": events["grade"].astype("Int8").to_numpy(),
            "value": events["value"].to_numpy(),
        }
    )


def _slices(cohort: Cohort) -> Iterator[pd.DataFrame]:
    """The labs a part at a time, one empty part where there are none."""
    for start in range(0, max(len(cohort.labs), 1), ROWS_AT_A_TIME):
        yield lab_table(cohort, cohort.labs.iloc[start : start + ROWS_AT_A_TIME])


def _write_csv(parts: Iterable[pd.DataFrame], path: Path) -> None:
    """Numbers in their shortest form that reads back the same, text in quotation marks."""
    import pyarrow as pa
    from pyarrow import csv

    writer: csv.CSVWriter | None = None
    for part in parts:
        table = pa.Table.from_pandas(safe_cells(part), preserve_index=False)
        writer = writer or csv.CSVWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _write_parquet(parts: Iterable[pd.DataFrame], path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    writer: parquet.ParquetWriter | None = None
    for part in parts:
        schema = writer.schema if writer is not None else None
        table = pa.Table.from_pandas(part, schema=schema, preserve_index=False)
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def safe_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Text cells that a spreadsheet would run as a formula, with a leading apostrophe."""
    safe = table.copy()
    for name in safe.columns:
        if pd.api.types.is_string_dtype(safe[name].dtype) and name != "comparator":
            text = safe[name].astype("str")
            risky = text.str.startswith(_FORMULA).fillna(False).to_numpy(dtype=bool)
            safe[name] = text.where(~risky, "'" + text)
    return safe


def write_cohort(cohort: Cohort, folder: Path | str, *, file_format: str = "csv") -> None:
    """Write the tables, ``rejected.csv`` and a conversion report, complete or not at all.

    ``infusion_records.csv`` says of each patient which record became hour 0 and what was passed
    over, where the cohort came from a source of whole records.

    Parameters
    ----------
    cohort : Cohort
    folder : path
        Replaced only where it is empty or was written by this function.
    file_format : {"csv", "parquet"}

    Raises
    ------
    SchemaError
        When `folder` holds something else.
    """
    folder = Path(folder)
    if folder.is_file() or (
        folder.is_dir() and any(folder.iterdir()) and not (folder / REPORT).exists()
    ):
        raise SchemaError(
            f"'{folder}' exists and was not written by a conversion. It was left as it is: choose "
            "another folder, or empty it."
        )
    with replacing(folder) as temporary:
        temporary.mkdir()
        write = _write_csv if file_format == "csv" else _write_parquet
        write([patient_table(cohort)], temporary / f"patients.{file_format}")
        write(_slices(cohort), temporary / f"labs.{file_format}")
        write([event_table(cohort)], temporary / f"events.{file_format}")
        rejected = safe_cells(cohort.rejected)
        rejected.to_csv(temporary / "rejected.csv", index=False, lineterminator="\n")
        if len(cohort.infusions):
            found = safe_cells(cohort.infusions)
            found.to_csv(temporary / "infusion_records.csv", index=False, lineterminator="\n")
        told = [summary(cohort), *sentences(cohort.rejected)]
        (temporary / REPORT).write_text("\n".join(told) + "\n", encoding="utf-8")
