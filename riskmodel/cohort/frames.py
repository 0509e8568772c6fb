"""Read the three tables of a cohort folder as text, with every structural fault at once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from riskmodel.cohort.rejection import Rejections
from riskmodel.errors import SchemaError

TABLES = ("patients", "labs", "events")
_NEEDED = {
    "patients": (("patient_id",),),
    "labs": (
        ("patient_id",),
        ("hours_from_infusion", "time"),
        ("analyte", "loinc_code"),
        ("value",),
    ),
    "events": (("patient_id",), ("event",), ("hours_from_infusion", "time")),
}
_MISSING = ("NA", "NaN", "nan", "NULL", "null", "None", "N/A", "n/a", "<NA>")


def _open_quotation(path: Path) -> bool:
    """Whether a quotation mark is never closed: the rest of the file would be one cell."""
    count = 0
    with path.open("rb") as source:
        while chunk := source.read(1 << 22):
            count += chunk.count(b'"')
    return count % 2 == 1


def read_csv(path: Path, table: str, rejections: Rejections) -> pd.DataFrame:
    """One CSV file as text; rows of another length than the header are recorded as rejected.

    Raises
    ------
    SchemaError
        When it is not UTF-8 CSV, or a quotation mark is never closed.
    """
    import pyarrow as pa
    from pyarrow import csv

    if _open_quotation(path):
        raise SchemaError(
            f"File '{path}' has a quotation mark that is never closed. Close it or remove it."
        )
    malformed: list[int] = []

    def skip(row: csv.InvalidRow) -> str:
        malformed.append(row.number or 0)
        return "skip"

    def options(handler: Callable[[csv.InvalidRow], str]) -> csv.ParseOptions:
        return csv.ParseOptions(newlines_in_values=True, invalid_row_handler=handler)

    one_thread = csv.ReadOptions(use_threads=False)
    try:
        with csv.open_csv(
            path, read_options=one_thread, parse_options=options(lambda _: "skip")
        ) as opened:
            names = opened.schema.names
        read = csv.read_csv(
            path,
            read_options=one_thread,
            parse_options=options(skip),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise SchemaError(
            f"File '{path}' cannot be read as CSV in UTF-8: {reason[:200]}. "
            "Save it again as comma-separated UTF-8 text."
        ) from None
    frame: pd.DataFrame = read.to_pandas()
    for name in frame.columns:
        # An identifier may be the text NA; in every other column it means unknown.
        if name != "patient_id":
            frame[name] = frame[name].mask(frame[name].isin(_MISSING))
    if malformed:
        rows = np.array([max(n - 2, 0) for n in malformed], dtype=np.int64)
        empty = pd.Series([""] * (int(rows.max()) + 1))
        rejections.add(table, rows, empty, "malformed_row")
    return frame


def read_parquet(path: Path) -> pd.DataFrame:
    """One Parquet file.

    Raises
    ------
    SchemaError
        When it is damaged.
    """
    import pyarrow as pa

    try:
        return pd.read_parquet(path)
    except (pa.ArrowInvalid, OSError) as error:
        said = str(error).splitlines()[0][:200].rstrip(".")
        raise SchemaError(
            f"File '{path}' cannot be read as Parquet: {said}. Write it again."
        ) from None


def _missing_columns(table: str, frame: pd.DataFrame, path: Path) -> list[str]:
    faults = []
    for names in _NEEDED[table]:
        if not any(name in frame.columns for name in names):
            wanted = " or ".join(f"'{name}'" for name in names)
            seen = ", ".join(map(str, frame.columns[:12]))[:200] or "none"
            faults.append(
                f"File '{path.name}' has no column {wanted} (columns seen: {seen}). Add it."
            )
    return faults


def read_frames(folder: Path, rejections: Rejections) -> dict[str, pd.DataFrame]:
    """The tables of a cohort folder, as charted.

    Raises
    ------
    SchemaError
        When the folder, a table or a needed column is missing, or a file is unreadable:
        all such faults in one message.
    """
    if not folder.is_dir():
        raise SchemaError(
            f"Cohort folder '{folder}' does not exist. "
            "Give a folder with patients, labs and events as CSV or Parquet."
        )
    frames: dict[str, pd.DataFrame] = {}
    faults: list[str] = []
    for table in TABLES:
        found = [p for p in (folder / f"{table}.csv", folder / f"{table}.parquet") if p.is_file()]
        if not found:
            faults.append(
                f"Cohort folder '{folder}' has no '{table}.csv' and no '{table}.parquet'. Add one."
            )
            continue
        if len(found) == 2:
            faults.append(
                f"Cohort folder '{folder}' has both '{table}.csv' and '{table}.parquet'. "
                "Remove one."
            )
            continue
        path = found[0]
        try:
            csv_file = path.suffix == ".csv"
            frame = read_csv(path, table, rejections) if csv_file else read_parquet(path)
        except SchemaError as error:
            faults.append(str(error))
            continue
        if not frame.columns.is_unique:
            twice = sorted(set(frame.columns[frame.columns.duplicated()]))
            faults.append(f"File '{path.name}' has column '{twice[0]}' twice. Remove one.")
            continue
        faults += _missing_columns(table, frame, path)
        frames[table] = frame
    if faults:
        raise SchemaError(" ".join(faults))
    if frames["patients"].empty:
        raise SchemaError(
            f"Cohort '{folder}' is empty: its patients table has no rows. Add patients."
        )
    return frames
