"""Rows and cells that cannot be used: collected with a reason, never dropped in silence."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes, Flags
from riskmodel.cohort.schema import REJECTED_COLUMNS
from riskmodel.cohort.text_codes import Texts

PLACE = ["file", "line", "entry"]
_TABLES = ("patients", "labs", "events")

CELL_REASONS = {
    "not_a_limit": "has a limit of normal that cannot be one",
    "text_in_number": "has text in a number column",
    "out_of_range": "has a number outside its allowed range",
    "not_allowed": "has a value that is not allowed",
}
"""Why a cell cannot be used whose row can."""

REASONS = {
    **{code: f"{said}; the cell is left empty" for code, said in CELL_REASONS.items()},
    "patient_id_missing": "has no patient_id",
    "duplicate_patient": "has a patient_id that another, different row also has",
    "unknown_patient": "has a patient_id that is not in patients",
    "time_missing": "has no time",
    "time_unreadable": "has a time that cannot be read",
    "no_infusion_time": "has a timestamp, but its patient has no infusion_time",
    "time_zone_mismatch": "and its patient's infusion_time do not both name a time zone",
    "time_before_birth": "lies before the birth of its patient",
    "time_impossible": "lies more than 120 years after the infusion",
    "unknown_analyte": "has an analyte that is not in the cohort contract",
    "unknown_unit": "has a unit that its analyte does not have",
    "missing_unit": "has no unit, and its analyte has several in use",
    "value_missing": "has no value",
    "value_not_a_number": "has text where a number is needed",
    "number_two_ways": "has a number that can be read in two ways, such as 1.234 (say which with "
    "--decimal)",
    "value_sentinel": "has a number that stands for no result, such as 9999999",
    "unit_conflict": "has one unit beside its value and another in its own column",
    "did_not_happen": "says of an event that it did not happen",
    "time_around_infusion": "is dated on the day of the infusion without a time of day, so that "
    "before or after it is unknown",
    "value_impossible": "has a value outside the possible range of its analyte",
    "unit_doubtful": "has a value that is hardly possible in its unit and usual in another one",
    "unknown_comparator": "has a comparator that is none of <, <=, >, >=",
    "unknown_event": "has an event that is not in the cohort contract",
    "malformed_row": "has another number of cells than the header",
    "not_final": "is not final yet",
    "cancelled": "was cancelled",
    "entered_in_error": "was entered in error",
    "replaced": "was replaced by a corrected result of the same time",
    "patient_id_shortened": "has a patient_id in which a spreadsheet left only some figures, such "
    "as 1.23457E+11",
    "status_unknown": "has no status, or an unknown one",
    "not_a_patient": "belongs to nobody, or to something that is not a patient",
    "not_in_source": "is listed with an infusion, but the source does not hold its patient",
    "time_not_a_day": "has a time that names no day",
    "not_an_infusion": "is about a CAR-T product, but tells of no infusion of it",
    "modified": "has a modifier that changes what it means in a way that is not known here",
    "not_blood": "is a result of another specimen than blood, serum or plasma",
    "code_conflict": "has codes that mean different things",
    "value_absent": "states why it has no value",
    "value_conflict": "has a number and a text that say different things",
    "malformed_json": "is no JSON that can be read",
    "duplicate_key": "names a key twice",
    "record_too_long": "is too long to be read",
    "wrong_encoding": "is not UTF-8 text",
    "not_a_resource": "is not a FHIR resource",
    "file_cut_off": "breaks off or is broken here; what follows in this file is lost",
    "file_too_large": "is too large to be read at once (use .ndjson, or split it)",
    "file_abandoned": "holds hardly anything readable; the rest of it was left",
    "file_unreadable": "cannot be opened or read",
}


class Rejections:
    """Collects rejected rows and cells of one reading, and counts of what was converted."""

    def __init__(self) -> None:
        self._frames: list[pd.DataFrame] = []
        self._notes: dict[str, Counter[str]] = {}

    def add(
        self,
        table: str,
        rows: Flags | Codes,
        patient_id: pd.Series | Texts,
        reason: str,
        *,
        column: str = "",
        detail: str | npt.NDArray[np.object_] = "",
    ) -> None:
        """Reject rows (a mask or positions); `detail` is one text, or one per row of the table."""
        position = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
        shown = detail[position] if isinstance(detail, np.ndarray) else detail
        self.add_each(table, position, patient_id, reason, column=column, detail=shown)

    def add_each(
        self,
        table: str,
        position: Codes,
        patient_id: pd.Series | Texts,
        reason: str,
        *,
        column: str = "",
        detail: str | npt.NDArray[np.object_] = "",
    ) -> None:
        """`add` at positions; `detail` is one text, or one per position."""
        if len(position) == 0:
            return
        if isinstance(patient_id, Texts):
            named = patient_id.at(position)
        else:
            named = patient_id.iloc[position].fillna("").astype("str").to_numpy()
        self._frames.append(
            pd.DataFrame(
                {
                    "table": table,
                    "row": position + 1,
                    "patient_id": pd.Series(named, dtype="str"),
                    "column": column,
                    "reason": reason,
                    "detail": detail,
                }
            )
        )

    def note(self, kind: str, key: str, count: int = 1) -> None:
        """Count something that was done to usable rows."""
        if count:
            self._notes.setdefault(kind, Counter())[key] += int(count)

    @property
    def notes(self) -> dict[str, dict[str, int]]:
        """Counts by kind and key."""
        return {kind: dict(sorted(counts.items())) for kind, counts in self._notes.items()}

    def frame(self) -> pd.DataFrame:
        """Everything rejected, by table and row."""
        if not self._frames:
            return pd.DataFrame({name: pd.Series(dtype="str") for name in REJECTED_COLUMNS})
        joined = pd.concat(self._frames, ignore_index=True)
        order = joined["table"].map({"patients": 0, "labs": 1, "events": 2})
        joined = joined.assign(order=order).sort_values(
            ["order", "row", "column"], kind="stable", ignore_index=True
        )
        return joined[list(REJECTED_COLUMNS)]


def rejected_cells(rejected: pd.DataFrame) -> Iterator[tuple[str, str, str, str, str]]:
    """Table, row, column, reason and detail of each rejection, as text."""
    found = rejected[["table", "row", "column", "reason", "detail"]].astype("str")
    for row in found.to_numpy(dtype=object).tolist():
        yield (row[0], row[1], row[2], row[3], row[4])


def sentences(rejected: pd.DataFrame) -> list[str]:
    """One clear sentence per table, column, reason and detail, with a count and the first row."""
    found = []
    keys = ["table", "column", "reason", "detail"]
    for (table, column, reason, detail), rows in rejected.groupby(keys, sort=False):
        first = rows.iloc[0]
        where = f"{table}.{column}" if column != "" else str(table)
        patient = f", patient '{first['patient_id']}'" if first["patient_id"] else ""
        extra = f" ({detail})" if detail != "" else ""
        count = f"{len(rows)} row{'s' if len(rows) > 1 else ''}"
        found.append(
            f"Rejected {count} of {where} [{reason}] (first: row {first['row']}{patient}): "
            f"it {REASONS[str(reason)]}{extra}."
        )
    return found


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
