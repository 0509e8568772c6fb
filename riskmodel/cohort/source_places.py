"""Where in the files of a source something stands, and what could not be read there."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort.rejections import REASONS
from riskmodel.cohort.schema import REJECTED_COLUMNS

PLACE = ["file", "line", "entry"]
_TABLES = ("patients", "labs", "events")


class Fault(NamedTuple):
    """A piece of a file that could not be read."""

    file: str
    place: tuple[int, int]
    reason: str

    def __str__(self) -> str:
        line, entry = self.place
        shown = f", entry {entry}" if entry else ""
        return f"file '{self.file}', line {line}{shown}: it {REASONS[self.reason]}"


def shown_places(file: pd.Series, line: pd.Series, entry: pd.Series) -> npt.NDArray[np.object_]:
    """File and line of each row, and the number of a Bundle's entry where there is one."""
    shown = file.astype("str") + ":" + line.astype("str")
    with_entry = shown + " entry " + entry.astype("str")
    return np.asarray(shown.where(entry == 0, with_entry).to_numpy(dtype=object))


def with_faults(rejected: pd.DataFrame, faults: Sequence[Fault]) -> pd.DataFrame:
    """Rejections and unreadable pieces of files, by table and row.

    Parameters
    ----------
    rejected : DataFrame
        With ``source``, empty where there is none.
    faults : sequence of Fault

    Returns
    -------
    DataFrame
        ``row`` of a fault is its line.
    """
    if "source" not in rejected:
        rejected = rejected.assign(source="")
    rejected = rejected.assign(source=rejected["source"].fillna(""))
    if faults:
        unread = pd.DataFrame(
            {
                "table": "files",
                "row": [fault.place[0] for fault in faults],
                "patient_id": "",
                "column": "",
                "reason": [fault.reason for fault in faults],
                "detail": [fault.file for fault in faults],
                "entry": [fault.place[1] for fault in faults],
            }
        )
        unread["source"] = shown_places(unread["detail"], unread["row"], unread["entry"])
        unread = unread.drop(columns="entry")
        rejected = pd.concat([rejected, unread]) if len(rejected) else unread
    order = rejected["table"].map({name: k for k, name in enumerate(_TABLES)}).fillna(len(_TABLES))
    ordered = rejected.assign(order=order).sort_values(["order", "row", "column"], kind="stable")
    columns = [*REJECTED_COLUMNS, "source"]
    return ordered[columns].astype({"source": "str"}).reset_index(drop=True)
