"""What a FHIR source says of its subjects, as the record that every reader ends in."""

from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags
from riskmodel.cohort.fhir.collect import Collected, Diagnosis
from riskmodel.cohort.fhir.observations import NO_UNIT
from riskmodel.cohort.fhir.patients import People
from riskmodel.cohort.rejections import PLACE, Rejections, shown_places
from riskmodel.cohort.source.record import Record, assembled
from riskmodel.cohort.source.selection import known_by, refuse
from riskmodel.cohort.tables.cohort import Cohort
from riskmodel.cohort.units import recorded, unit_factor
from riskmodel.cohort.written.times import age_at

_GENDERS = {"female": "F", "male": "M", "other": "other"}
_LABS = ["patient_id", "time", "analyte", "value", "comparator", "unit", "reference_low",
         "reference_high"]  # fmt: skip
_CORRECTING = ("amended", "corrected", "cancelled", "entered-in-error")
_DRAFT = ("preliminary", "registered")


def cohort_of(
    name: str,
    collected: Collected,
    listed: pd.DataFrame | None,
    own: Rejections,
    timezone: str = "",
) -> Cohort:
    """The cohort of everything that was collected, see `assembled`."""
    people = collected.people
    deleted = collected.deleted
    for (kind, _), count in Counter(deleted.keys()).items():
        own.note("deleted at the source, with every version", kind or "no type", count)
    for kind, gone in deleted:
        if kind == "Patient":
            people.forget(gone)
    diagnoses = [d for d in collected.diagnoses if d.stamp > deleted.get(d.resource, -1)]
    gone_labs = {hash(place): when for place, when in deleted.items() if all(place)}
    acts = collected.acts.frame(deleted)
    acts["patient_id"] = [people.find(subject) for subject in acts["subject"]]
    acts["source"] = shown_places(*(acts[column] for column in PLACE))
    texts = ("patient_id", "kind", "time", "value", "refusal", "passed_over", "source")
    acts = acts.astype(dict.fromkeys(texts, "str"))
    owners = [people.find(token) for token in collected.labs.keys()[0]]

    def charted(part: pd.DataFrame, told: Rejections) -> tuple[pd.DataFrame, Flags]:
        gone = part["resource"].map(gone_labs).ge(part["stamp"]).to_numpy(dtype=bool)
        told.note("results deleted at the source", "labs", int(gone.sum()))
        latest = _current(part, told) & ~gone
        other = part["specimen"].astype("str").map(_elsewhere(collected.specimens))
        wrong = other.to_numpy(dtype=bool) & (part["refusal"] == "").to_numpy(dtype=bool)
        if wrong.any():
            refusal = part["refusal"].astype("str").mask(wrong, "not_blood")
            part = part.assign(refusal=refusal)
        part = _with_units(part, collected.units, told)
        usable = latest & refuse("labs", part.assign(current=latest), "analyte", told)
        return part[_LABS].astype({"time": "str"}), usable

    record = Record(
        name,
        collected.labs,
        owners,
        acts[list(texts)],
        {*people.names, *owners, *acts["patient_id"]} - {""},
        charted,
        lambda patients, told: _described(patients, people, diagnoses, told),
        lambda patients, told: _deaths(patients, people, told),
    )
    return assembled(record, listed, own, timezone, collected.decimal)


def _with_units(
    part: pd.DataFrame, units: Mapping[str, set[str]], told: Rejections
) -> pd.DataFrame:
    """Texts without a unit in that of the other results of the source, where it is one size."""
    bare = (part["unit"] == NO_UNIT).to_numpy(dtype=bool)
    if not bare.any():
        return part
    of_analyte = {}
    for analyte, seen in units.items():
        known = {unit: unit_factor(recorded()[analyte], unit) for unit in seen - {"", NO_UNIT}}
        sizes = {factor for factor in known.values() if factor is not None}
        one = next((unit for unit, factor in known.items() if factor is not None), "")
        of_analyte[analyte] = one if len(sizes) == 1 else ""
    unit = part["unit"].astype("str")
    filled = unit.mask(bare, part["analyte"].astype("str").map(of_analyte).fillna(""))
    used = (filled != "") & (part["refusal"] == "")
    read = part["analyte"][bare & used.to_numpy(dtype=bool)]
    for name, count in read.astype("str").value_counts().items():
        text = f"{name}: text without a unit, read in {of_analyte[str(name)]} as all others"
        told.note("flagged", text, int(count))
    return part.assign(unit=filled)


def _elsewhere(specimens: Mapping[str, bool]) -> Callable[[str], bool]:
    """Whether the Specimen of a reference is not blood, by the whole reference or its end."""

    def found(reference: str) -> bool:
        short = "/".join(reference.split("/_history/")[0].split("/")[-2:])
        return bool(reference) and specimens.get(reference, specimens.get(short, False))

    return found


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


def _deaths(patients: pd.DataFrame, people: People, own: Rejections) -> pd.DataFrame:
    rows = []
    for name in patients["patient_id"].drop_duplicates():
        versions = people.versions(name)
        rows += [(name, time) for time in sorted({v.death for v in versions if v.death})]
        undated = any(v.deceased for v in versions)
        own.note("deaths without a date (not used)", "patients", int(undated))
    day = [len(time) >= 10 for _, time in rows]
    own.note("deaths without a day (not used)", "patients", day.count(False))
    table = pd.DataFrame(rows, columns=["patient_id", "time"], dtype="str")
    table = table[np.array(day, dtype=bool)]
    return table.assign(event="death", value="")


def _current(labs: pd.DataFrame, own: Rejections) -> Flags:
    """Which results no later version replaces.

    Parameters
    ----------
    labs : DataFrame of shape (n, any)
        ``patient_id, time, status``, ``key`` (of the resource's id) and ``other_key`` (of its
        identifiers), 0 where there is none, and ``stamp``, the age of the version.
    own : Rejections
        Gets the count of the others.

    Returns
    -------
    bool array of shape (n,)
    """
    if not any(labs.loc[labs[key] != 0, key].duplicated().any() for key in ("key", "other_key")):
        return np.ones(len(labs), dtype=bool)
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
    return np.asarray(~gone)
