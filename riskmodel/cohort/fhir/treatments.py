"""Collect the infusions, treatments and stays in intensive care that a FHIR source holds."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd

from riskmodel.cohort.fhir.files import Located
from riskmodel.cohort.fhir.patients import subject_token
from riskmodel.cohort.fhir.resources import (
    Resource,
    codings,
    listed,
    mapping,
    names,
    text,
    time_fault,
    when,
)
from riskmodel.cohort.source.acts import INFUSION, meant_by
from riskmodel.cohort.vocabulary.clinical_names import is_intensive_care
from riskmodel.cohort.vocabulary.infusions import InfusionCodes

# Procedure and MedicationAdministration: what was stopped had begun.
_DONE = frozenset(("completed", "in-progress", "stopped"))
_NOT_DONE: Mapping[str, str] = {
    "entered-in-error": "entered_in_error",
    "unknown": "status_unknown",
    "preparation": "not_final",
    "planned": "not_final",
}
_OF_A_STAY = ("resourceType", "id", "meta", "status", "class", "type", "serviceType", "subject",
              "period", "location")  # fmt: skip
_CAME = frozenset(("arrived", "triaged", "in-progress", "onleave", "finished"))


_ONLY_MEANT = ("planned", "reserved")


class Act(NamedTuple):
    """A treatment, an infusion or an admission."""

    subject: str
    kind: str
    time: str
    value: str
    refusal: str
    passed_over: str
    stamp: int
    file: str
    line: int
    entry: int


def stamp_of(resource: Mapping[str, Any]) -> int:
    """Age of a version in microseconds: ``meta.lastUpdated``, else ``issued``; 0 where neither."""
    told = text(mapping(resource.get("meta")).get("lastUpdated")) or text(resource.get("issued"))
    if not told:
        return 0
    try:
        moment = datetime.fromisoformat(told)
        return int(moment.timestamp() * 1e6) if moment.tzinfo else 0
    except (ValueError, OverflowError):
        return 0


def _dose(resource: Mapping[str, Any]) -> str:
    dose = mapping(mapping(resource.get("dosage")).get("dose"))
    amount = dose.get("value")
    known = isinstance(amount, int | float) and not isinstance(amount, bool)
    return f"{amount} {text(dose.get('unit'))}".strip()[:80] if known else ""


def _says_so(concept: object) -> bool:
    codes = [code for _, code, _ in codings(concept)]
    return is_intensive_care(" / ".join(names(concept))[:500], *codes)


class Places:
    """Location resources that are intensive care, by the names under which others refer to them."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def add(self, located: Located) -> None:
        """Learn of one Location."""
        place = located.resource
        types = [*listed(place.get("type")), mapping(place.get("physicalType"))]
        if is_intensive_care(text(place.get("name"))[:200]) or any(map(_says_so, types)):
            if own := text(place.get("id")):
                self._known.add(f"Location/{own}")
            if located.full_url:
                self._known.add(located.full_url)

    def holds(self, place: Resource) -> bool:
        """Whether a reference to a Location means intensive care."""
        asked = text(place.get("reference"))
        short = "/".join(asked.split("/")[-2:])
        shown = is_intensive_care(text(place.get("display"))[:200])
        return shown or asked in self._known or short in self._known


def _stays(located: Located, places: Places) -> list[str]:
    """Start of each stay in intensive care, empty text where it is not told.

    An Encounter that is intensive care by its class, type or service is one stay. Of any other,
    the locations count that are.
    """
    encounter = located.resource
    start = text(mapping(encounter.get("period")).get("start"))
    whole = mapping(encounter.get("class"))
    own = is_intensive_care(text(whole.get("display"))[:200], text(whole.get("code")))
    if own or any(map(_says_so, [*listed(encounter.get("type")), encounter.get("serviceType")])):
        return [start]
    found = []
    for stay in listed(encounter.get("location")):
        if places.holds(mapping(stay.get("location"))) and (
            text(stay.get("status")) not in _ONLY_MEANT
        ):
            found.append(text(mapping(stay.get("period")).get("start")) or start)
    return list(dict.fromkeys(found))


