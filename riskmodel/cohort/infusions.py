"""Which record is a CAR-T infusion, and which infusion of a patient is hour 0.

Every reader uses these: the default codes stand in infusions.toml, product names in
products.toml, and a list of infusions (`--infusions FILE`) goes before what is recorded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from riskmodel.cohort.frames import read_csv, read_parquet
from riskmodel.cohort.mapping import CodeMapping
from riskmodel.cohort.products import find_product
from riskmodel.cohort.rejection import Rejections
from riskmodel.cohort.timeline import parse_times
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

INFUSION_COLUMNS = ("patient_id", "infusion_time", "product")
_DAY = np.timedelta64(24, "h")


def fold_code(code: str) -> str:
    """A code without case, spaces and dots, and without the system before it.

    Examples
    --------
    >>> fold_code("PROCEDURE//ICD10PCS//xw0 33c3"), fold_code("ICD10PCS:XW033C3")
    ('XW033C3', 'XW033C3')
    """
    return re.sub(r"[\s.]", "", re.split(r"//|[:|]", code)[-1]).upper()


@cache
def _table() -> tuple[Mapping[str, str], int]:
    read = read_toml(Path(__file__).parent / "infusions.toml")
    codes = {fold_code(entry["code"]): entry["product"] for entry in read["code"]}
    return codes, read["rule"]["same_infusion_days"]


def same_infusion_days() -> int:
    """Records within this many days of the first are one infusion."""
    return _table()[1]


@dataclass(frozen=True)
class InfusionCodes:
    """Codes and names that mean a CAR-T infusion.

    Attributes
    ----------
    codes : mapping of str to str
        Product by folded code, empty where the code does not tell it.
    names : tuple of str
        Further product names of a centre.
    """

    codes: Mapping[str, str]
    names: tuple[str, ...] = ()

    def product_of(self, *, code: str = "", text: str = "") -> str | None:
        """Product of a record, empty where unknown; None where the record is no infusion.

        Parameters
        ----------
        code : str
            Procedure or drug code, with or without its system.
        text : str
            Name of the drug or procedure.

        Examples
        --------
        >>> infusion_codes(CodeMapping()).product_of(code="ICD10PCS//XW033H7")
        'axicabtagene ciloleucel'
        >>> infusion_codes(CodeMapping()).product_of(code="99213", text="office visit") is None
        True
        """
        named = find_product(text) if text else None
        known = self.codes.get(fold_code(code)) if code else None
        if known is not None:
            return known or (named.name if named else "")
        if named is not None:
            return named.name
        folded = text.casefold()
        return next((name for name in self.names if name.casefold() in folded), None)


def infusion_codes(mapping: CodeMapping) -> InfusionCodes:
    """The default codes and those of a mapping."""
    own = {fold_code(code): "" for code in mapping.infusion_codes}
    return InfusionCodes(codes={**own, **_table()[0]}, names=mapping.infusion_names)


def read_infusions(path: Path, rejections: Rejections) -> pd.DataFrame:
    """Read a list of infusions.

    Parameters
    ----------
    path : Path
        ``.csv`` or ``.parquet`` with ``patient_id``, ``infusion_time`` (ISO 8601) and,
        optionally, ``product``.
    rejections : Rejections
        Gets the rows without a patient or a readable time.

    Returns
    -------
    DataFrame
        ``patient_id, infusion_time, product`` as text.

    Raises
    ------
    SchemaError
        When the file is absent, unreadable, empty or lacks a needed column.
    """
    if not path.is_file():
        raise SchemaError(
            f"List of infusions '{path}' does not exist. Give a .csv or .parquet file."
        )
    ending = path.suffix.lower()
    if ending not in (".csv", ".parquet"):
        raise SchemaError(
            f"List of infusions '{path}' ends in '{ending}'. Allowed endings: .csv, .parquet."
        )
    raw = read_csv(path, "patients", rejections) if ending == ".csv" else read_parquet(path)
    missing = [name for name in INFUSION_COLUMNS[:2] if name not in raw.columns]
    if missing:
        seen = ", ".join(map(str, raw.columns[:12])) or "none"
        raise SchemaError(
            f"List of infusions '{path}' has no column {' and no column '.join(missing)} (columns "
            f"seen: {seen}). Needed: patient_id, infusion_time; product is optional."
        )
    if "product" not in raw:
        raw["product"] = np.nan
    for name in raw.columns:
        if name not in INFUSION_COLUMNS:
            rejections.note("unknown columns (not used)", f"infusions.{name}")
    table = pd.DataFrame({name: _text(raw[name]) for name in INFUSION_COLUMNS})
    ids = table["patient_id"]
    nobody = ids.isna().to_numpy()
    empty = table["infusion_time"].isna().to_numpy() & ~nobody
    unread = np.isnat(parse_times(table["infusion_time"])[0]) & ~nobody & ~empty
    for rows, reason, column in (
        (nobody, "patient_id_missing", "patient_id"),
        (empty, "time_missing", "infusion_time"),
        (unread, "time_unreadable", "infusion_time"),
    ):
        where = "in the list of infusions"
        rejections.add("patients", rows, ids, reason, column=column, detail=where)
    usable = table[~nobody & ~empty & ~unread].reset_index(drop=True)
    if usable.empty:
        raise SchemaError(f"List of infusions '{path}' has no usable row. Add patients.")
    return usable


def _text(column: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(column.dtype):
        column = column.map(lambda x: f"{x:.15g}", na_action="ignore")
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = column.map(lambda x: x.isoformat(), na_action="ignore")
    text = column.astype("str").str.strip()
    return text.mask(text == "")


@dataclass(frozen=True)
class Chosen:
    """Hour 0 of every patient, and the other infusions.

    Attributes
    ----------
    patients : DataFrame
        ``patient_id, infusion_time, product, prior_car_t``, one row per patient: text, and
        ``1`` or empty for ``prior_car_t``. Sorted by patient (numbers by value).
    events : DataFrame
        ``patient_id, event, time, value``: a ``new_cell_therapy`` for every later infusion.
    """

    patients: pd.DataFrame
    events: pd.DataFrame


def _prepared(records: pd.DataFrame, listed: bool) -> pd.DataFrame:
    table = pd.DataFrame(
        {name: _text(records[name]) for name in INFUSION_COLUMNS}, columns=list(INFUSION_COLUMNS)
    )
    instant, _, dated = parse_times(table["infusion_time"])
    day = instant.astype("datetime64[D]")
    midnight = dated | (instant == day)
    return table.assign(instant=instant, day=day, midnight=midnight, listed=listed)


def _order(ids: pd.Series) -> pd.Series:
    number = pd.to_numeric(ids, errors="coerce")
    return number if bool(number.notna().all()) else ids


def choose_infusions(
    records: pd.DataFrame, listed: pd.DataFrame | None, rejections: Rejections
) -> Chosen:
    """Choose hour 0 of every patient.

    A list, where given, says who belongs to the cohort and when hour 0 is: the first listed
    infusion of each patient. Without a list it is the first infusion in the record. Records
    within `same_infusion_days` of the one before belong to the same infusion. Of records on the
    day of hour 0 the first that holds a time of day gives the time: a date alone reads as
    midnight, before that day's samples. The product is the first named on that day. Infusions
    after hour 0 become ``new_cell_therapy`` events, infusions before it set ``prior_car_t``.

    Parameters
    ----------
    records, listed : DataFrame
        ``patient_id, infusion_time, product``, times as ISO 8601 text.
    rejections : Rejections
        Gets recorded infusions whose time cannot be read, and counts.

    Returns
    -------
    Chosen
    """
    found = _prepared(records, False)
    unread = found["instant"].isna().to_numpy()
    ids = found["patient_id"]
    rejections.add("patients", unread, ids, "time_unreadable", column="infusion_time")
    found = found[~unread]
    if listed is not None:
        wanted = _prepared(listed, True)
        outside = ~found["patient_id"].isin(set(wanted["patient_id"]))
        count = found.loc[outside, "patient_id"].nunique()
        rejections.note("patients with a recorded infusion, not in the list", "patients", count)
        found = pd.concat([wanted, found[~outside]], ignore_index=True)
    found = found.assign(order=_order(found["patient_id"])).sort_values(
        ["order", "instant"], kind="stable", ignore_index=True
    )
    start = found[found["listed"]] if listed is not None else found
    index_day = start.groupby("patient_id", sort=False)["day"].min()
    found["index_day"] = found["patient_id"].map(index_day)
    found["of_list"] = listed is not None
    same_day = found[(found["day"] == found["index_day"]) & (found["listed"] == found["of_list"])]
    timed = same_day.sort_values(["order", "midnight", "instant"], kind="stable")
    chosen = timed.drop_duplicates("patient_id").set_index("patient_id")
    named = found[(found["day"] == found["index_day"]) & found["product"].notna()]
    named = named.sort_values(["order", "listed"], ascending=[True, False], kind="stable")
    product = named.drop_duplicates("patient_id").set_index("patient_id")["product"]
    rejections.note(
        "infusion without a time of day, read as midnight",
        "patients",
        int(chosen["midnight"].sum()),
    )
    window = np.timedelta64(same_infusion_days(), "D")
    zero = found["patient_id"].map(chosen["instant"])
    gap = found["instant"] - zero
    before = found[gap < -window]
    after = found[gap > window].copy()
    rejections.note(
        "records of one infusion merged",
        "patients",
        len(found) - len(before) - len(after) - len(chosen),
    )
    again = after.groupby("patient_id", sort=False)["instant"].diff()
    later = after[~(again <= window)]
    patients = pd.DataFrame(
        {
            "patient_id": chosen.index,
            "infusion_time": chosen["infusion_time"].to_numpy(),
            "product": product.reindex(chosen.index).to_numpy(),
            "prior_car_t": chosen.index.isin(set(before["patient_id"])).astype("int8"),
        }
    )
    flag = patients["prior_car_t"].astype("str")
    patients["prior_car_t"] = flag.mask(flag == "0")
    events = pd.DataFrame(
        {
            "patient_id": later["patient_id"].to_numpy(),
            "event": "new_cell_therapy",
            "time": later["infusion_time"].to_numpy(),
            "value": later["product"].to_numpy(),
        }
    )
    return Chosen(patients, events)
