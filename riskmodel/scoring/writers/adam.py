"""ADaM basic data structure: a score as parameters of a trial's analysis dataset, a row each."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from riskmodel import RESEARCH_USE
from riskmodel.errors import SchemaError
from riskmodel.scoring.writers.meds import prediction_times

PARAMETERS = {
    "IECHSRSK": ("risk", "Risk of IEC-HS before the Horizon (probability)"),
    "IECHSRLO": ("risk_low", "Risk of IEC-HS, Lower End of Interval (probability)"),
    "IECHSRHI": ("risk_high", "Risk of IEC-HS, Upper End of Interval (probability)"),
    "IECHSGRP": ("risk_group", "Risk Group of IEC-HS"),
    "IECHSSTA": ("status", "Status of the Assessment of IEC-HS"),
}
"""Column of a score row, and PARAM, by PARAMCD; the first three hold AVAL, the others AVALC."""

LABELS = {
    "USUBJID": "Unique Subject Identifier",
    "PARAMCD": "Parameter Code",
    "PARAM": "Parameter",
    "AVAL": "Analysis Value",
    "AVALC": "Analysis Value (C)",
    "BASE": "Baseline Value",
    "ABLFL": "Baseline Record Flag",
    "ADT": "Analysis Date",
    "ADTM": "Analysis Datetime",
    "ADY": "Analysis Relative Day",
    "ATPT": "Analysis Timepoint",
    "ATPTN": "Analysis Timepoint (N), Hours",
    "TRTSDTM": "Datetime of the Infusion",
    "STAGE": "Stage of the Model",
    "HORIZON": "Horizon, Days",
    "MODEL": "Model and Version",
    "DEFN": "Definition of the Event",
    "REASON": "Reason of the Status",
    "NOTE": "Research Use Only",
}
"""Variables in their order, with their labels; the last six are not of ADaM."""

_NUMBERS = ("IECHSRSK", "IECHSRLO", "IECHSRHI")
_WRITTEN, _NO_TIME = re.compile(rb"\d\d[A-Z]{3}\d\d:\d\d:\d\d:\d\d"), b"01JAN60:00:00:00"
_HEADER = 800
"""Bytes within which a transport file says when it was written: ten cards."""

_SAS_START, _LONGEST = pd.Timestamp("1960-01-01"), 200


def adam_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of an ADaM-like dataset (BDS): the parameters of each score row, in its order.

    A row without a risk has its status alone. ADY counts as ADaM does: the day of the infusion is
    day 1, the one before it -1. BASE is the risk before the infusion, of whichever model of the
    same rows gave it; it stands where there is one, from hour 0 on.

    Parameters
    ----------
    rows : DataFrame
        Score rows with ``__infusion_time``; without one, date and day are empty and ATPTN still
        says the hours. All rows of a patient have to be among them.

    References
    ----------
    CDISC ADaM Implementation Guide 1.3, section 3.3 (BDS).
    """
    rows = rows.reset_index(drop=True)
    start = pd.to_datetime(rows["__infusion_time"]).astype("datetime64[us]")
    when, hours = prediction_times(rows), rows["prediction_time_hours"].astype("float64")
    apart = (when.dt.normalize() - start.dt.normalize()).dt.days
    model = rows["model_name"].astype("str") + " " + rows["model_version"].astype("str")
    shown = hours.map(lambda hour: f"{hour:g} h after the infusion", na_action="ignore")
    same = pd.DataFrame(
        {
            "USUBJID": rows["patient_id"].astype("str"),
            "ADT": when.dt.normalize(),
            "ADTM": when,
            "ADY": apart + (apart >= 0),
            "ATPT": shown.astype("str").fillna(""),
            "ATPTN": hours,
            "TRTSDTM": start,
            "STAGE": rows["stage"].astype("str"),
            "HORIZON": rows["horizon_days"].astype("float64"),
            "MODEL": model.str.strip(),
            "DEFN": rows["definition"].astype("str"),
            "REASON": rows["reason"].astype("str"),
            "NOTE": np.full(len(rows), RESEARCH_USE, dtype=object),
        }
    )
    parts = [_parameter(code, rows, same) for code in PARAMETERS]
    joined = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    texts = {n: "str" for n in LABELS if n not in ("AVAL", "BASE", "ADY") and n in _texts()}
    return joined[list(LABELS)].astype({"ADY": "float64", **texts})


def _texts() -> list[str]:
    return ["USUBJID", "PARAMCD", "PARAM", "AVALC", "ABLFL", "ATPT", "STAGE", "MODEL", "DEFN",
            "REASON", "NOTE"]  # fmt: skip


def _parameter(code: str, rows: pd.DataFrame, same: pd.DataFrame) -> pd.DataFrame:
    column, label = PARAMETERS[code]
    found = same.assign(PARAMCD=code, PARAM=label, AVAL=np.nan, AVALC="", BASE=np.nan, ABLFL="")
    if code not in _NUMBERS:
        found["AVALC"] = rows[column].astype("str").fillna("")
        return found if code == "IECHSSTA" else found[rows["risk_group"] != ""]
    found["AVAL"] = rows[column].astype("float64")
    before = rows["stage"] == "pre_infusion"
    known = found[before & found["AVAL"].notna()].drop_duplicates("USUBJID", keep=False)
    of_subject = pd.Series(known["AVAL"].to_numpy(), index=known["USUBJID"].to_numpy())
    after = (found["ATPTN"] >= 0).to_numpy(dtype=bool)
    found["BASE"] = found["USUBJID"].map(of_subject).astype("float64").where(after)
    found.loc[known.index, "ABLFL"] = "Y"
    return found[rows["risk"].notna()]


@contextmanager
def xpt_file(path: Path) -> Iterator[list[pd.DataFrame]]:
    """A list of tables that becomes one SAS transport file; dates are SAS's.

    Version 5, or 8 where a text is longer than version 5 holds.

    Raises
    ------
    SchemaError
        When pyreadstat is not installed.
    """
    try:
        import pyreadstat
    except ImportError:
        raise SchemaError(
            "Files of SAS need pyreadstat: pip install 'riskmodel[tables]', or write .parquet."
        ) from None
    parts: list[pd.DataFrame] = []
    yield parts
    whole = pd.concat(parts, ignore_index=True)
    texts = [name for name in whole if name in _texts()]
    longest = max((len(str(t).encode()) for n in texts for t in whole[n].unique()), default=0)
    whole["ADT"] = (whole["ADT"] - _SAS_START).dt.days.astype("float64")
    for name in ("ADTM", "TRTSDTM"):
        whole[name] = (whole[name] - _SAS_START).dt.total_seconds()
    pyreadstat.write_xport(
        whole,
        str(path),
        file_label="Research use only",
        column_labels=[LABELS[str(name)] for name in whole],
        table_name="ADIECHS",
        file_format_version=8 if longest > _LONGEST else 5,
        variable_format={"ADT": "DATE9.", "ADTM": "DATETIME20.", "TRTSDTM": "DATETIME20."},
    )
    # The same scores are the same bytes, whenever they are written.
    written = path.read_bytes()
    head = _WRITTEN.sub(_NO_TIME, written[:_HEADER])
    path.write_bytes(head + written[_HEADER:])
