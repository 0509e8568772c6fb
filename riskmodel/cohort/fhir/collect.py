"""Collect what a FHIR source holds of results, acts and diagnoses."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from riskmodel.cohort.fhir.files import DELETION, Located
from riskmodel.cohort.fhir.observations import UNUSED, USED, of_other_specimen, results
from riskmodel.cohort.fhir.patients import People, subject_token
from riskmodel.cohort.fhir.resources import (
    Resource,
    codings,
    identifiers,
    listed,
    mapping,
    names,
    text,
    time_fault,
    told,
    when,
)
from riskmodel.cohort.fhir.treatments import Acts, stamp_of
from riskmodel.cohort.source.workspace import StoredRows, words
from riskmodel.cohort.vocabulary.clinical_names import disease_of
from riskmodel.cohort.vocabulary.infusions import InfusionCodes
from riskmodel.cohort.vocabulary.specimens import is_not_blood

_ACTS = frozenset(("Procedure", "MedicationAdministration", "Medication", "Encounter", "Location"))
_REPORTS = frozenset(("DiagnosticReport", "Observation"))
WANTED = _ACTS | _REPORTS | {"Bundle", "Patient", "Condition", "Specimen"}
_WITHDRAWN = ("entered-in-error", "cancelled")

LABS = pa.schema(
    [
        ("subject", words()),
        ("time", pa.string()),
        ("analyte", words()),
        ("value", pa.float64()),
        ("comparator", words()),
        ("unit", words()),
        ("reference_low", pa.float64()),
        ("reference_high", pa.float64()),
        ("refusal", words()),
        ("status", words()),
        ("specimen", words()),
        ("resource", pa.int64()),
        ("key", pa.int64()),
        ("other_key", pa.int64()),
        ("stamp", pa.int64()),
        ("file", words()),
        ("line", pa.int32()),
        ("entry", pa.int32()),
    ]
)
_REFUTED = ("refuted", "entered-in-error")


class Diagnosis(NamedTuple):
    """A disease of the cohort contract, and when it was known."""

    subject: str
    disease: str
    time: str
    resource: tuple[str, str]
    stamp: int


class Collected:
    """What was read so far.

    Parameters
    ----------
    people : People
    labs : StoredRows
        Of the schema `LABS`: gets the results, refused ones too.
    infusion_codes : InfusionCodes
    own_codes : mapping of str to str
        Analyte by a centre's own code.
    decimal : {"", ",", "."}
        See `read_fhir`.
    """

    def __init__(
        self,
        people: People,
        labs: StoredRows,
        infusion_codes: InfusionCodes,
        own_codes: Mapping[str, str],
        decimal: str = "",
    ) -> None:
        self.people = people
        self.labs = labs
        self.diagnoses: list[Diagnosis] = []
        self.unused: Counter[str] = Counter()
        self.other_results: Counter[str] = Counter()
        self.acts = Acts(infusion_codes, self.unused)
        self.deleted: dict[tuple[str, str], float] = {}
        self.specimens: dict[str, bool] = {}
        self.units: dict[str, set[str]] = defaultdict(set)
        self._own_codes = own_codes
        self.decimal = decimal

    def add(self, located: Located) -> None:
        """Learn of one resource."""
        resource = located.resource
        kind = text(resource["resourceType"])
        inside = self._contained(located) if kind in _REPORTS and "contained" in resource else []
        if kind == "Observation":
            self._observation(located)
        elif kind == "Patient":
            self.people.add(located)
        elif kind in _ACTS:
            self.acts.add(located)
        elif kind == "Condition":
            self._condition(located)
        elif kind == "Specimen":
            self.specimens[f"Specimen/{text(resource.get('id'))}"] = _other_specimen(resource)
            if located.full_url:
                self.specimens[located.full_url] = _other_specimen(resource)
        elif kind == DELETION:
            place = (text(resource.get("kind")), text(resource.get("id")))
            when = float(stamp_of(resource)) or math.inf
            self.deleted[place] = max(when, self.deleted.get(place, 0.0))
        elif kind == "DiagnosticReport" and not inside and not listed(resource.get("result")):
            self.unused["DiagnosticReport whose results stand only in a text or a file"] += 1
        elif not inside:
            self.unused[kind[:40] or "no type"] += 1
        for part in inside:
            self._observation(part)

    @staticmethod
    def _contained(located: Located) -> list[Located]:
        """Observations inside a report or a panel; what they do not say, it says for them."""
        whole = located.resource
        told = {name: whole[name] for name in whole if name in ("subject", "specimen", "meta")}
        told |= {name: value for name, value in whole.items() if name.startswith("effective")}
        if text(whole.get("status")) in _WITHDRAWN:
            told["status"] = whole["status"]
        found = []
        for part in listed(whole.get("contained")):
            if part.get("resourceType") != "Observation":
                continue
            dated = any(name.startswith("effective") for name in part)
            given = {n: v for n, v in told.items() if not (dated and n.startswith("effective"))}
            own = f"{whole['resourceType']}/{text(whole.get('id'))}#{text(part.get('id'))}"
            status = {"status": told["status"]} if "status" in told else {}
            merged = {**given, **part, **status, "id": own if text(whole.get("id")) else ""}
            found.append(located._replace(resource=merged, full_url=""))
        return found

    def _observation(self, located: Located) -> None:
        resource = located.resource
        found, other = results(resource, self._own_codes, self.decimal)
        self.other_results.update(other)
        if not found:
            return
        status = text(resource.get("status"))
        time = when(resource, "effective")
        withheld = "" if status in USED else UNUSED.get(status, "status_unknown")
        withheld = withheld or time_fault(time)
        if not withheld and "modifierExtension" in resource:
            withheld = "modified"
        specimen, elsewhere = _specimen(located)
        if not withheld and elsewhere:
            withheld = "not_blood"
        own, ranks = text(resource.get("id")), identifiers(resource)
        # Of a part of a report, the report is what may be deleted.
        kind, _, name = own.split("#")[0].rpartition("/")
        whole = hash((kind or "Observation", name)) if own else 0
        subject, stamp = subject_token(located), stamp_of(resource)
        for place, result in enumerate(found):
            self.units[result.analyte].add(result.unit)
            self.labs.add(
                (
                    subject,
                    time,
                    result.analyte,
                    result.value,
                    result.comparator,
                    result.unit,
                    result.low,
                    result.high,
                    withheld or result.refusal,
                    status,
                    specimen,
                    whole,
                    hash((own, result.analyte, place)) if own else 0,
                    hash((tuple(ranks), result.analyte, place)) if ranks else 0,
                    stamp,
                    located.file,
                    *located.place,
                )
            )

    def _condition(self, located: Located) -> None:
        resource = located.resource
        verified = {code for _, code, _ in codings(resource.get("verificationStatus"))}
        concept = resource.get("code")
        found = {disease_of(code, display) for _, code, display in codings(concept)}
        if not found - {None}:
            found = {disease_of(text=name) for name in names(concept)}
        for disease in sorted(name for name in found if name):
            if verified.intersection(_REFUTED):
                self.unused["Condition refuted or entered in error"] += 1
                continue
            time = text(resource.get("recordedDate")) or when(resource, "onset")
            place = ("Condition", text(resource.get("id")))
            found_in = (subject_token(located), disease, time, place, stamp_of(resource))
            self.diagnoses.append(Diagnosis(*found_in))


def _other_specimen(specimen: Resource) -> bool:
    """Whether a Specimen is not blood, by its type and the site it comes from."""
    concepts = [specimen.get("type"), mapping(specimen.get("collection")).get("bodySite")]
    return any(_is_other(concept) for concept in concepts)


def _is_other(concept: Any) -> bool:
    return of_other_specimen(told(concept))


def _specimen(located: Located) -> tuple[str, bool]:
    """Reference of an Observation's Specimen, and whether it says itself that it is not blood."""
    resource = located.resource
    if any(_is_other(concept) for concept in listed(resource.get("category"))):
        return "", True
    if "specimen" not in resource and "bodySite" not in resource:
        return "", False
    asked = mapping(resource.get("specimen"))
    reference = text(asked.get("reference"))
    other = _is_other(resource.get("bodySite")) or is_not_blood(text(asked.get("display"))[:200])
    for part in listed(resource.get("contained")):
        if part.get("resourceType") == "Specimen" and reference == f"#{text(part.get('id'))}":
            other = other or _other_specimen(part)
    return ("" if reference.startswith("#") else reference), other
