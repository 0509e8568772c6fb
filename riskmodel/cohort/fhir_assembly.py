"""From what a FHIR source holds to a cohort: versions, subjects, infusions, time zones."""

import numpy as np
import pandas as pd

from riskmodel.cohort.fhir_collect import Act, Collected, Diagnosis
from riskmodel.cohort.fhir_people import People
from riskmodel.cohort.infusions import choose_infusions
from riskmodel.cohort.reading import PLACE, Fault, assemble_in_parts, chosen_rows, located
from riskmodel.cohort.rejection import Rejections
from riskmodel.cohort.schema import Cohort
from riskmodel.cohort.selection import (
    Mask,
    known_by,
    listed_in_source,
    no_infusion,
    of_cohort,
    refuse,
)
from riskmodel.cohort.zones import age_at, borrow_zones, split_zone, with_zone

_CORRECTING = ("amended", "corrected", "cancelled", "entered-in-error")
_DRAFT = ("preliminary", "registered")
_GENDERS = {"female": "F", "male": "M", "other": "other"}
_GIVEN_LABS = ["patient_id", "time", "analyte", "value", "comparator", "unit", "reference_low",
               "reference_high"]  # fmt: skip
_GIVEN_EVENTS = ["patient_id", "event", "time", "value"]


def assembled(
    name: str,
    collected: Collected,
    listed: pd.DataFrame | None,
    own: Rejections,
    faults: list[Fault],
) -> Cohort:
    """The cohort of everything that was collected.

    Parameters
    ----------
    name : str
        Of the source.
    collected : Collected
    listed : DataFrame or None
        Infusions of a list: ``patient_id, infusion_time, product``.
    own : Rejections
        Of the reader so far.
    faults : list of Fault

    Raises
    ------
    SchemaError
        When no patient has an infusion.
    """
    people = collected.people
    events = _named(pd.DataFrame(collected.acts(), columns=list(Act._fields)), people)
    labs = _named(collected.labs(), people)
    events_used = refuse("events", events, "kind", own)
    labs_used = _current(labs, own) & refuse("labs", labs, "analyte", own)
    labs = labs.drop(columns=["key", "other_key", "stamp", "status", "current"])
    records = events[events_used & (events["kind"] == "infusion")]
    if listed is not None:
        ids = pd.concat([labs["patient_id"], events["patient_id"]], ignore_index=True)
        times = pd.concat([labs["time"], events["time"]], ignore_index=True)
        listed, count = borrow_zones(listed, ids, times)
        own.note("listed infusion read in the time zone of records", "patients", count)
        listed = listed_in_source(listed, {*people.names, *ids.unique()}, own)
    if records.empty and (listed is None or listed.empty):
        raise no_infusion(name, len(people.names))
    patients, later = _infused(records, listed, own)
    starts = zip(patients["patient_id"], patients["infusion_time"], strict=True)
    zones = {str(name): split_zone(str(start))[1] for name, start in starts}
    labs_at = np.flatnonzero(labs_used & of_cohort(labs, set(zones), "labs", own))
    treatments = events_used & (events["kind"] != "infusion").to_numpy()
    events_at = np.flatnonzero(treatments & of_cohort(events, set(zones), "events", own))
    given = events.iloc[events_at].rename(columns={"kind": "event"})
    frames = {
        "patients": _described(patients, people, collected.diagnoses, own),
        "labs": _in_zone(chosen_rows(labs, labs_at, _GIVEN_LABS), zones),
        "events": pd.concat(
            [
                _in_zone(part, zones)[_GIVEN_EVENTS]
                for part in (given, later, _deaths(zones, people, own))
            ],
            ignore_index=True,
        ),
    }
    labs = labs[PLACE]
    extra = np.arange(len(events), len(events) + len(frames["events"]) - len(events_at))
    return located(
        assemble_in_parts(frames, name),
        own,
        faults,
        {"labs": labs_at, "events": np.append(events_at, extra)},
        {"labs": labs, "events": events},
    )


def _named(frame: pd.DataFrame, people: People) -> pd.DataFrame:
    """The frame with the patient_id of each subject, empty where it is no patient."""
    codes, tokens = pd.factorize(frame["subject"].astype("category"))
    found = [people.find(str(token)) for token in tokens]
    names = pd.Index(dict.fromkeys(found), dtype="str")
    ids = pd.Categorical.from_codes(names.get_indexer(pd.Index(found, dtype="str"))[codes], names)
    return frame.assign(patient_id=ids)


def _current(labs: pd.DataFrame, own: Rejections) -> Mask:
    """Which results no later version replaces; written to the column ``current``."""
    status = labs["status"].astype("str")
    rank = status.isin(_CORRECTING).astype("int8") - status.isin(_DRAFT).astype("int8")
    ordered = labs[["patient_id", "key", "other_key", "time", "stamp"]].assign(
        rank=rank, verified=rank >= 0
    )
    ordered = ordered.sort_values(["verified", "stamp", "rank"], kind="stable")
    named = ordered["key"] != 0
    replaced = ordered.duplicated(["patient_id", "key"], keep="last") & named
    ordered = ordered[~replaced]
    shared = ["patient_id", "other_key", "time"]
    corrected = ordered.duplicated(shared, keep="last") & (ordered["other_key"] != 0)
    if corrected.any():
        last = ordered.groupby(shared, observed=True)["rank"].transform("last")
        corrected &= last == 1
    gone = labs.index.isin(replaced.index[replaced]) | labs.index.isin(corrected.index[corrected])
    own.note("earlier versions of a result, replaced by the latest", "labs", int(gone.sum()))
    labs["current"] = ~gone
    return np.asarray(~gone)


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
        filled[row] = with_zone(filled[row], zones[frame["patient_id"].iloc[row]])
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
