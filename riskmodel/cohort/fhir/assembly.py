"""From what a FHIR source holds to a cohort: subjects, infusions, time zones."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags
from riskmodel.cohort.fhir.collect import Collected, Diagnosis
from riskmodel.cohort.fhir.patients import People
from riskmodel.cohort.fhir.versions import current
from riskmodel.cohort.rejections import PLACE, Rejections, shown_places
from riskmodel.cohort.schema import Cohort
from riskmodel.cohort.source.assembly import assemble_stored, stacked
from riskmodel.cohort.source.infusion_choice import choose_infusions
from riskmodel.cohort.source.lymphodepletion import start_lymphodepletion
from riskmodel.cohort.source.selection import (
    known_by,
    listed_in_source,
    no_infusion,
    of_cohort,
    refuse,
)
from riskmodel.cohort.source.workspace import StoredRows
from riskmodel.cohort.times import age_at, borrow_zones, split_zone, with_zone

_GENDERS = {"female": "F", "male": "M", "other": "other"}
_GIVEN_LABS = ["patient_id", "time", "analyte", "value", "comparator", "unit", "reference_low",
               "reference_high"]  # fmt: skip
_GIVEN_EVENTS = ["patient_id", "event", "time", "value"]


def assembled(
    name: str, collected: Collected, listed: pd.DataFrame | None, own: Rejections
) -> Cohort:
    """The cohort of everything that was collected.

    Parameters
    ----------
    name : str
        Of the source.
    collected : Collected
        Its results are used up.
    listed : DataFrame or None
        Infusions of a list: ``patient_id, infusion_time, product``.
    own : Rejections
        Of the reader so far; gets what is refused of patients and events.

    Returns
    -------
    Cohort
        Its ``rejected`` has a column ``source``.

    Raises
    ------
    SchemaError
        When no patient has an infusion.
    """
    people = collected.people
    acts = collected.acts.frame()
    acts["patient_id"] = [people.find(subject) for subject in acts["subject"]]
    acts = acts.astype({"patient_id": "str", "time": "str", "value": "str", "kind": "str"})
    names = [people.find(token) for token in collected.labs.keys()[0]]
    acts["source"] = shown_places(*(acts[column] for column in PLACE))
    refused = Rejections()
    used = refuse("events", acts, "kind", refused)
    records = acts[used & (acts["kind"] == "infusion")]
    if listed is not None:
        times = _times(collected.labs, names, acts)
        listed, count = borrow_zones(listed, times)
        own.note("listed infusion read in the time zone of records", "patients", count)
        known = {*people.names, *names, *acts["patient_id"]} - {""}
        listed = listed_in_source(listed, known, own)
    if records.empty and (listed is None or listed.empty):
        raise no_infusion(name, len(people.names))
    patients, later = _infused(records, listed, own)
    starts = zip(patients["patient_id"], patients["infusion_time"], strict=True)
    zones = {str(who): split_zone(str(start))[1] for who, start in starts}
    treatments = used & (acts["kind"] != "infusion").to_numpy()
    at = np.flatnonzero(treatments & of_cohort(acts, set(zones), "events", own))
    given = acts.rename(columns={"kind": "event"}).assign(row=np.arange(len(acts))).iloc[at]
    made = pd.concat([later, _deaths(zones, people, own)], ignore_index=True)
    made = made.assign(row=np.arange(len(acts), len(acts) + len(made)), source="")
    columns = [*_GIVEN_EVENTS, "row", "source"]
    events = pd.concat([given[columns], made[columns]], ignore_index=True)
    events = start_lymphodepletion(_in_zone(events, zones), patients, own)

    def charted(part: pd.DataFrame, told: Rejections) -> tuple[pd.DataFrame, Flags]:
        latest = current(part, told)
        usable = latest & refuse("labs", part.assign(current=latest), "analyte", told)
        return _in_zone(part, zones)[_GIVEN_LABS], usable

    described = _described(patients, people, collected.diagnoses, own)
    events = events.reset_index(drop=True)
    cohort = assemble_stored(collected.labs, names, described, events, charted, name)
    rejected = refused.frame()
    rejected = rejected.assign(source=acts["source"].iloc[rejected["row"].astype(int) - 1].array)
    return replace(cohort, rejected=stacked([rejected, cohort.rejected]))


def _times(
    labs: StoredRows, names: Sequence[str], acts: pd.DataFrame
) -> Iterator[tuple[pd.Series, pd.Series]]:
    """Patient and time of every record, some at a time."""
    known = np.array(names, dtype=object)
    for batch in labs.batches(["subject", "time"]):
        who = pd.Series(known[batch["subject"].cat.codes.to_numpy()], dtype="str")
        yield who, batch["time"].astype("str")
    yield acts["patient_id"], acts["time"]


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
    """Times without a zone in that of their patient's infusion."""
    time = frame["time"]
    dated = (time.str.len() == 10).to_numpy(dtype=bool)
    if not dated.any():
        return frame
    filled = time.to_numpy(dtype=object).copy()
    for row in np.flatnonzero(dated):
        filled[row] = with_zone(filled[row], zones.get(str(frame["patient_id"].iloc[row]), ""))
    return frame.assign(time=pd.Series(filled, index=frame.index, dtype="str"))


def _described(
    patients: pd.DataFrame, people: People, diagnoses: list[Diagnosis], own: Rejections
) -> pd.DataFrame:
    """The patients table: one row a patient, or one a version where they contradict."""
    known: dict[str, list[Diagnosis]] = {}
    for diagnosis in diagnoses:
        known.setdefault(people.find(diagnosis.subject), []).append(diagnosis)
    rows = []
    for row in patients.to_dict("records"):
        name, start = str(row["patient_id"]), str(row["infusion_time"])
        versions = people.versions(name)
        own.note("patients without a Patient resource", "patients", int(not versions))
        names = {d.disease for d in known.get(name, []) if known_by(d.time, start)}
        own.note("conflicting diseases, left unknown", "patients", int(len(names) > 1))
        disease = next(iter(names)) if len(names) == 1 else None
        described = {(_GENDERS.get(v.gender), age_at(v.birth, start)) for v in versions}
        for sex, age in sorted(described, key=str) or [(None, np.nan)]:
            rows.append({**row, "disease": disease, "sex": sex, "age_years": age})
    return pd.DataFrame(rows)


def _deaths(zones: dict[str, str], people: People, own: Rejections) -> pd.DataFrame:
    rows = []
    for name in zones:
        versions = people.versions(name)
        rows += [(name, time) for time in sorted({v.death for v in versions if v.death})]
        undated = any(v.deceased for v in versions)
        own.note("deaths without a date (not used)", "patients", int(undated))
    day = [len(time) >= 10 for _, time in rows]
    own.note("deaths without a day (not used)", "patients", day.count(False))
    table = pd.DataFrame(rows, columns=["patient_id", "time"], dtype="str")
    table = table[np.array(day, dtype=bool)]
    return table.assign(event="death", value="")
