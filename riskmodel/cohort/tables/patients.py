"""The patients table: one row per infusion, cells checked, synonyms resolved."""

import re
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import (
    COLUMNS,
    EXACT,
    PATIENT_CHOICES,
    PATIENT_FLAGS,
    PATIENT_NUMBERS,
    PATIENT_TEXT,
)
from riskmodel.cohort.text_codes import Texts, text_column, texts
from riskmodel.cohort.vocabulary.products import choice, stated_product
from riskmodel.cohort.written.notation import Notation
from riskmodel.cohort.written.numbers import only_possible, read_numbers
from riskmodel.cohort.written.times import MIDNIGHT, at_midnight, parse_times

_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d{2,}", re.IGNORECASE)
_TRUE = frozenset(("1", "1.0", "true", "yes", "y", "t"))
_FALSE = frozenset(("0", "0.0", "false", "no", "n", "f"))


@dataclass(frozen=True)
class Patients:
    """The cleaned table, and what aligning times needs of each patient."""

    table: pd.DataFrame
    infusion: npt.NDArray[np.datetime64]
    infusion_zoned: Flags


def _usable_rows(raw: pd.DataFrame, ids: Texts, rejections: Rejections) -> Codes:
    twice = (np.bincount(ids.codes + 1, minlength=1) > 1)[ids.codes + 1] & ~ids.empty
    rejections.add("patients", ids.empty, ids, "patient_id_missing", column="patient_id")
    # Two people of 1.23457E+11 cannot be told apart.
    words = ids.each(lambda word: _SHORTENED.fullmatch(word) is not None, False)
    short = words.astype(bool)[ids.codes]
    rejections.add("patients", short, ids, "patient_id_shortened", column="patient_id")
    same = np.zeros(len(raw), dtype=bool)
    if twice.any():
        cells = raw.loc[twice].astype("str").apply(lambda column: column.str.strip())
        same[twice] = cells.duplicated(keep="first").to_numpy()
    rejections.note("merged equal patient rows", "patients", int(same.sum()))
    same &= ~short
    again = short.copy()
    kept = ~same & ~short
    again[kept] = (np.bincount(ids.codes[kept] + 1, minlength=1) > 1)[ids.codes[kept] + 1]
    again &= ~ids.empty
    rejections.add("patients", again & ~short, ids, "duplicate_patient", column="patient_id")
    return np.flatnonzero(~ids.empty & ~same & ~again)


def _number_column(raw: pd.DataFrame, name: str, decimal: str) -> tuple[Floats, Flags]:
    """Numbers of a column, NaN where empty or unreadable, and which cells are unreadable."""
    if name not in raw:
        return np.full(len(raw), np.nan), np.zeros(len(raw), dtype=bool)
    stated = raw[name]
    column = stated if pd.api.types.is_float_dtype(stated.dtype) else text_column(raw, name)
    found = read_numbers(column, decimal)
    low, high = PATIENT_NUMBERS[name]
    value, one_way = only_possible(found, lambda number: (number >= low) & (number <= high))
    plain = one_way & (found.comparator == EXACT) & found.unit.empty
    value = np.where(plain, value, np.nan)
    return value, np.isnan(value) & column.notna().to_numpy()


