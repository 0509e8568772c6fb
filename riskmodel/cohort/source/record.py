"""From what a reader found in a whole source to its cohort: the one way of all readers."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Flags
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.acts import INFUSION
from riskmodel.cohort.source.assembly import Charted, assemble_stored, stacked, summed
from riskmodel.cohort.source.infusion_choice import choose_infusions, decisions
from riskmodel.cohort.source.lymphodepletion import start_lymphodepletion
from riskmodel.cohort.source.selection import listed_in_source, no_infusion, of_cohort, refuse
from riskmodel.cohort.source.workspace import Rows
from riskmodel.cohort.source.zones import (
    CHECK,
    as_instant,
    borrowed,
    in_their_zone,
    in_timezone,
    timezone,
)
from riskmodel.cohort.tables.cohort import Cohort
from riskmodel.cohort.written.times import split_zone

DIFFERING = "differing results at one time, both kept"
"""Under which such results are counted."""

_NAMED, _SAID = 40, 8
"""Codes that are named in the report, and on the terminal."""

_EVENTS = ["patient_id", "event", "time", "value", "grade"]


@dataclass(frozen=True)
class Record:
    """What a reader found in a source.

    Attributes
    ----------
    name : str
        Of the source.
    rows : Rows
        Results; used up by `assembled`.
    owners : sequence of str
        Patient of each text of ``rows.keys()``, empty where it means no patient.
    acts : DataFrame
        Infusions and events: ``patient_id, kind, time, value, refusal, source`` (text) and,
        optionally, ``grade``, and ``passed_over``: why a record about a product is no infusion.
    known : collection of str
        Every patient that the source holds.
    charted : callable(part, rejections) -> (labs, mask)
        See `assemble_stored`.
    described : callable(patients, rejections) -> DataFrame
        The charted patients table of the chosen infusions; a patient may have several rows.
    made : callable(patients, rejections) -> DataFrame
        Events that follow from hour 0: ``patient_id, event, time, value``.
    times : callable() -> iterator of (patient_id, time)
        Patients and times, as text, of the results that may name a zone; by default of all.
    """

    name: str
    rows: Rows
    owners: Sequence[str]
    acts: pd.DataFrame
    known: Collection[str]
    charted: Charted
    described: Callable[[pd.DataFrame, Rejections], pd.DataFrame]
    made: Callable[[pd.DataFrame, Rejections], pd.DataFrame] | None = None
    times: Callable[[], Iterator[tuple[pd.Series, pd.Series]]] | None = None


def assembled(
    record: Record,
    listed: pd.DataFrame | None,
    own: Rejections,
    clock: str = "",
    decimal: str = "",
) -> Cohort:
    """The cohort of a record.

    Parameters
    ----------
    record : Record
    listed : DataFrame or None
        Infusions of a list: ``patient_id, infusion_time, product``.
    own : Rejections
        Of the reader so far; gets what is refused of patients.
    clock : str
        Name of the time zone in which times without one are read; by default that of the records.
    decimal : {"", ",", "."}
        Decimal sign of texts that can be read in two ways.

    Returns
    -------
    Cohort
        Its ``rejected`` has a column ``source``.

    Raises
    ------
    SchemaError
        When no patient has an infusion whose time can be read.
    """
    acts = record.acts.reset_index(drop=True)
    zone = timezone(clock) if clock else None
    if zone is not None:
        acts = acts.assign(time=in_timezone(acts["time"], zone))
    acts = acts.assign(**{n: "" for n in ("passed_over", "grade") if n not in acts})
    refused = Rejections()
    shown = acts["kind"]
    shown = shown.where(acts["passed_over"] == "", acts["value"] + ": " + acts["passed_over"])
    used = refuse("events", acts.assign(shown=shown), "shown", refused)
    infusion = (acts["kind"] == INFUSION).to_numpy(dtype=bool)
    infused = np.flatnonzero(used & infusion)
    given = acts.iloc[infused].rename(columns={"time": "infusion_time"}).assign(listed=False)
    if listed is not None:
        given = pd.concat([given, listed.assign(listed=True)], ignore_index=True)
    if zone is not None:
        times = in_timezone(given["infusion_time"], zone).map(as_instant)
        given = given.assign(infusion_time=times)
    given = borrowed(given, _times(record), own)
    told = given["infusion_time"].iloc[: len(infused)].to_numpy(dtype=object)
    acts = acts.assign(time=_replaced(acts["time"], infused, told))
    records = acts.iloc[infused]
    if listed is not None:
        times = given["infusion_time"].iloc[len(infused) :].reset_index(drop=True)
        listed = listed.assign(infusion_time=times)
        listed = listed_in_source(listed, record.known, own)
    if records.empty and (listed is None or listed.empty):
        raise no_infusion(record.name, len(record.known))
    patients, later = _infused(records, listed, own)
    if patients.empty:
        raise no_infusion(record.name, len(record.known), " with a readable time")
    patients = record.described(patients, own)
    starts = zip(patients["patient_id"], patients["infusion_time"], strict=True)
    zones = {str(who): split_zone(str(start))[1] for who, start in starts}
    at = np.flatnonzero(used & ~infusion & of_cohort(acts, set(zones), "events", own))
    given = acts.rename(columns={"kind": "event"}).assign(row=np.arange(len(acts))).iloc[at]
    made = later[later["patient_id"].isin(set(zones))]
    if record.made is not None:
        made = pd.concat([made, record.made(patients, own)], ignore_index=True)
    made = made.assign(grade="", row=np.arange(len(acts), len(acts) + len(made)), source="")
    columns = [*_EVENTS, "row", "source"]
    events = pd.concat([given[columns], made[columns]], ignore_index=True)
    days = in_their_zone(events["time"], events["patient_id"], zones)
    events = start_lymphodepletion(events.assign(time=days), patients, own).reset_index(drop=True)

    def charted(part: pd.DataFrame, told: Rejections) -> tuple[pd.DataFrame, Flags]:
        labs, usable = record.charted(part, told)
        times = labs["time"]
        if zone is not None:
            times = in_timezone(times, zone)
        elif pd.api.types.is_string_dtype(times.dtype):
            times = in_their_zone(times, labs["patient_id"], zones)
        return labs.assign(time=times), usable

    cohort = assemble_stored(
        record.rows, record.owners, patients, events, charted, record.name, decimal=decimal
    )
    _note_doubts(cohort, own)
    rejected = refused.frame()
    rejected = rejected.assign(source=acts["source"].iloc[rejected["row"].astype(int) - 1].array)
    return replace(
        cohort,
        rejected=stacked([own.frame(), rejected, cohort.rejected]),
        notes=summed((own.notes, cohort.notes)),
        infusions=decisions(acts[infusion], listed, patients),
    )


def note_files(own: Rejections, unread: Sequence[Path], source: Path) -> None:
    """Name files beside those that were read, which may hold data under another ending."""
    if unread:
        shown = ", ".join(
            "".join(c if c.isprintable() else "?" for c in str(path.relative_to(source)))[:80]
            for path in unread[:_SAID]
        )
        rest = " and others" if len(unread) > _SAID else ""
        own.note(CHECK, f"files that were not read: {shown}{rest}", len(unread))


def note_unread(
    own: Rejections, unread: Mapping[str, int], is_lab: Callable[[str], bool] = lambda _: True
) -> None:
    """Name the codes that were not read with their rows, the most frequent ones to be checked.

    Parameters
    ----------
    own : Rejections
    unread : mapping of str to int
        Rows by code, as shown to people.
    is_lab : callable(code) -> bool
        Which codes are of laboratory results: those are worth a look.
    """
    most = sorted(unread.items(), key=lambda item: (-item[1], item[0]))
    for code, count in most[:_NAMED]:
        own.note("results of other codes (not used)", code, count)
    own.note("results of other codes (not used)", "other codes", sum(c for _, c in most[_NAMED:]))
    say_unread(own, {code: count for code, count in most if is_lab(code)})


def say_unread(own: Rejections, unread: Mapping[str, int]) -> None:
    """Say on the terminal which codes of results were not read, the most frequent by name."""
    most = sorted(unread.items(), key=lambda item: (-item[1], item[0]))
    if most:
        shown = ", ".join(f"{code} {count:,}" for code, count in most[:_SAID])
        rest = f" and {len(most) - _SAID} more codes" if len(most) > _SAID else ""
        told = f"results of codes that mean no analyte here were not read: {shown}{rest}"
        own.note(CHECK, told, sum(unread.values()))


def _note_doubts(cohort: Cohort, own: Rejections) -> None:
    """Tell of patients of whom no result was read at all, and of results that contradict."""
    differing = cohort.notes.get(DIFFERING, {}).get("labs", 0)
    own.note(
        CHECK,
        "results of one analyte at one time that differ, all kept: one may be the correction of "
        "another",
        differing,
    )
    with_results = np.bincount(cohort.labs["patient"], minlength=len(cohort)) > 0
    without = np.flatnonzero(~with_results)
    if len(without):
        first = cohort.patient_id[without[0]]
        told = f"patients of whom no lab result was read (first: '{first}')"
        own.note(CHECK, told, len(without))


def _times(record: Record) -> Iterator[tuple[pd.Series, pd.Series]]:
    """Patient and time of every record, some at a time."""
    if record.times is not None:
        yield from record.times()
    else:
        known = np.array(record.owners, dtype=object)
        for batch in record.rows.batches([record.rows.key, "time"]):
            who = pd.Series(known[batch[record.rows.key].cat.codes.to_numpy()], dtype="str")
            yield who, batch["time"].astype("str")
    yield record.acts["patient_id"], record.acts["time"]


def _infused(
    records: pd.DataFrame, listed: pd.DataFrame | None, own: Rejections
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients with hour 0 and later infusions, chosen by local days, with their time zones."""
    named = records.rename(columns={"time": "infusion_time", "value": "product"})
    tables = [named[["patient_id", "infusion_time", "product"]]]
    if listed is not None:
        tables.append(listed[["patient_id", "infusion_time", "product"]])
    full: dict[tuple[str, str], str] = {}
    local = []
    for table in tables:
        clocks = []
        for who, time in zip(table["patient_id"], table["infusion_time"], strict=True):
            clock = split_zone(time)[0]
            full[who, clock] = max(time, full.get((who, clock), ""), key=len)
            clocks.append(clock)
        local.append(table.assign(infusion_time=pd.Series(clocks, index=table.index, dtype="str")))
    chosen = choose_infusions(local[0], local[1] if listed is not None else None, own)

    def restored(table: pd.DataFrame, column: str) -> pd.DataFrame:
        times = [full[key] for key in zip(table["patient_id"], table[column], strict=True)]
        return table.assign(**{column: pd.Series(times, index=table.index, dtype="str")})

    return restored(chosen.patients, "infusion_time"), restored(chosen.events, "time")


def _replaced(column: pd.Series, rows: npt.NDArray[np.int64], texts: object) -> pd.Series:
    """A column of text with other texts in some rows."""
    cells = column.to_numpy(dtype=object).copy()
    cells[rows] = texts
    return pd.Series(cells, index=column.index, dtype="str")
