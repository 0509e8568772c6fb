"""The patients table: one row per infusion, cells checked, synonyms resolved."""

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
from riskmodel.cohort.texts import text_column
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


def _usable_rows(raw: pd.DataFrame, rejections: Rejections) -> npt.NDArray[np.int64]:
    ids = text_column(raw, "patient_id")
    missing = ids.isna().to_numpy()
    rejections.add("patients", missing, ids, "patient_id_missing", column="patient_id")
    same = raw.astype("str").duplicated(keep="first").to_numpy() & ~missing
    rejections.note("merged equal patient rows", "patients", int(same.sum()))
    again = ids.where(~missing & ~same).duplicated(keep=False).to_numpy() & ~missing & ~same
    rejections.add("patients", again, ids, "duplicate_patient", column="patient_id")
    return np.flatnonzero(~missing & ~same & ~again)


def _number_column(
    raw: pd.DataFrame, name: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Numbers of a column, NaN where empty or unreadable, and which cells are unreadable."""
    stated = raw[name] if name in raw else text_column(raw, name)
    column = stated if pd.api.types.is_float_dtype(stated.dtype) else text_column(raw, name)
    found = numbers(column)
    return found, np.isnan(found) & column.notna().to_numpy()


def _flags(text: pd.Series) -> tuple[pd.Series, npt.NDArray[np.bool_]]:
    folded = text.str.casefold()
    flag = pd.Series(pd.NA, index=text.index, dtype="boolean")
    flag[folded.isin(_TRUE).to_numpy(dtype=bool)] = True
    flag[folded.isin(_FALSE).to_numpy(dtype=bool)] = False
    return flag, (flag.isna() & text.notna()).to_numpy(dtype=bool)


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
        number, unread = _number_column(raw, name)
        columns[name] = pd.Series(number, index=raw.index)
        reject_cells(unread, name, "text_in_number", "allowed: a number, or empty")
    for name in PATIENT_FLAGS:
        columns[name], bad = _flags(text_column(raw, name))
        reject_cells(bad, name, "not_allowed", "allowed: 0, 1, or empty")
    table = pd.DataFrame(columns).reset_index(drop=True)
    for name, (low, high) in PATIENT_NUMBERS.items():
        outside = ((table[name] < low) | (table[name] > high)).to_numpy()
        reject_cells(outside, name, "out_of_range", f"allowed: {low:g} to {high:g}")
        table.loc[outside, name] = np.nan
    _fill_from_product(table, rejections)
    return Patients(table, instant, zoned)
