"""The patients table: one row per infusion, cells checked with pandera, synonyms resolved."""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort.products import choice, find_product
from riskmodel.cohort.rejection import Rejections
from riskmodel.cohort.schema import (
    PATIENT_CHOICES,
    PATIENT_FLAGS,
    PATIENT_NUMBERS,
    PATIENT_TEXT,
)
from riskmodel.cohort.timeline import parse_times
from riskmodel.cohort.values import numbers

_TRUE = frozenset(("1", "1.0", "true", "yes", "y", "t"))
_FALSE = frozenset(("0", "0.0", "false", "no", "n", "f"))
KNOWN_COLUMNS = (
    "patient_id",
    "infusion_time",
    *PATIENT_TEXT,
    *PATIENT_CHOICES,
    *PATIENT_NUMBERS,
    *PATIENT_FLAGS,
)


@dataclass(frozen=True)
class Patients:
    """The cleaned table, and what aligning times needs of each patient."""

    table: pd.DataFrame
    infusion: npt.NDArray[np.datetime64]
    infusion_zoned: npt.NDArray[np.bool_]


def _plain_number(value: float) -> str:
    """A number as a person writes it: whole ones without a decimal point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def text_column(table: pd.DataFrame, name: str) -> pd.Series:
    """A column as stripped text with NaN for empty; all empty where it is absent."""
    if name not in table:
        return pd.Series(np.nan, index=table.index, dtype="str")
    column = table[name]
    if pd.api.types.is_float_dtype(column.dtype):
        column = column.map(_plain_number, na_action="ignore")
    text = column.astype("str").str.strip()
    return text.mask(text == "")


def _usable_rows(raw: pd.DataFrame, rejections: Rejections) -> npt.NDArray[np.int64]:
    ids = text_column(raw, "patient_id")
    missing = ids.isna().to_numpy()
    rejections.add("patients", missing, ids, "patient_id_missing", column="patient_id")
    same = raw.astype("str").duplicated(keep="first").to_numpy() & ~missing
    rejections.note("merged equal patient rows", "patients", int(same.sum()))
    again = ids.where(~missing & ~same).duplicated(keep=False).to_numpy() & ~missing & ~same
    rejections.add("patients", again, ids, "duplicate_patient", column="patient_id")
    return np.flatnonzero(~missing & ~same & ~again)


def _flags(text: pd.Series) -> tuple[pd.Series, npt.NDArray[np.bool_]]:
    folded = text.str.casefold()
    flag = pd.Series(pd.NA, index=text.index, dtype="boolean")
    flag[folded.isin(_TRUE).to_numpy(dtype=bool)] = True
    flag[folded.isin(_FALSE).to_numpy(dtype=bool)] = False
    return flag, (flag.isna() & text.notna()).to_numpy(dtype=bool)


def _out_of_range(table: pd.DataFrame) -> pd.DataFrame:
    """Every failing cell at once (pandera, lazy): columns ``index`` and ``column``."""
    with warnings.catch_warnings():
        # pandera 0.35 imports pyspark where it is installed, and pyspark 4.3 warns of pandas 3.
        warnings.filterwarnings("ignore", "PySpark does not yet", FutureWarning)
        return _failing_cells(table)


def _failing_cells(table: pd.DataFrame) -> pd.DataFrame:
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    columns = {
        name: pa.Column(float, pa.Check.in_range(low, high), nullable=True)
        for name, (low, high) in PATIENT_NUMBERS.items()
    }
    columns |= {
        name: pa.Column(str, pa.Check.isin(allowed), nullable=True)
        for name, allowed in PATIENT_CHOICES.items()
    }
    columns |= {name: pa.Column(pd.BooleanDtype(), nullable=True) for name in PATIENT_FLAGS}
    columns["patient_id"] = pa.Column(str, nullable=False, unique=True)
    try:
        pa.DataFrameSchema(columns).validate(table, lazy=True)
    except SchemaErrors as error:
        failures: pd.DataFrame = error.failure_cases
        return failures[["index", "column"]]
    return pd.DataFrame({"index": [], "column": []})


def _fill_from_product(table: pd.DataFrame, rejections: Rejections) -> None:
    named = {text: find_product(text) for text in table["product"].dropna().unique()}
    for column in ("target_antigen", "costimulatory_domain"):
        known = {text: getattr(p, column) for text, p in named.items() if p is not None}
        implied = table["product"].map(known).astype("str")
        empty = table[column].isna() & implied.notna()
        conflict = (table[column] != implied) & table[column].notna() & implied.notna()
        rejections.note("filled from product", column, int(empty.sum()))
        rejections.note("stated value differs from product", column, int(conflict.sum()))
        table[column] = table[column].where(~empty, implied)
    for text, product in named.items():
        if product is None:
            count = int((table["product"] == text).sum())
            rejections.note("product not in the product table", text, count)


def clean_patients(raw: pd.DataFrame, rejections: Rejections) -> Patients:
    """Every contract column in its type; bad cells emptied, bad rows left out, all recorded."""
    for name in raw.columns:
        if name not in KNOWN_COLUMNS:
            rejections.note("unknown columns (not used)", f"patients.{name}")
    kept = _usable_rows(raw, rejections)
    ids = text_column(raw, "patient_id")
    raw = raw.iloc[kept]

    def reject_cells(mask: npt.NDArray[np.bool_], column: str, reason: str, detail: str) -> None:
        rejections.add("patients", kept[mask], ids, reason, column=column, detail=detail)

    columns: dict[str, pd.Series] = {"patient_id": text_column(raw, "patient_id")}
    time = raw["infusion_time"] if "infusion_time" in raw else text_column(raw, "infusion_time")
    instant, zoned, _ = parse_times(time)
    unread = np.isnat(instant) & time.notna().to_numpy()
    reject_cells(unread, "infusion_time", "time_unreadable", "allowed: ISO 8601")
    columns["infusion_time"] = pd.Series(instant, index=raw.index)
    for name in PATIENT_TEXT:
        columns[name] = text_column(raw, name)
    for name, allowed in PATIENT_CHOICES.items():
        text = text_column(raw, name)
        meant = {t: choice(name, t) for t in text.dropna().unique()}
        columns[name] = text.map(meant).astype("str")
        bad = (columns[name].isna() & text.notna()).to_numpy()
        reject_cells(bad, name, "not_allowed", f"allowed: {', '.join(allowed)}")
        respelled = (columns[name] != text) & columns[name].notna()
        rejections.note("synonyms resolved", name, int(respelled.sum()))
    for name in PATIENT_NUMBERS:
        text = text_column(raw, name)
        columns[name] = pd.Series(numbers(text), index=raw.index)
        bad = (columns[name].isna() & text.notna()).to_numpy()
        reject_cells(bad, name, "text_in_number", "allowed: a number, or empty")
    for name in PATIENT_FLAGS:
        columns[name], bad = _flags(text_column(raw, name))
        reject_cells(bad, name, "not_allowed", "allowed: 0, 1, or empty")
    table = pd.DataFrame(columns).reset_index(drop=True)
    failures = _out_of_range(table)
    for column, rows in failures.groupby("column"):
        positions = rows["index"].to_numpy(dtype=np.int64)
        low, high = PATIENT_NUMBERS[str(column)]
        rejections.add(
            "patients",
            kept[positions],
            ids,
            "out_of_range",
            column=str(column),
            detail=f"allowed: {low:g} to {high:g}",
        )
        table.loc[positions, str(column)] = np.nan
    _fill_from_product(table, rejections)
    return Patients(table, instant, zoned)
