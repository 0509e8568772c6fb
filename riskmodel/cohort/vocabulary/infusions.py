"""Which record is a CAR-T infusion, and the list of infusions that a centre gives.

Every reader uses these: the default codes stand in infusions.toml, product names in
products.toml, and a list of infusions (`--infusions FILE`) goes before what is recorded.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from riskmodel.cohort.frames import read_table
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.vocabulary.clinical_names import fold_code
from riskmodel.cohort.vocabulary.mapping import CodeMapping
from riskmodel.cohort.vocabulary.products import find_product, product_names
from riskmodel.cohort.written.times import parse_times
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

INFUSION_COLUMNS = ("patient_id", "infusion_time", "product")


@cache
def _table() -> Mapping[str, Any]:
    return read_toml(Path(__file__).parent / "infusions.toml")


@cache
def _default_codes() -> Mapping[str, str]:
    return {fold_code(entry["code"]): entry["product"] for entry in _table()["code"]}


@cache
def _other_codes() -> frozenset[str]:
    return frozenset(fold_code(c) for entry in _table()["other_code"] for c in entry["codes"])


def same_infusion_days() -> int:
    """Records within this many days of the first are one infusion."""
    return int(_table()["rule"]["same_infusion_days"])


def _plain_letters(text: str) -> str:
    """Lower case, accents and invisible characters gone, punctuation as spaces."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(c for c in bare if not unicodedata.combining(c) and c.isprintable())
    return " ".join(re.sub(r"[^a-z0-9+/]+", " ", kept).split())


@cache
def _words(table: str, group: str) -> re.Pattern[str]:
    words = _table()[table][group]
    starts = [(w[1:] if w.startswith("~") else w, w.startswith("~")) for w in words]
    parts = [("" if inside else r"(?<![a-z0-9])") + re.escape(w) for w, inside in starts]
    return re.compile("|".join(parts))


@lru_cache(maxsize=65536)
def passed_over(text: str, *, given: bool) -> str:
    """Why a text that names a product tells of no infusion of it; empty where it does.

    Parameters
    ----------
    text : str
    given : bool
        Whether the record itself says that a drug was given, so that a product's name is enough.

    Examples
    --------
    >>> passed_over("Leukapheresis for Yescarta", given=False)
    'collection'
    >>> passed_over("Yescarta 2x10^8 cells IV", given=True)
    ''
    >>> passed_over("Kymriah box", given=False), passed_over("Kymriah infusion", given=False)
    ('no infusion named', '')
    """
    folded = _plain_letters(text)
    for phrase in _table()["passed_over"]["without"]:
        folded = folded.replace(phrase, " ")
    for group in _table()["passed_over"]:
        if group != "without" and _words("passed_over", group).search(folded):
            return str(group).replace("_", " ")
    if given or _words("given", "words").search(folded):
        return ""
    rest = folded
    for name in sorted(product_names(), key=len, reverse=True):
        rest = rest.replace(_plain_letters(name), " ")
    others = {w for w in rest.split() if not re.search(r"\d", w)} - set(_table()["plain"]["words"])
    return "no infusion named" if others else ""


class Told(NamedTuple):
    """What a record tells of an infusion.

    Attributes
    ----------
    product : str or None
        Empty where an infusion does not name it; None where the record is about no product.
    passed_over : str
        Why a record about a product is no infusion of it, empty where it is.
    coded : bool
        Whether a code says so.
    """

    product: str | None
    passed_over: str = ""
    coded: bool = False


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

    def told(self, codes: Sequence[str], text: str, *, given: bool) -> Told:
        """What the codes and the text of one record tell.

        A code of an infusion is one, whatever the text; a code of collecting or handling the
        cells never is.

        Parameters
        ----------
        codes : sequence of str
        text : str
            All names of the record.
        given : bool
            Whether it is a record of a drug given.

        Examples
        --------
        >>> known = infusion_codes(CodeMapping())
        >>> known.told(["XW033H7"], "", given=False)
        Told(product='axicabtagene ciloleucel', passed_over='', coded=True)
        >>> known.told(["0537T"], "CAR-T (Yescarta); harvesting", given=False).passed_over
        'collection'
        """
        folded = [fold_code(code) for code in codes if code]
        coded = [code for code in folded if code in self.codes]
        if coded:
            products = {self.product_of(code=code, text=text) or "" for code in coded}
            return Told(max(products, key=len), coded=True)
        product = self.product_of(text=text)
        if any(code in _other_codes() for code in folded):
            return Told(product or "", "collection", coded=True)
        if product is None:
            return Told(None)
        return Told(product, passed_over(text, given=given))


def infusion_codes(mapping: CodeMapping) -> InfusionCodes:
    """The default codes and those of a mapping."""
    own = {fold_code(code): "" for code in mapping.infusion_codes}
    return InfusionCodes(codes={**own, **_default_codes()}, names=mapping.infusion_names)


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
    raw = read_table(path, "patients", rejections)
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
    table = pd.DataFrame({name: plain_text(raw[name]) for name in INFUSION_COLUMNS})
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


def plain_text(column: pd.Series) -> pd.Series:
    """A column as stripped text: numbers without a point where they are whole, ISO 8601 times."""
    if pd.api.types.is_float_dtype(column.dtype):
        column = column.map(lambda x: f"{x:.15g}", na_action="ignore")
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = column.map(lambda x: x.isoformat(), na_action="ignore")
    text = column.astype("str").str.strip()
    return text.mask(text == "")