def _sexes(text: Texts, meant: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """What each word of a column of sexes means: beside H alone, M may be mujer or masculin."""
    folded = [str(word).strip().casefold() for word in text.words]
    if "h" in folded and "m" in folded and "f" not in folded:
        meant[:-1] = [
            None if word == "m" else one for word, one in zip(folded, meant, strict=False)
        ]
    return meant


def _flag(text: str) -> bool | None:
    folded = text.casefold()
    return True if folded in _TRUE else False if folded in _FALSE else None


def _fill_from_product(
    columns: dict[str, pd.Series], products: Texts, rejections: Rejections
) -> None:
    """Target and domain from the product, where they were not stated."""
    found = products.each(stated_product, None)
    for name in ("target_antigen", "costimulatory_domain"):
        known = np.array([getattr(product, name, None) for product in found], dtype=object)
        implied = pd.Series(known[products.codes], dtype="str")
        empty = columns[name].isna() & implied.notna()
        conflict = (columns[name] != implied) & columns[name].notna() & implied.notna()
        rejections.note("filled from product", name, int(empty.sum()))
        rejections.note("stated value differs from product", name, int(conflict.sum()))
        if empty.any():
            columns[name] = columns[name].where(~empty, implied)
    counts = np.bincount(products.codes[~products.empty], minlength=len(products.words))
    for text, product, count in zip(products.words, found, counts, strict=False):
        if product is None:
            rejections.note("product not in the product table", str(text), int(count))


def clean_patients(raw: pd.DataFrame, rejections: Rejections, notation: Notation) -> Patients:
    """Every contract column in its type; bad cells emptied, bad rows left out, all recorded."""
    for name in raw.columns:
        if name not in COLUMNS["patients"]:
            rejections.note("unknown columns (not used)", f"patients.{name}")
    raw = raw.reset_index(drop=True)
    ids = texts(raw, "patient_id")
    kept = _usable_rows(raw, ids, rejections)
    if len(kept) < len(raw):
        raw = raw.iloc[kept].reset_index(drop=True)

    def reject_cells(mask: Flags, column: str, reason: str, detail: str) -> None:
        rejections.add("patients", kept[mask], ids, reason, column=column, detail=detail)

    columns: dict[str, pd.Series] = {"patient_id": pd.Series(ids.at(kept), dtype="str")}
    time = raw["infusion_time"] if "infusion_time" in raw else text_column(raw, "infusion_time")
    instant, zoned, dates = parse_times(time)
    unread = np.isnat(instant) & time.notna().to_numpy()
    reject_cells(unread, "infusion_time", "time_unreadable", "allowed: ISO 8601")
    columns["infusion_time"] = pd.Series(instant)
    dates = dates | (at_midnight(time) & ("patients" in notation.dates))
    rejections.note(MIDNIGHT, "patients.infusion_time", int((dates & ~np.isnat(instant)).sum()))
    charted = {name: texts(raw, name) for name in (*PATIENT_TEXT, *PATIENT_CHOICES)}
    for name in PATIENT_TEXT:
        columns[name] = pd.Series(charted[name].cells(), dtype="str")
    for name, allowed in PATIENT_CHOICES.items():
        text = charted[name]
        meant = text.each(partial(choice, name), None)
        if name == "sex":
            meant = _sexes(text, meant)
        columns[name] = pd.Series(meant[text.codes], dtype="str")
        bad = columns[name].isna().to_numpy() & ~text.empty
        reject_cells(bad, name, "not_allowed", f"allowed: {', '.join(allowed)}")
        other = np.append(meant[:-1] != text.words, False)[text.codes] & ~bad
        rejections.note("synonyms resolved", name, int(other.sum()))
    for name, (low, high) in PATIENT_NUMBERS.items():
        number, unread = _number_column(raw, name, notation.decimal("patients", name))
        reject_cells(unread, name, "text_in_number", "allowed: a number, or empty")
        outside = (number < low) | (number > high)
        reject_cells(outside, name, "out_of_range", f"allowed: {low:g} to {high:g}")
        columns[name] = pd.Series(np.where(outside, np.nan, number))
    for name in PATIENT_FLAGS:
        text = texts(raw, name)
        meant = text.each(_flag, pd.NA)
        unknown = np.array([value is None for value in meant])[text.codes]
        columns[name] = pd.Series(meant[text.codes], dtype="boolean")
        reject_cells(unknown, name, "not_allowed", "allowed: 0, 1, or empty")
    _fill_from_product(columns, charted["product"], rejections)
    return Patients(pd.DataFrame(columns), instant, zoned)
