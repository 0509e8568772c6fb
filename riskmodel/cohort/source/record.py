"""From what a reader found in a whole source to its cohort: the one way of all readers."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import Cohort
from riskmodel.cohort.source.acts import INFUSION
from riskmodel.cohort.source.assembly import Charted, assemble_stored, stacked, summed
from riskmodel.cohort.source.infusion_choice import choose_infusions, decisions
from riskmodel.cohort.source.lymphodepletion import start_lymphodepletion
from riskmodel.cohort.source.selection import listed_in_source, no_infusion, of_cohort, refuse
from riskmodel.cohort.source.workspace import Rows
from riskmodel.cohort.times import borrow_zones, split_zone, with_zone

_EVENTS = ["patient_id", "event", "time", "value"]


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
        optionally, ``passed_over``: why a record about a product is no infusion of it.
    known : collection of str
        Every patient that the source holds.
    charted : callable(part, rejections) -> (labs, mask)
        See `assemble_stored`.
    described : callable(patients, rejections) -> DataFrame
        The charted patients table of the chosen infusions; a patient may have several rows.
    made : callable(patients, rejections) -> DataFrame
        Events that follow from hour 0: ``patient_id, event, time, value``.
    """

    name: str
    rows: Rows
    owners: Sequence[str]
    acts: pd.DataFrame
    known: Collection[str]
    charted: Charted
    described: Callable[[pd.DataFrame, Rejections], pd.DataFrame]
    made: Callable[[pd.DataFrame, Rejections], pd.DataFrame] | None = None


def assembled(record: Record, listed: pd.DataFrame | None, own: Rejections) -> Cohort:
    """The cohort of a record.

    Parameters
    ----------
    record : Record
    listed : DataFrame or None
        Infusions of a list: ``patient_id, infusion_time, product``.
    own : Rejections
        Of the reader so far; gets what is refused of patients.

    Returns
    -------
    Cohort
        Its ``rejected`` has a column ``source``.

    Raises
    ------
    SchemaError
        When no patient has an infusion.
    """
    acts = record.acts.reset_index(drop=True)
    if "passed_over" not in acts:
        acts["passed_over"] = ""
    refused = Rejections()
    shown = acts["kind"]
    shown = shown.where(acts["passed_over"] == "", acts["value"] + ": " + acts["passed_over"])
    used = refuse("events", acts.assign(shown=shown), "shown", refused)
    infusion = (acts["kind"] == INFUSION).to_numpy(dtype=bool)
    records = acts[used & infusion]
    if listed is not None:
        listed, count = borrow_zones(listed, _times(record))
        own.note("listed infusion read in the time zone of records", "patients", count)
        listed = listed_in_source(listed, record.known, own)
    if records.empty and (listed is None or listed.empty):
        raise no_infusion(record.name, len(record.known))
    patients, later = _infused(records, listed, own)
    patients = record.described(patients, own)
    starts = zip(patients["patient_id"], patients["infusion_time"], strict=True)
    zones = {str(who): split_zone(str(start))[1] for who, start in starts}
    at = np.flatnonzero(used & ~infusion & of_cohort(acts, set(zones), "events", own))
    given = acts.rename(columns={"kind": "event"}).assign(row=np.arange(len(acts))).iloc[at]
    made = later[later["patient_id"].isin(set(zones))]
    if record.made is not None:
        made = pd.concat([made, record.made(patients, own)], ignore_index=True)
    made = made.assign(row=np.arange(len(acts), len(acts) + len(made)), source="")
    columns = [*_EVENTS, "row", "source"]
    events = pd.concat([given[columns], made[columns]], ignore_index=True)
    events = start_lymphodepletion(_in_zone(events, zones), patients, own).reset_index(drop=True)

    def charted(part: pd.DataFrame, told: Rejections) -> tuple[pd.DataFrame, Flags]:
        labs, usable = record.charted(part, told)
        return _in_zone(labs, zones), usable

    cohort = assemble_stored(record.rows, record.owners, patients, events, charted, record.name)
    rejected = refused.frame()
    rejected = rejected.assign(source=acts["source"].iloc[rejected["row"].astype(int) - 1].array)
    return replace(
        cohort,
        rejected=stacked([own.frame(), rejected, cohort.rejected]),
        notes=summed((own.notes, cohort.notes)),
        infusions=decisions(acts[infusion], listed, patients),
    )


def _times(record: Record) -> Iterator[tuple[pd.Series, pd.Series]]:
    """Patient and time of every record, some at a time."""
    known = np.array(record.owners, dtype=object)
    for batch in record.rows.batches([record.rows.key, "time"]):
        who = pd.Series(known[batch[record.rows.key].cat.codes.to_numpy()], dtype="str")
        if pd.api.types.is_string_dtype(batch["time"].dtype):
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


def _in_zone(frame: pd.DataFrame, zones: dict[str, str]) -> pd.DataFrame:
    """Days without a clock in the zone of their patient's infusion."""
    time = frame["time"]
    if not pd.api.types.is_string_dtype(time.dtype):
        return frame
    dated = (time.str.len() == 10).to_numpy(dtype=bool, na_value=False)
    if not dated.any():
        return frame
    filled = time.to_numpy(dtype=object).copy()
    for row in np.flatnonzero(dated):
        filled[row] = with_zone(filled[row], zones.get(str(frame["patient_id"].iloc[row]), ""))
    return frame.assign(time=pd.Series(filled, index=frame.index, dtype="str"))
