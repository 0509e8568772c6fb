"""The labs table: analytes and units resolved, values converted, duplicates merged."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort.patients import Patients, text_column
from riskmodel.cohort.rejection import Rejections
from riskmodel.cohort.results import read_results
from riskmodel.cohort.schema import EXACT, LAB_COLUMNS
from riskmodel.cohort.timeline import HOURS_PER_YEAR, hours_from_infusion
from riskmodel.cohort.units import analytes, find_analyte, resolve
from riskmodel.cohort.values import numbers
from riskmodel.errors import SchemaError, UnitError

ANALYTES = tuple(analytes())
LATE_YEARS = 20
"""Records that much later than the infusion are told of: a shifted or mistyped year, mostly."""

_KNOWN = (
    "patient_id",
    "hours_from_infusion",
    "time",
    "analyte",
    "loinc_code",
    "label",
    "value",
    "comparator",
    "unit",
    "reference_low",
    "reference_high",
)
_ORDER = [
    "patient",
    "hours",
    "analyte",
    "value",
    "comparator",
    "reference_high",
    "reference_low",
]
_PERCENT_OF_WBC = (("anc", "neutrophils_percent"), ("alc", "lymphocytes_percent"))


def reject_bad_times(
    table: str,
    raw: pd.DataFrame,
    code: npt.NDArray[np.int64],
    patients: Patients,
    rejections: Rejections,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Hours of each row, and which rows have a known patient and a usable time."""
    ids = text_column(raw, "patient_id")
    age = patients.table["age_years"].to_numpy()
    hours, reason, date_only = hours_from_infusion(
        raw, code, patients.infusion, patients.infusion_zoned, age
    )
    missing = ids.isna().to_numpy()
    rejections.add(table, missing, ids, "patient_id_missing", column="patient_id")
    rejections.add(table, (code < 0) & ~missing, ids, "unknown_patient", column="patient_id")
    known = code >= 0
    for name in np.unique(reason[known & (reason != "")]):
        rejections.add(table, known & (reason == name), ids, str(name), column="time")
    rejections.note("date without a time of day, read as midnight", table, int(date_only.sum()))
    usable = known & (reason == "")
    late = usable & (hours > LATE_YEARS * HOURS_PER_YEAR)
    late_told = f"{table}: more than {LATE_YEARS} years after the infusion, kept"
    rejections.note("flagged", late_told, int(late.sum()))
    return hours, usable


def patient_codes(raw: pd.DataFrame, patients: Patients) -> npt.NDArray[np.int64]:
    """Patient code of each row, -1 where the patient is not in the cohort."""
    index = pd.Index(patients.table["patient_id"])
    return np.asarray(index.get_indexer(text_column(raw, "patient_id")), dtype=np.int64)


def _resolve_units(
    raw: pd.DataFrame, usable: npt.NDArray[np.bool_], rejections: Rejections
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Analyte index (-1 unusable) and factor of each row; one look-up per combination."""
    ids = text_column(raw, "patient_id")
    parts = [text_column(raw, name).fillna("") for name in ("analyte", "loinc_code", "unit")]
    key = pd.MultiIndex.from_arrays(parts)
    codes, combinations = pd.factorize(key)
    index = np.full(len(combinations), -1, dtype=np.int64)
    factor = np.full(len(combinations), np.nan)
    counts = np.bincount(codes[usable], minlength=len(combinations))
    for k, (name, loinc, unit) in enumerate(combinations):
        if not counts[k]:
            continue
        try:
            found = resolve(name, loinc, unit)
        except UnitError:
            analyte = find_analyte(name, loinc) or ""
            allowed = ", ".join(analytes()[analyte].factors)
            seen = f"analyte {analyte}, unit '{unit}'; allowed: {allowed}"
            reason = "unknown_unit" if unit else "missing_unit"
            rejections.add("labs", usable & (codes == k), ids, reason, column="unit", detail=seen)
            continue
        except SchemaError:
            seen = f"analyte '{name}'" if name else f"LOINC '{loinc}'"
            rejections.add(
                "labs", usable & (codes == k), ids, "unknown_analyte", column="analyte", detail=seen
            )
            continue
        index[k], factor[k] = ANALYTES.index(found.analyte), found.factor
        canonical = analytes()[found.analyte].unit
        if found.factor != 1:
            shown = f"{found.analyte}: {unit} to {canonical}"
            rejections.note("units converted", shown, int(counts[k]))
        if found.note:
            rejections.note("flagged", f"{found.analyte}: {found.note}", int(counts[k]))
    return index[codes], factor[codes]


def _from_percent(labs: pd.DataFrame, rejections: Rejections) -> pd.DataFrame:
    """Add absolute counts from WBC and a percentage at the same time where none was charted."""
    pieces = [labs]
    wbc = labs.loc[labs["analyte"] == "wbc", ["patient", "hours", "value", "comparator"]]
    wbc = wbc.drop_duplicates(["patient", "hours"], keep=False)
    wbc = wbc[wbc["comparator"] == EXACT].drop(columns="comparator")
    for count, percent in _PERCENT_OF_WBC:
        shares = labs[(labs["analyte"] == percent) & (labs["comparator"] == EXACT)]
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
        pieces.append(derived[list(LAB_COLUMNS)])
        rejections.note("derived", f"{count} from wbc and {percent}", len(derived))
    return pd.concat(pieces, ignore_index=True)


def _merged(labs: pd.DataFrame, rejections: Rejections) -> pd.DataFrame:
    """Sort, and keep one of equal results at one time."""
    labs = labs.sort_values(_ORDER, ignore_index=True)
    same = labs.duplicated(_ORDER[:5])
    rejections.note("merged equal results", "labs", int(same.sum()))
    return labs[~same]


def clean_labs(raw: pd.DataFrame, patients: Patients, rejections: Rejections) -> pd.DataFrame:
    """The labs of `Cohort.labs`; every row that cannot be used is recorded with its reason."""
    for name in raw.columns:
        if name not in _KNOWN:
            rejections.note("unknown columns (not used)", f"labs.{name}")
    raw = raw.reset_index(drop=True)
    code = patient_codes(raw, patients)
    hours, usable = reject_bad_times("labs", raw, code, patients, rejections)
    analyte, factor = _resolve_units(raw, usable, rejections)
    usable &= analyte >= 0
    results = read_results(raw, usable, ANALYTES, analyte, factor, rejections)
    references = {
        name: numbers(raw[name]) * factor if name in raw else np.full(len(raw), np.nan)
        for name in ("reference_low", "reference_high")
    }
    labs = pd.DataFrame(
        {
            "patient": code,
            "hours": hours,
            "analyte": pd.Categorical.from_codes(analyte, categories=pd.Index(ANALYTES)),
            "value": results.value,
            "comparator": results.comparator,
            **references,
        }
    )[results.usable]
    labs = _from_percent(_merged(labs, rejections), rejections)
    labs = labs.sort_values(_ORDER, ignore_index=True)
    differing = labs.duplicated(["patient", "hours", "analyte"], keep=False)
    rejections.note("differing results at one time, both kept", "labs", int(differing.sum()))
    return labs