class Acts:
    """The acts read so far, each in its latest version.

    Parameters
    ----------
    infusion_codes : InfusionCodes
    unused : Counter
        Gets what is no act of the contract.
    """

    def __init__(self, infusion_codes: InfusionCodes, unused: Counter[str]) -> None:
        self._infusion_codes = infusion_codes
        self._unused = unused
        self._found: dict[tuple[str, str, str], list[Act]] = {}
        self._medications: dict[str, Mapping[str, Any]] = {}
        self._places = Places()
        self._waiting: list[Located] = []

    def add(self, located: Located) -> None:
        """Learn of a Procedure, MedicationAdministration, Medication, Encounter or Location."""
        kind, resource = located.resource["resourceType"], located.resource
        if kind == "Procedure":
            self._treatment(located, resource.get("code"), "performed")
        elif kind == "Medication":
            self._medication(located)
        elif kind == "Location":
            self._places.add(located)
        elif kind == "Encounter" and not resource.get("location"):
            self._stay(located)
        elif kind == "Encounter":
            kept = {key: resource[key] for key in _OF_A_STAY if key in resource}
            self._waiting.append(located._replace(resource=kept))
        elif isinstance(resource.get("medicationReference"), dict):
            self._waiting.append(located)
        else:
            self._treatment(located, resource.get("medicationCodeableConcept"), "effective")

    def frame(self, deleted: Mapping[tuple[str, str], float]) -> pd.DataFrame:
        """All acts, refused ones too; call it when everything was read.

        Parameters
        ----------
        deleted : mapping of (type, id) to float
            When a resource was deleted, as `stamp_of` tells it.
        """
        for located in self._waiting:
            if located.resource["resourceType"] == "Encounter":
                self._stay(located)
            else:
                self._treatment(located, self._referred(located), "effective")
        self._waiting = []
        acts = [
            act
            for (kind, _, own), found in self._found.items()
            for act in found
            if act.stamp > deleted.get((kind, own), -1)
        ]
        return pd.DataFrame(acts, columns=list(Act._fields))

    def _medication(self, located: Located) -> None:
        code = mapping(located.resource.get("code"))
        if own := text(located.resource.get("id")):
            self._medications[f"Medication/{own}"] = code
        if located.full_url:
            self._medications[located.full_url] = code

    def _referred(self, located: Located) -> Any:
        """The concept of the Medication that an administration refers to."""
        asked = text(mapping(located.resource["medicationReference"]).get("reference"))
        contained = located.resource.get("contained")
        for inside in contained if isinstance(contained, list) else []:
            if isinstance(inside, dict) and asked == f"#{text(inside.get('id'))}":
                return inside.get("code")
        short = "/".join(asked.split("/")[-2:])
        return self._medications.get(asked) or self._medications.get(short)

    def _treatment(self, located: Located, concept: Any, time_name: str) -> None:
        resource = located.resource
        told = " / ".join(names(concept))[:500]
        codes = [code for _, code, _ in codings(concept)]
        given = resource["resourceType"] == "MedicationAdministration"
        meant = meant_by(self._infusion_codes, codes, told, given=given)
        if meant is None:
            self._unused[f"{resource['resourceType']} of no infusion or treatment"] += 1
            return
        status = text(resource.get("status"))
        refusal = "" if status in _DONE else _NOT_DONE.get(status, "cancelled")
        if meant.passed_over and not refusal:
            refusal = "not_an_infusion"
        value = meant.product if meant.kind == INFUSION else _dose(resource)
        time = when(resource, time_name)
        self._keep(located, [(meant.kind, time, value)], refusal, meant.passed_over)

    def _stay(self, located: Located) -> None:
        times = _stays(located, self._places)
        if not times:
            self._unused["Encounter outside intensive care"] += 1
            return
        status = text(located.resource.get("status"))
        refusal = "" if status in _CAME else _NOT_DONE.get(status, "cancelled")
        self._keep(located, [("icu_admission", time, "") for time in times], refusal)

    def _keep(
        self,
        located: Located,
        found: list[tuple[str, str, str]],
        refusal: str,
        passed_over: str = "",
    ) -> None:
        """Keep what a resource says, unless a later version of it was read."""
        resource = located.resource
        subject, stamp = subject_token(located), stamp_of(resource)
        acts = []
        for kind, time, value in found:
            reason = refusal
            reason = reason or time_fault(time)
            acts.append(
                Act(
                    subject,
                    kind,
                    time,
                    value,
                    reason,
                    passed_over,
                    stamp,
                    located.file,
                    *located.place,
                )
            )
        own = text(resource.get("id")) or f"\0{len(self._found)}"
        key = (resource["resourceType"], subject, own)
        if key not in self._found or self._found[key][0].stamp <= stamp:
            self._found[key] = acts
