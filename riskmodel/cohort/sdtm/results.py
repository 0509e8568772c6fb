"""Results of LB, VS and ADLB: value, unit, bound and limits of each row."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from riskmodel.arrays import Flags, Floats
from riskmodel.cohort.schema import COMPARATORS, EXACT
from riskmodel.cohort.source.values import read_values
from riskmodel.cohort.source.workspace import coded, words
from riskmodel.cohort.units import find_analyte
from riskmodel.cohort.vocabulary.specimens import is_not_blood
from riskmodel.cohort.written.number_text import Reading, read_number

LABS = pa.schema(
    [
        ("patient_id", words()),
        ("time", pa.string()),
        ("analyte", words()),
        ("value", pa.float64()),
        ("comparator", words()),
        ("unit", words()),
        ("reference_low", pa.float64()),
        ("reference_high", pa.float64()),
        ("refusal", words()),
        ("file", words()),
        ("line", pa.int64()),
        ("entry", pa.int8()),
    ]
)
_SAS_START = np.datetime64("1960-01-01", "s")
_SIGNS = {code: sign for sign, code in COMPARATORS.items()}


def _text(part: pd.DataFrame, name: str) -> pd.Series:
    if name not in part:
        return pd.Series("", index=part.index, dtype="str")
    column = part[name]
    if pd.api.types.is_float_dtype(column.dtype):
        column = column.map(lambda x: f"{x:.15g}", na_action="ignore")
    return column.astype("str").fillna("").str.strip()


def _number(part: pd.DataFrame, name: str) -> Floats:
    if name not in part:
        return np.full(len(part), np.nan)
    return pd.to_numeric(part[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _analytes(
    part: pd.DataFrame,
    prefix: str,
    own: Mapping[str, str],
    tests: Mapping[str, str],
    unread: Counter[str],
) -> tuple[pd.Series, pd.Series]:
    """Analyte of each row, empty for none, and ``not_blood`` where the specimen is another."""
    names = ["TESTCD", "TEST", "LOINC", "SPEC", "CAT"]
    columns = pd.DataFrame({name: _text(part, f"{prefix}{name}") for name in names})
    known: dict[tuple[str, ...], tuple[str, str]] = {}
    counted = Counter(columns.itertuples(index=False, name=None))
    for (code, test, loinc, specimen, category), count in counted.items():
        found = own.get(code) or (find_analyte("", loinc, internal=True) if loinc else None)
        if found is None and not loinc:
            found = tests.get(code.upper()) or find_analyte(test, "", internal=True)
        other = is_not_blood(f"{specimen} / {category}")
        if found is None or (found == "body_weight") != (prefix == "VS"):
            found = None
            if prefix != "VS":
                unread[f"{code or loinc} {test}".strip()[:60]] += count
        known[code, test, loinc, specimen, category] = (found or "", "not_blood" if other else "")
    pairs = [known[key] for key in columns.itertuples(index=False, name=None)]
    index = part.index
    analyte = pd.Series([one for one, _ in pairs], index=index, dtype="str")
    return analyte, pd.Series([refusal for _, refusal in pairs], index=index, dtype="str")


def _adam(part: pd.DataFrame) -> pd.DataFrame:
    """ADLB in the columns of LB: the unit stands in PARAM, times may be SAS numbers."""
    label = _text(part, "PARAM").str.extract(r"^(.*?)\s*(?:\(([^()]*(?:\([^()]*\))?[^()]*)\))?$")
    if "LBDTC" in part and (_text(part, "LBDTC") != "").any():
        time = _text(part, "LBDTC")
    else:
        seconds = _number(part, "ADTM")
        days = _number(part, "ADT") * 86400
        exact = np.where(np.isnan(seconds), days, seconds)
        instant = _SAS_START + np.where(np.isnan(exact), 0, exact).astype("timedelta64[s]")
        shown = pd.Series(np.datetime_as_string(instant), index=part.index, dtype="str")
        shown = shown.str.slice(0, 10).where(np.isnan(seconds), shown)
        time = shown.mask(np.isnan(exact), _text(part, "ADTC"))
    unit = _text(part, "AVALU").where(_text(part, "AVALU") != "", label[1].fillna(""))
    return pd.DataFrame(
        {
            "USUBJID": _text(part, "USUBJID"),
            "LBDTC": time,
            "LBTESTCD": _text(part, "PARAMCD"),
            "LBTEST": label[0].fillna(""),
            "LBSPEC": _text(part, "LBSPEC"),
            "LBCAT": _text(part, "PARCAT1"),
            "LBSTRESN": _number(part, "AVAL"),
            "LBSTRESC": _text(part, "AVALC"),
            "LBSTRESU": unit,
            "LBSTNRLO": _number(part, "ANRLO"),
            "LBSTNRHI": _number(part, "ANRHI"),
            "DTYPE": _text(part, "DTYPE"),
        }
    )


def results(
    domain: str,
    part: pd.DataFrame,
    file: str,
    own: Mapping[str, str],
    tests: Mapping[str, str],
    unread: Counter[str],
) -> pa.Table:
    """The results of a part of LB, VS or ADLB as stored rows of the schema `LABS`.

    Parameters
    ----------
    domain : str
    part : DataFrame
        As read.
    file : str
    own, tests : mapping of str to str
        Analyte by a centre's code, and by LBTESTCD.
    unread : Counter
        Gets what is no analyte.
    """
    line = part.index.to_numpy(dtype=np.int64) + 1
    if domain == "ADLB":
        part = _adam(part)
    prefix = "VS" if domain == "VS" else "LB"
    analyte, refusal = _analytes(part, prefix, own, tests, unread)
    kept = (analyte != "").to_numpy(dtype=bool)
    part, analyte, refusal, line = part[kept], analyte[kept], refusal[kept], line[kept]
    number, standard = _number(part, f"{prefix}STRESN"), _text(part, f"{prefix}STRESC")
    charted = _text(part, f"{prefix}ORRES")
    use_standard = ~np.isnan(number) | (standard != "").to_numpy(dtype=bool)
    found = read_values(number, standard.where(use_standard, charted))
    unit = _text(part, f"{prefix}STRESU").where(use_standard, _text(part, f"{prefix}ORRESU"))
    named = pd.Series(found.unit, index=part.index, dtype="str")
    unit = unit.where(unit != "", named)
    comparator, why = _with_charted(found.comparator, charted, use_standard)
    time = _text(part, f"{prefix}DTC")
    done = (_text(part, f"{prefix}STAT").str.upper() != "NOT DONE").to_numpy(dtype=bool)
    imputed = (_text(part, "DTYPE") != "").to_numpy(dtype=bool)
    reasons = refusal.to_numpy(dtype=object)
    for told in (
        np.where(done, "", "value_absent"),
        np.where(imputed, "value_absent", ""),
        np.array([_time_fault(one) for one in time], dtype=object),
        found.refusal,
        why,
    ):
        reasons = np.where(reasons == "", told, reasons)
    suffix = (f"{prefix}STNR", f"{prefix}ORNR")
    limits = {
        end: np.where(use_standard, _number(part, suffix[0] + end), _number(part, suffix[1] + end))
        for end in ("LO", "HI")
    }
    return pa.table(
        {
            "patient_id": coded(_text(part, "USUBJID")),
            "time": pa.array(time.tolist(), pa.string()),
            "analyte": coded(analyte),
            "value": found.value,
            "comparator": coded(comparator),
            "unit": coded(unit),
            "reference_low": limits["LO"],
            "reference_high": limits["HI"],
            "refusal": coded(reasons),
            "file": coded([file] * len(part)),
            "line": line,
            "entry": np.zeros(len(part), dtype=np.int8),
        }
    )


def _with_charted(
    comparator: npt.NDArray[np.object_],
    charted: pd.Series,
    use_standard: Flags,
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Comparators joined with those of LBORRES, and what contradicts."""
    joined, why = comparator.copy(), np.full(len(charted), "", dtype=object)
    for row in np.flatnonzero(use_standard & (charted != "").to_numpy(dtype=bool)).tolist():
        read = read_number(charted.iloc[row])
        if isinstance(read, Reading) and read.comparator != EXACT:
            sign = _SIGNS[read.comparator]
            if joined[row] and joined[row] != sign:
                why[row] = "value_conflict"
            joined[row] = joined[row] or sign
    return joined, why


def _time_fault(time: str) -> str:
    if not time:
        return "time_missing"
    return "" if len(time) >= 10 and time[4:5] == time[7:8] == "-" else "time_not_a_day"
