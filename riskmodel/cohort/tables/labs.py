"""The labs table: analytes and units resolved, values converted, duplicates merged."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes, Flags
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import COLUMNS, EXACT, LAB_COLUMNS
from riskmodel.cohort.tables.lab_results import Meanings, read_results
from riskmodel.cohort.tables.limits import reference_limits
from riskmodel.cohort.tables.patients import Patients
from riskmodel.cohort.tables.withdrawn import replaced, withdrawn
from riskmodel.cohort.text_codes import Texts, texts
from riskmodel.cohort.units import analytes, find_analyte, resolve, same_size
from riskmodel.cohort.written.notation import Notation
from riskmodel.cohort.written.numbers import read_numbers
from riskmodel.cohort.written.times import (
    HOURS_PER_YEAR,
    MIDNIGHT,
    TIME_FAULTS,
    Hours,
    hours_from_infusion,
)
from riskmodel.errors import SchemaError, UnitError

ANALYTES = tuple(analytes())
LATE_YEARS = 20
"""Records that much later than the infusion are told of: a shifted or mistyped year, mostly."""

RESULT_ORDER: Sequence[str] = (
    "patient",
    "hours",
    "analyte",
    "value",
    "comparator",
    "reference_high",
    "reference_low",
)
SAME_RESULT, SAME_TIME = RESULT_ORDER[:5], RESULT_ORDER[:3]
_PERCENT_OF_WBC = (("anc", "neutrophils_percent"), ("alc", "lymphocytes_percent"))


def reject_bad_times(
    table: str,
    raw: pd.DataFrame,
    ids: Texts,
    code: Codes,
    patients: Patients,
    rejections: Rejections,
    notation: Notation,
) -> tuple[Hours, Flags]:
    """Time of each row, and which rows have a known patient and a usable time."""
    found = hours_from_infusion(
        raw,
        code,
        patients.infusion,
        patients.infusion_zoned,
        patients.table["age_years"].to_numpy(),
        decimal=notation.decimal(table, "hours_from_infusion"),
        midnights_are_dates=table in notation.dates,
    )
    hours, fault = found.hours, found.fault
    known = code >= 0
    rejections.add(table, ids.empty, ids, "patient_id_missing", column="patient_id")
    rejections.add(table, ~known & ~ids.empty, ids, "unknown_patient", column="patient_id")
    for name, k in sorted(zip(TIME_FAULTS, range(1, len(TIME_FAULTS) + 1), strict=True)):
        rejections.add(table, known & (fault == k), ids, name, column="time")
    rejections.note(MIDNIGHT, table, int((found.date_only & ~found.infusion_day).sum()))
    midnight = found.midnight & known & (fault == 0)
    told = "time of day is midnight, kept; a date without one?"
    rejections.note(told, table, int(midnight.sum()))
    usable = known & (fault == 0)
    late = usable & (hours > LATE_YEARS * HOURS_PER_YEAR)
    late_told = f"{table}: more than {LATE_YEARS} years after the infusion, kept"
    rejections.note("flagged", late_told, int(late.sum()))
    return found, usable


def patient_codes(ids: Texts, patients: Patients) -> Codes:
    """Patient code of each row, -1 where the patient is not in the cohort."""
    known = pd.Index(patients.table["patient_id"])
    of_word = known.get_indexer(pd.Index(ids.words, dtype="str"))
    return np.asarray(np.append(of_word, -1)[ids.codes], dtype=np.int64)


def _meanings(
    raw: pd.DataFrame, unit: Texts, usable: Flags, ids: Texts, rejections: Rejections
) -> Meanings:
    """Analyte and unit of each row; one look-up per combination."""
    columns = [texts(raw, "analyte"), texts(raw, "loinc_code"), unit]
    sizes = [len(column.words) + 1 for column in columns]
    packed = np.ravel_multi_index([column.codes + 1 for column in columns], sizes)
    code, distinct = pd.factorize(packed)
    places = np.column_stack(np.unravel_index(distinct, sizes)) - 1
    analyte = np.full(len(distinct), -1, dtype=np.int64)
    factor = np.full(len(distinct), np.nan)
    counts = np.bincount(code[usable], minlength=len(distinct))
    for k, place in enumerate(places.tolist()):
        if not counts[k]:
            continue
        name, loinc, spelled = (
            str(column.words[at]) if at >= 0 else ""
            for column, at in zip(columns, place, strict=True)
        )
        try:
            found = resolve(name, loinc, spelled)
        except UnitError:
            known = find_analyte(name, loinc) or ""
            allowed = ", ".join(analytes()[known].factors)
            seen = f"analyte {known}, unit '{spelled}'; allowed: {allowed}"
            reason = "unknown_unit" if spelled else "missing_unit"
            rejections.add("labs", usable & (code == k), ids, reason, column="unit", detail=seen)
            continue
        except SchemaError:
            given = (f"analyte '{name}'" if name else "", f"LOINC '{loinc}'" if loinc else "")
            seen = ", ".join(filter(None, given))
            rejections.add(
                "labs", usable & (code == k), ids, "unknown_analyte", column="analyte", detail=seen
            )
            continue
        analyte[k], factor[k] = ANALYTES.index(found.analyte), found.factor
        if found.factor != 1:
            shown = f"{found.analyte}: {spelled} to {analytes()[found.analyte].unit}"
            rejections.note("units converted", shown, int(counts[k]))
        if found.note:
            rejections.note("flagged", f"{found.analyte}: {found.note}", int(counts[k]))
    return Meanings(np.asarray(code, dtype=np.int64), analyte, factor)


def _units(raw: pd.DataFrame, beside: Texts) -> tuple[Texts, Flags]:
    """Unit of each row, also from the text of its value; and where the two say different things."""
    stated = texts(raw, "unit")
    if beside.empty.all():
        return stated, np.zeros(len(raw), dtype=bool)
    differing = np.zeros(len(raw), dtype=bool)
    pairs = stated.codes * len(beside.words) + beside.codes
    for pair in np.unique(pairs[~stated.empty & ~beside.empty]).tolist():
        one, other = divmod(pair, len(beside.words))
        if not same_size(str(stated.words[one]), str(beside.words[other])):
            differing |= ~stated.empty & ~beside.empty & (pairs == pair)
    words = np.concatenate([stated.words, beside.words])
    codes = np.where(stated.empty & ~beside.empty, beside.codes + len(stated.words), stated.codes)
    return Texts(codes, words), differing


def _from_percent(labs: pd.DataFrame, rejections: Rejections) -> pd.DataFrame:
    """Add absolute counts from WBC and a percentage at the same time where none was charted."""
    pieces = [labs]
    wbc = labs.loc[labs["analyte"] == "wbc", ["patient", "hours", "value", "comparator"]]
    wbc = wbc.drop_duplicates(["patient", "hours"], keep=False)
    wbc = wbc[wbc["comparator"] == EXACT].drop(columns="comparator")
    for count, percent in _PERCENT_OF_WBC:
        shares = labs[(labs["analyte"] == percent) & (labs["comparator"] == EXACT)]
        if shares.empty:
            continue
        shares = shares.drop_duplicates(["patient", "hours"], keep=False)
        joined = shares.merge(wbc, on=["patient", "hours"], suffixes=("", "_wbc"))
        direct = labs.loc[labs["analyte"] == count, ["patient", "hours"]].drop_duplicates()
        joined = joined.merge(direct, on=["patient", "hours"], how="left", indicator=True)
        joined = joined[joined["_merge"] == "left_only"]
        derived = joined.assign(
            analyte=pd.Categorical([count] * len(joined), categories=ANALYTES),
            value=joined["value"] / 100 * joined["value_wbc"],
            reference_low=np.nan,
            reference_high=np.nan,
        )
        if len(derived):
            pieces.append(derived[list(LAB_COLUMNS)])
        rejections.note("derived", f"{count} from wbc and {percent}", len(derived))
    return pd.concat(pieces, ignore_index=True) if len(pieces) > 1 else labs


def _merged(labs: pd.DataFrame, rejections: Rejections) -> pd.DataFrame:
    """Sort, and keep one of equal results at one time."""
    labs = sorted_results(labs)
    same = repeats(labs, SAME_RESULT)
    rejections.note("merged equal results", "labs", int(same.sum()))
    return labs[~same] if same.any() else labs


def clean_labs(
    raw: pd.DataFrame, patients: Patients, rejections: Rejections, notation: Notation
) -> pd.DataFrame:
    """The labs of `Cohort.labs`; every row that cannot be used is recorded with its reason."""
    for name in raw.columns:
        if name not in COLUMNS["labs"]:
            rejections.note("unknown columns (not used)", f"labs.{name}")
    raw = raw.reset_index(drop=True)
    ids = texts(raw, "patient_id")
    code = patient_codes(ids, patients)
    times, usable = reject_bad_times("labs", raw, ids, code, patients, rejections, notation)
    around = usable & times.infusion_day
    rejections.add("labs", around, ids, "time_around_infusion", column="time")
    usable &= ~around
    usable = withdrawn(raw, usable, ids, rejections)
    charted = read_numbers(raw["value"], notation.decimal("labs", "value"))
    unit, differing_unit = _units(raw, charted.unit)
    rejections.add("labs", usable & differing_unit, ids, "unit_conflict", column="value")
    usable &= ~differing_unit
    meanings = _meanings(raw, unit, usable, ids, rejections)
    analyte, factor = meanings.row_analyte, meanings.row_factor
    usable &= analyte >= 0
    usable = replaced(raw, code, times.hours, analyte, usable, ids, rejections)
    results = read_results(raw, usable, ANALYTES, meanings, charted, ids, rejections)
    rejections.note("flags of a laboratory beside values", "labs", charted.flagged)
    low, high = reference_limits(raw, results.usable, unit, ids, rejections, notation)
    labs = pd.DataFrame(
        {
            "patient": code,
            "hours": times.hours,
            "analyte": pd.Categorical.from_codes(analyte, categories=pd.Index(ANALYTES)),
            "value": results.value,
            "comparator": results.comparator,
            "reference_low": low * factor,
            "reference_high": high * factor,
        }
    )
    if not results.usable.all():
        labs = labs[results.usable]
    labs = sorted_results(_from_percent(_merged(labs, rejections), rejections))
    again = repeats(labs, SAME_TIME)
    differing = again | np.append(again[1:], False)[: len(again)]
    rejections.note("differing results at one time, both kept", "labs", int(differing.sum()))
    return labs


def sorted_results(labs: pd.DataFrame) -> pd.DataFrame:
    """Rows by `RESULT_ORDER` with a fresh index, NaN last; rows in order already do not move.

    Parameters
    ----------
    labs : DataFrame of shape (n, any)
        With the columns of `RESULT_ORDER`; ``patient`` from 0, ``hours`` without NaN.
    """
    order = _order([_values(labs, name) for name in RESULT_ORDER])
    return (
        labs.reset_index(drop=True)
        if order is None
        else labs.take(order, axis=0).reset_index(drop=True)
    )


def _order(columns: Sequence[npt.NDArray[np.generic]]) -> Codes | None:
    """Positions in order, None where the rows stand in order."""
    patient, hours, analyte, *rest = columns
    if len(patient) == 0:
        return None
    # Numbering the hours makes of three keys one, and sorting one integer is several times
    # cheaper than sorting by three columns in turn.
    times, hour = np.unique(hours, return_inverse=True)
    kinds = int(analyte.max()) + 2
    key = (patient.astype(np.int64) * len(times) + hour) * kinds + analyte + 1
    order = None
    if not bool(np.all(key[1:] >= key[:-1])):
        order = np.argsort(key)
        key = key[order]
    tied = np.flatnonzero(key[1:] == key[:-1])
    if len(tied):
        places = np.union1d(tied, tied + 1)
        order = np.arange(len(key)) if order is None else order
        among = order[places]
        # By place at last: a sort of one key leaves its ties in any order.
        order[places] = among[
            np.lexsort((among, *(column[among] for column in reversed(rest)), key[places]))
        ]
    return order


def _values(labs: pd.DataFrame, name: str) -> npt.NDArray[np.generic]:
    """Values of a column to compare by, of the analyte its place."""
    column = labs[name]
    return column.cat.codes.to_numpy() if name == "analyte" else column.to_numpy()


def repeats(labs: pd.DataFrame, columns: Sequence[str]) -> Flags:
    """Whether each row of sorted labs is the row before it in these columns; NaN equals nothing."""
    same = np.ones(len(labs), dtype=bool)
    same[:1] = False
    for name in columns:
        values = _values(labs, name)
        same[1:] &= values[1:] == values[:-1]
    return same
