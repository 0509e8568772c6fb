"""Results of LB, VS and ADLB: value, unit, bound and limits of each row."""

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from riskmodel.arrays import Flags, Floats
from riskmodel.cohort.schema import COMPARATORS
from riskmodel.cohort.sdtm.cells import text_of, texts_of
from riskmodel.cohort.sdtm.study_days import dated, day_fault, is_day
from riskmodel.cohort.sdtm.terms import meaning
from riskmodel.cohort.source.values import read_values
from riskmodel.cohort.source.workspace import coded, words
from riskmodel.cohort.units import find_analyte, recorded, unit_factor
from riskmodel.cohort.vocabulary.specimens import is_not_blood
from riskmodel.cohort.written.number_text import Reading, read_number
from riskmodel.cohort.written.numbers import signs_of

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
_COMPUTED = r"\b(?:log(?:10|e)?|ln|change|ratio|fold|maximum|minimum|average|mean|median|slope)\b"
"""Words of a PARAM by which its AVAL is computed from results and is none."""

_ROUNDED = 0.03
"""Share of a result within which a conversion may be rounded, beside its last figure."""

_SIGNS = {code: sign for sign, code in COMPARATORS.items()}


def _number(part: pd.DataFrame, name: str) -> Floats:
    if name not in part:
        return np.full(len(part), np.nan)
    return pd.to_numeric(part[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _analytes(
    part: pd.DataFrame,
    prefix: str,
    own: Mapping[str, str],
    unread: Counter[str],
) -> tuple[pd.Series, pd.Series]:
    """Analyte of each row, empty for none, and ``not_blood`` where the specimen is another."""
    names = ["TESTCD", "TEST", "LOINC", "SPEC", "CAT", "SCAT", "METHOD"]
    columns = pd.DataFrame({name: text_of(part, f"{prefix}{name}") for name in names})
    known: dict[tuple[str, ...], tuple[str, str]] = {}
    counted = Counter(columns.itertuples(index=False, name=None))
    for key, count in counted.items():
        code, test, loinc, *others = key
        found = own.get(code) or (find_analyte("", loinc, internal=True) if loinc else None)
        if found is None and not loinc:
            found = meaning("tests").get(code.upper()) or find_analyte(test, "", internal=True)
        other = is_not_blood(" / ".join((test, *others)))
        if found is None or (found == "body_weight") != (prefix == "VS"):
            found = None
            if prefix != "VS":
                unread[f"{code or loinc} {test}".strip()[:60]] += count
        known[key] = (found or "", "not_blood" if other else "")
    pairs = [known[key] for key in columns.itertuples(index=False, name=None)]
    index = part.index
    analyte = pd.Series([one for one, _ in pairs], index=index, dtype="str")
    return analyte, pd.Series([refusal for _, refusal in pairs], index=index, dtype="str")


def _adam(part: pd.DataFrame) -> pd.DataFrame:
    """ADLB in the columns of LB: the unit stands in PARAM, times may be SAS numbers."""
    label = text_of(part, "PARAM").str.extract(r"^(.*?)\s*(?:\(([^()]*(?:\([^()]*\))?[^()]*)\))?$")
    if "LBDTC" in part and (text_of(part, "LBDTC") != "").any():
        time = text_of(part, "LBDTC")
    else:
        seconds = _number(part, "ADTM")
        days = _number(part, "ADT") * 86400
        exact = np.where(np.isnan(seconds), days, seconds)
        instant = _SAS_START + np.where(np.isnan(exact), 0, exact).astype("timedelta64[s]")
        shown = pd.Series(np.datetime_as_string(instant), index=part.index, dtype="str")
        shown = shown.str.slice(0, 10).where(np.isnan(seconds), shown)
        # Dataset-JSON and CSV may hold dates as ISO 8601 text.
        for name in ("ADTM", "ADT", "ADTC"):
            told = text_of(part, name)
            missing = np.isnan(exact) & told.map(is_day).to_numpy(dtype=bool)
            shown = shown.where(~missing, told)
            exact = np.where(missing, 0.0, exact)
        time = shown.mask(np.isnan(exact), "")
    unit = text_of(part, "AVALU").where(text_of(part, "AVALU") != "", label[1].fillna(""))
    return pd.DataFrame(
        {
            "USUBJID": text_of(part, "USUBJID"),
            "LBDTC": time,
            "LBDY": text_of(part, "ADY").where(time == "", ""),
            "LBTESTCD": text_of(part, "PARAMCD"),
            "LBTEST": label[0].fillna(""),
            "LBSPEC": text_of(part, "LBSPEC"),
            "LBCAT": text_of(part, "PARCAT1"),
            "LBSTRESN": _number(part, "AVAL"),
            "LBSTRESC": text_of(part, "AVALC"),
            "LBSTRESU": unit,
            "LBSTNRLO": _number(part, "ANRLO"),
            "LBSTNRHI": _number(part, "ANRHI"),
            "DTYPE": text_of(part, "DTYPE")
            .where(text_of(part, "PARAMTYP").str.upper() != "DERIVED", "DERIVED")
            .mask(label[0].fillna("").str.contains(_COMPUTED, case=False, regex=True), "DERIVED"),
        }
    )


def results(
    domain: str,
    part: pd.DataFrame,
    file: str,
    own: Mapping[str, str],
    starts: Mapping[str, str],
    unread: Counter[str],
    days: Counter[str],
    decimal: str = "",
) -> pa.Table:
    """The results of a part of LB, VS or ADLB as stored rows of the schema `LABS`.

    Parameters
    ----------
    domain : str
    part : DataFrame
        As read.
    file : str
    own : mapping of str to str
        Analyte by a centre's code.
    starts : mapping of str to str
        Reference start (RFSTDTC) by subject.
    unread : Counter
        Gets what is no analyte.
    days : Counter
        Gets what is told of dates and study days: see `dated`.
    decimal : {"", ",", "."}
        See `read_sdtm`.
    """
    line = part.index.to_numpy(dtype=np.int64) + 1
    if domain == "ADLB":
        part = _adam(part)
    prefix = "VS" if domain == "VS" else "LB"
    analyte, refusal = _analytes(part, prefix, own, unread)
    kept = (analyte != "").to_numpy(dtype=bool)
    part, analyte, refusal, line = part[kept], analyte[kept], refusal[kept], line[kept]
    number, standard = _number(part, f"{prefix}STRESN"), text_of(part, f"{prefix}STRESC")
    charted = text_of(part, f"{prefix}ORRES")
    use_standard = ~np.isnan(number) | (standard != "").to_numpy(dtype=bool)
    found = read_values(number, standard.where(use_standard, charted), decimal=decimal)
    unit = text_of(part, f"{prefix}STRESU").where(use_standard, text_of(part, f"{prefix}ORRESU"))
    named = pd.Series(found.unit, index=part.index, dtype="str")
    unit = unit.where(unit != "", named)
    beside = pd.DataFrame({"analyte": analyte, "value": found.value, "unit": unit,
                           "sign": found.comparator, "charted": charted,
                           "charted_unit": text_of(part, f"{prefix}ORRESU")})  # fmt: skip
    comparator, why = _with_charted(beside, use_standard, decimal)
    triple = zip(*texts_of(part, f"{prefix}DTC", f"{prefix}DY", "USUBJID"), strict=True)
    when = [dated(one, day, starts.get(who, "")) for one, day, who in triple]
    time = pd.Series([one for one, _ in when], index=part.index, dtype="str")
    days.update(told for _, told in when)
    done = (text_of(part, f"{prefix}STAT").str.upper() != "NOT DONE").to_numpy(dtype=bool)
    imputed = (text_of(part, "DTYPE") != "").to_numpy(dtype=bool)
    reasons = refusal.to_numpy(dtype=object)
    for told in (
        np.where(done, "", "value_absent"),
        np.where(imputed, "value_absent", ""),
        np.array([day_fault(one) for one in time], dtype=object),
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
            "patient_id": coded(text_of(part, "USUBJID")),
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
    rows: pd.DataFrame, use_standard: Flags, decimal: str
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Comparators joined with those of LBORRES, and where that says something else.

    Parameters
    ----------
    rows : DataFrame of shape (n,)
        ``analyte, value, unit, sign`` as standardised, ``charted, charted_unit``.
    use_standard : bool array of shape (n,)
        Where there is a standardised result.
    decimal : {"", ",", "."}
    """
    asked = use_standard & (rows["charted"] != "").to_numpy(dtype=bool)
    sign, why = rows["sign"].to_numpy(dtype=object, copy=True), np.full(len(rows), "", object)
    signs = signs_of(rows["charted"][asked])
    decimal = decimal or (signs.pop() if len(signs) == 1 else "")
    told = list(rows.itertuples(index=False, name=None))
    for row in np.flatnonzero(asked).tolist():
        analyte, value, unit, own, charted, charted_unit = told[row]
        read = _read(charted, decimal)
        if isinstance(read, str):
            why[row] = "value_conflict"
            continue
        stated = _SIGNS[read.comparator]
        if (own and stated and own != stated) or _differ(analyte, value, unit, read, charted_unit):
            why[row] = "value_conflict"
        sign[row] = own or stated
    return sign, why


@lru_cache(maxsize=65536)
def _read(text: str, decimal: str) -> Reading | str:
    return read_number(text, decimal)


def _differ(analyte: str, value: float, unit: str, read: Reading, charted_unit: str) -> bool:
    """Whether a result and the one that it was standardised from are different numbers."""
    entry = recorded()[analyte]
    given = read.unit or charted_unit
    factors = [unit_factor(entry, one) if one else None for one in (unit, given)]
    if np.isnan(value) or None in factors or given in entry.unverified_units:
        return False
    standard, charted = (factor for factor in factors if factor is not None)
    last = 0.6 * 10.0 ** -len(f"{value:.10g}".partition(".")[2])
    allowed = max(_ROUNDED * abs(value), last) * standard
    both = (one * charted - value * standard for one in (read.value, read.other))
    return not any(abs(apart) <= allowed for apart in both)
