"""What readers of whole records share: rows in bounded memory, and where each one came from."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from riskmodel.cohort.rejection import REASONS, Rejections
from riskmodel.cohort.schema import REJECTED_COLUMNS, Cohort
from riskmodel.cohort.tables import assemble

PART_ROWS = 250_000
_BATCH = 65_536
PLACE = ["file", "line", "entry"]
_TABLES = ("patients", "labs", "events")


class Rows:
    """Rows collected one by one and kept as Arrow batches: repeated texts are held once.

    Parameters
    ----------
    schema : pyarrow.Schema
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._batches: list[pa.RecordBatch] = []
        self._open: list[tuple[Any, ...]] = []

    def add(self, row: tuple[Any, ...]) -> None:
        """Add one row, a value a field."""
        self._open.append(row)
        if len(self._open) >= _BATCH:
            self._close()

    def _close(self) -> None:
        columns: Iterator[Sequence[Any]] = zip(*self._open, strict=True)
        arrays = [
            coded(column) if pa.types.is_dictionary(field.type) else pa.array(column, field.type)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        self._batches.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._open = []

    def frame(self) -> pd.DataFrame:
        """All rows; dictionary fields are categorical. The rows are given away: call it once."""
        if self._open:
            self._close()
        table = pa.Table.from_batches(self._batches, schema=self._schema).unify_dictionaries()
        self._batches = []
        found: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
        return found


def coded(column: Sequence[str] | pd.Series | npt.NDArray[np.object_]) -> pa.Array:
    """Texts, each distinct one held once."""
    return pa.array(column, pa.string()).dictionary_encode()


def words() -> pa.DataType:
    """Type of a field of repeated texts."""
    return pa.dictionary(pa.int32(), pa.string())


def chosen_rows(
    frame: pd.DataFrame, at: npt.NDArray[np.int64], columns: Sequence[str]
) -> pd.DataFrame:
    """Columns of the rows `at`, without a copy where these are all rows."""
    narrow = frame[list(columns)]
    return narrow if len(at) == len(frame) else narrow.iloc[at]


def assemble_in_parts(
    frames: Mapping[str, pd.DataFrame], name: str, *, rows: int = PART_ROWS
) -> Cohort:
    """The cohort of `assemble`, cleaned some patients at a time to bound the memory.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        See `assemble`. Rejected rows count in these tables, as if they were cleaned at once.
    name : str
    rows : int
        Results of one part, about: a patient's are never split.
    """
    patients, labs, events = (frames[table] for table in _TABLES)
    names = pd.Index(patients["patient_id"].drop_duplicates())
    code = {table: names.get_indexer(frames[table]["patient_id"]) for table in _TABLES}
    known = code["labs"][code["labs"] >= 0]
    counts = np.bincount(known, minlength=len(names))
    group = (np.cumsum(counts) - counts) // rows
    order = {table: np.argsort(group[code[table]], kind="stable") for table in _TABLES}
    edges = {
        table: np.searchsorted(group[code[table]][order[table]], np.unique(group))
        for table in _TABLES
    }
    parts: list[Cohort] = []
    for k in range(len(np.unique(group))):
        chosen = {t: np.sort(np.split(order[t], edges[t][1:])[k]) for t in _TABLES}
        taken = zip(_TABLES, (patients, labs, events), strict=True)
        part = assemble(
            {t: frame.iloc[chosen[t]].reset_index(drop=True) for t, frame in taken},
            Rejections(),
            name,
        )
        parts.append(replace(part, rejected=_renumbered(part.rejected, chosen)))
    return _joined(parts, name)


def _renumbered(rejected: pd.DataFrame, rows: Mapping[str, npt.NDArray[np.int64]]) -> pd.DataFrame:
    """Rejections with their rows counted in the tables that `rows` were taken from."""
    number = rejected["row"].to_numpy(copy=True)
    for table, positions in rows.items():
        mine = (rejected["table"] == table).to_numpy(dtype=bool)
        number[mine] = positions[number[mine].astype(np.int64) - 1] + 1
    return rejected.assign(row=number)


def _joined(parts: Sequence[Cohort], name: str) -> Cohort:
    """One cohort of the cohorts of disjoint groups of patients; uses up the parts."""
    offset = 0
    for part in parts:
        part.labs["patient"] += offset
        part.events["patient"] += offset
        offset += len(part)
    labs = {}
    for column in parts[0].labs.columns:
        labs[column] = pd.concat([part.labs.pop(column) for part in parts], ignore_index=True)
    told = [part.rejected for part in parts if len(part.rejected)] or [parts[0].rejected]
    return Cohort(
        patients=pd.concat([part.patients for part in parts], ignore_index=True),
        labs=pd.DataFrame(labs, copy=False),
        events=pd.concat([part.events for part in parts], ignore_index=True),
        rejected=pd.concat(told, ignore_index=True),
        notes=summed([part.notes for part in parts]),
        name=name,
    )


def summed(notes: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """Counts by kind and key, added up."""
    found: dict[str, Counter[str]] = {}
    for one in notes:
        for kind, counts in one.items():
            found.setdefault(kind, Counter()).update(counts)
    return {kind: dict(counts) for kind, counts in found.items()}


class Fault(NamedTuple):
    """A piece of a file that could not be read."""

    file: str
    place: tuple[int, int]
    reason: str

    def __str__(self) -> str:
        line, entry = self.place
        shown = f", entry {entry}" if entry else ""
        return f"file '{self.file}', line {line}{shown}: it {REASONS[self.reason]}"


def shown_places(
    files: pd.Series, line: npt.NDArray[np.int64], entry: npt.NDArray[np.int64]
) -> npt.NDArray[np.object_]:
    """File and line of each row, and the number of a Bundle's entry where there is one."""
    shown = files + ":" + pd.Series(line, index=files.index).astype("str")
    numbers = pd.Series(entry, index=files.index).astype("str")
    with_entry = shown + " entry " + numbers
    return np.asarray(shown.where(entry == 0, with_entry).to_numpy(dtype=object))


def _fault_places(faults: Sequence[Fault]) -> npt.NDArray[np.object_]:
    places = np.array([fault.place for fault in faults], dtype=np.int64).reshape(-1, 2)
    files = pd.Series([fault.file for fault in faults], dtype="str")
    return shown_places(files, places[:, 0], places[:, 1])


def _fault_rows(faults: Sequence[Fault]) -> pd.DataFrame:
    files = pd.Series([fault.file for fault in faults], dtype="str")
    empty = pd.Series("", index=files.index, dtype="str")
    return pd.DataFrame(
        {
            "table": pd.Series("files", index=files.index, dtype="str"),
            "row": np.array([fault.place[0] for fault in faults], dtype=np.int64),
            "patient_id": empty,
            "column": empty,
            "reason": pd.Series([fault.reason for fault in faults], dtype="str"),
            "detail": files,
        }
    )


def located(
    cohort: Cohort,
    own: Rejections,
    faults: Sequence[Fault],
    rows: Mapping[str, npt.NDArray[np.int64]],
    sources: Mapping[str, pd.DataFrame],
) -> Cohort:
    """The cohort with the reader's own rejections added, and with a place for every rejection.

    Parameters
    ----------
    cohort : Cohort
        Its rejected rows count from 1 in the tables that were handed to `assemble`.
    own : Rejections
        Of the reader, by row of what it read.
    faults : sequence of Fault
        Pieces of files that could not be read at all.
    rows : mapping of str to int array
        By table: row that was read of each row that was handed over, from 0.
    sources : mapping of str to DataFrame
        By table: ``file``, ``line`` and ``entry`` of each row that was read from a file. Rows
        beyond them were made from other tables.

    Returns
    -------
    Cohort
        ``rejected`` has a further column ``source``, and ``row`` counts what was read.
    """
    aligned = _renumbered(cohort.rejected, rows)
    joined = pd.concat([own.frame(), aligned, _fault_rows(faults)], ignore_index=True)
    joined = joined[list(REJECTED_COLUMNS)]
    source = np.full(len(joined), "", dtype=object)
    unread = (joined["table"] == "files").to_numpy()
    source[unread] = _fault_places(faults)
    at = joined["row"].to_numpy(dtype=np.int64) - 1
    for table, places in sources.items():
        mine = (joined["table"] == table).to_numpy(dtype=bool) & (at < len(places))
        told = places.iloc[at[mine]]
        source[mine] = shown_places(
            told["file"].astype("str"), told["line"].to_numpy(), told["entry"].to_numpy()
        )
    order = joined["table"].map({name: k for k, name in enumerate(_TABLES)}).fillna(len(_TABLES))
    joined = joined.assign(source=pd.Series(source, dtype="str"), order=order)
    joined = joined.sort_values(["order", "row", "column"], kind="stable", ignore_index=True)
    notes = summed((own.notes, cohort.notes))
    return replace(cohort, rejected=joined[[*REJECTED_COLUMNS, "source"]], notes=notes)
