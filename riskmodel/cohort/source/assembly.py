"""Cleaning some patients at a time, and joining the cohorts of disjoint groups of patients."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Flags
from riskmodel.cohort.rejections import PLACE, Rejections, shown_places
from riskmodel.cohort.source.body_weight import WEIGHT, with_weights
from riskmodel.cohort.source.workspace import Rows
from riskmodel.cohort.tables.cohort import Cohort, assemble
from riskmodel.cohort.written.notation import Notation, with_decimal

PART_ROWS = 250_000
"""Results that are cleaned at once, about: a patient's are never split."""

_DATES = Notation(dates=("labs", "events"))
"""In whole records a time of day at midnight is mostly none: conversions fill it in."""

Charted = Callable[[pd.DataFrame, Rejections], tuple[pd.DataFrame, Flags]]


def assemble_record(frames: Mapping[str, pd.DataFrame], name: str, decimal: str = "") -> Cohort:
    """The cohort of charted tables whose results may hold body weights.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        See `assemble`. Results named `WEIGHT` become ``weight_kg`` of the patients.
    name : str
    decimal : {"", ",", "."}
        Decimal sign of numbers that can be read in two ways.
    """
    labs = frames["labs"]
    weighed = (labs["analyte"] == WEIGHT).to_numpy(dtype=bool)
    own = Rejections()
    patients = with_weights(frames["patients"], labs[weighed], own)
    results = labs[~weighed].reset_index(drop=True) if weighed.any() else labs
    told, notation = Rejections(), with_decimal(_DATES, decimal)
    cohort = assemble({**frames, "patients": patients, "labs": results}, told, name, notation)
    if not weighed.any():
        return cohort
    rejected = [
        renumbered(own.frame(), {"labs": np.flatnonzero(weighed)}),
        renumbered(cohort.rejected, {"labs": np.flatnonzero(~weighed)}),
    ]
    return replace(cohort, rejected=stacked(rejected), notes=summed((own.notes, cohort.notes)))


def renumbered(rejected: pd.DataFrame, rows: Mapping[str, Codes]) -> pd.DataFrame:
    """Rejections with their rows counted in the tables that `rows` were taken from."""
    number = rejected["row"].to_numpy(dtype=object, copy=True)
    for table, positions in rows.items():
        mine = (rejected["table"] == table).to_numpy(dtype=bool)
        number[mine] = positions[number[mine].astype(np.int64) - 1] + 1
    return rejected.assign(row=pd.Series(number, index=rejected.index).astype("int64"))


def stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows of all frames; empty ones tell no types."""
    kept = [frame for frame in frames if len(frame)]
    return pd.concat(kept, ignore_index=True) if kept else frames[0]


def summed(notes: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """Counts by kind and key, added up; keys are sorted."""
    found: dict[str, Counter[str]] = {}
    for one in notes:
        for kind, counts in one.items():
            found.setdefault(kind, Counter()).update(counts)
    return {kind: dict(sorted(counts.items())) for kind, counts in found.items()}


def joined(parts: Sequence[Cohort], own: Rejections, name: str) -> Cohort:
    """One cohort of the cohorts of disjoint groups of patients; uses up the parts.

    Parameters
    ----------
    parts : sequence of Cohort, not empty
    own : Rejections
        Of the reader: told before those of the parts.
    name : str
    """
    offset = 0
    for part in parts:
        part.labs["patient"] += offset
        part.events["patient"] += offset
        offset += len(part)
    labs = {}
    for column in parts[0].labs.columns:
        # Column by column, so that never two copies of everything exist.
        labs[column] = pd.concat([part.labs.pop(column) for part in parts], ignore_index=True)
    return Cohort(
        patients=pd.concat([part.patients for part in parts], ignore_index=True),
        labs=pd.DataFrame(labs, copy=False),
        events=pd.concat([part.events for part in parts], ignore_index=True),
        rejected=stacked([own.frame(), *(part.rejected for part in parts)]),
        notes=summed([own.notes, *(part.notes for part in parts)]),
        name=name,
    )


def _groups(
    patients: pd.DataFrame, names: Sequence[str], counts: Codes, rows: int
) -> tuple[Codes, Codes, int]:
    """Group of each row of the patients table and of each name, -1 for others; their number."""
    members = pd.Index(patients["patient_id"].drop_duplicates())
    code = members.get_indexer(pd.Index(list(names), dtype="str"))
    results = np.zeros(len(members), dtype=np.int64)
    np.add.at(results, code[code >= 0], counts[code >= 0])
    _, group = np.unique((np.cumsum(results) - results) // rows, return_inverse=True)
    of_name = np.where(code >= 0, np.append(group, -1)[code], -1)
    return group[members.get_indexer(patients["patient_id"])], of_name, group.max(initial=-1) + 1


def assemble_stored(
    results: Rows,
    names: Sequence[str],
    patients: pd.DataFrame,
    events: pd.DataFrame,
    charted: Charted,
    name: str,
    *,
    rows: int = PART_ROWS,
    decimal: str = "",
) -> Cohort:
    """The cohort of stored results, cleaned some patients at a time to bound the memory.

    Parameters
    ----------
    results : Rows
        With the columns of `PLACE`; used up.
    names : sequence of str
        Patient of each text of ``results.keys()``, empty where it means no patient.
    patients : DataFrame
        Charted, of the members of the cohort; a patient may have several rows.
    events : DataFrame
        Charted, with ``row`` (from 0) and ``source`` (text).
    charted : callable(part, rejections) -> (labs, mask)
        From stored results with their ``patient_id`` to charted labs, and which of them to use.
        Rejections go by the position in the part.
    name : str
    rows : int
        Results of one part.
    decimal : {"", ",", "."}
        See `assemble_record`.

    Returns
    -------
    Cohort
        ``rejected`` has the further column ``source``; ``row`` counts what was read.
    """
    own = Rejections()
    _, counts = results.keys()
    of_patient, of_name, number = _groups(patients, names, counts, rows)
    nobody = np.array([who == "" for who in names], dtype=bool)
    of_name[nobody] = number
    outside = of_name < 0
    own.note(
        "records of patients without an infusion (not used)", "labs", int(counts[outside].sum())
    )
    without = {who for who, out in zip(names, outside.tolist(), strict=True) if out}
    own.note("patients without an infusion, by records", "labs", len(without))
    known = pd.Index(dict.fromkeys(names), dtype="str")
    code = known.get_indexer(pd.Index(list(names), dtype="str"))
    of_event = pd.Series(of_patient, index=patients["patient_id"].to_numpy())
    of_event = of_event[~of_event.index.duplicated()].reindex(events["patient_id"])
    parts = []
    for k, part in enumerate(results.groups(of_name, number + 1)):
        subject = part[results.key].cat.codes.to_numpy()
        part["patient_id"] = pd.Categorical.from_codes(code[subject], known)
        told = Rejections()
        labs, usable = charted(part, told)
        at = np.flatnonzero(usable)
        mine = {
            "patients": np.flatnonzero(of_patient == k),
            "labs": at,
            "events": np.flatnonzero((of_event == k).to_numpy()),
        }
        cohort = assemble_record(
            {
                "patients": patients.iloc[mine["patients"]].reset_index(drop=True),
                "labs": (labs if len(at) == len(labs) else labs.iloc[at]).reset_index(drop=True),
                "events": events.iloc[mine["events"]]
                .drop(columns=["row", "source"])
                .reset_index(drop=True),
            },
            name,
            decimal,
        )
        both = [told.frame(), renumbered(cohort.rejected, mine)]
        placed = _placed(stacked(both), part, events)
        parts.append(replace(cohort, rejected=placed, notes=summed((told.notes, cohort.notes))))
    return joined(parts, own, name)


def _placed(rejected: pd.DataFrame, part: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Rejections of one part with the number and the place of what was read."""
    number = rejected["row"].to_numpy(dtype=np.int64, copy=True)
    source = np.full(len(rejected), "", dtype=object)
    lab = (rejected["table"] == "labs").to_numpy(dtype=bool)
    event = (rejected["table"] == "events").to_numpy(dtype=bool)
    told = part.iloc[number[lab] - 1]
    source[lab] = shown_places(*(told[column] for column in PLACE))
    number[lab] = told["row"].to_numpy() + 1
    acts = events.iloc[number[event] - 1]
    source[event] = acts["source"].to_numpy(dtype=object)
    number[event] = acts["row"].to_numpy() + 1
    return rejected.assign(row=number, source=pd.Series(source, index=rejected.index, dtype="str"))
