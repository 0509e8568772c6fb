"""Collect what a FHIR source holds of results, treatments, infusions and diagnoses."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from riskmodel.cohort.clinical_names import disease_of, treatment_of
from riskmodel.cohort.fhir_files import Located
from riskmodel.cohort.fhir_people import People, subject_token
from riskmodel.cohort.fhir_resources import (
    DONE,
    NOT_DONE,
    UNUSED,
    USED,
    codings,
    identifiers,
    mapping,
    names,
    names_a_day,
    results,
    text,
    when,
)
from riskmodel.cohort.infusions import InfusionCodes
from riskmodel.cohort.reading import Rows, words

WANTED = frozenset(
    ("Bundle", "Patient", "Observation", "Procedure", "MedicationAdministration", "Medication",
     "Condition")
)  # fmt: skip

_LABS = pa.schema(
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
        ("key", pa.int64()),
        ("other_key", pa.int64()),
        ("stamp", pa.int64()),
        ("file", words()),
        ("line", pa.int32()),
        ("entry", pa.int32()),
    ]
)
_REFUTED = ("refuted", "entered-in-error")
_UNKNOWN_CODES = 40


class Act(NamedTuple):
    """A treatment or an infusion."""

    subject: str
    kind: str
    time: str
    value: str
    refusal: str
    stamp: int
    file: str
    line: int
    entry: int


class Diagnosis(NamedTuple):
    """A disease of the cohort contract, and when it was known."""

    subject: str
    disease: str
    time: str


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


class Collected:
    """What was read so far.

    Parameters
    ----------
    people : People
    infusion_codes : InfusionCodes
    own_codes : mapping of str to str
        Analyte by a centre's own code.
    """

    def __init__(
        self, people: People, infusion_codes: InfusionCodes, own_codes: Mapping[str, str]
    ) -> None:
        self.people = people
        self.diagnoses: list[Diagnosis] = []
        self.unused: Counter[str] = Counter()
        self.other_results: Counter[str] = Counter()
        self._infusion_codes = infusion_codes
        self._own_codes = own_codes
        self._labs = Rows(_LABS)
        self._acts: dict[tuple[str, str, str], Act] = {}
        self._medications: dict[str, Mapping[str, Any]] = {}
        self._given: list[Located] = []

    def add(self, located: Located) -> None:
        """Learn of one resource."""
        kind = located.resource["resourceType"]
        if kind == "Observation":
            self._observation(located)
        elif kind == "Patient":
            self.people.add(located)
        elif kind == "Procedure":
            self._act(located, located.resource.get("code"), "performed")
        elif kind == "MedicationAdministration":
            if isinstance(located.resource.get("medicationReference"), dict):
                self._given.append(located)
            else:
                self._act(located, located.resource.get("medicationCodeableConcept"), "effective")
        elif kind == "Medication":
            self._medication(located)
        elif kind == "Condition":
            self._condition(located)
        else:
            self.unused[str(kind)[:40]] += 1

    def labs(self) -> pd.DataFrame:
        """Results of the analytes of the contract, refused ones too. Call it once."""
        return self._labs.frame()

    def acts(self) -> list[Act]:
        """Treatments and infusions; call it when everything was read."""
        for located in self._given:
            asked = text(mapping(located.resource["medicationReference"]).get("reference"))
            contained = located.resource.get("contained")
            own = [
                c.get("code")
                for c in (contained if isinstance(contained, list) else [])
                if isinstance(c, dict) and asked == f"#{text(c.get('id'))}"
            ]
            known = self._medications.get(asked) or self._medications.get(
                "/".join(asked.split("/")[-2:])
            )
            self._act(located, own[0] if own else known, "effective")
        self._given = []
        return list(self._acts.values())

    def other_codes(self) -> dict[str, int]:
        """Results of codes that are no analyte: the most frequent ones, and the rest."""
        found = dict(self.other_results.most_common(_UNKNOWN_CODES))
        rest = self.other_results.total() - sum(found.values())
        return {**found, "other codes": rest} if rest else found

    def _observation(self, located: Located) -> None:
        resource = located.resource
        found, other = results(resource, self._own_codes)
        self.other_results.update(other)
        if not found:
            return
        status = text(resource.get("status"))
        time = when(resource, "effective")
        withheld = "" if status in USED else UNUSED.get(status, "status_unknown")
        if not withheld and not names_a_day(time):
            withheld = "time_not_a_day" if time else "time_missing"
        own, ranks = text(resource.get("id")), identifiers(resource)
        subject, stamp = subject_token(located), stamp_of(resource)
        for place, result in enumerate(found):
            self._labs.add(
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
                    hash((own, result.analyte, place)) if own else 0,
                    hash((tuple(ranks), result.analyte, place)) if ranks else 0,
                    stamp,
                    located.file,
                    *located.place,
                )
            )

    def _medication(self, located: Located) -> None:
        code = mapping(located.resource.get("code"))
        if own := text(located.resource.get("id")):
            self._medications[f"Medication/{own}"] = code
        if located.full_url:
            self._medications[located.full_url] = code

    def _act(self, located: Located, concept: Any, time_name: str) -> None:
        resource = located.resource
        told = " / ".join(names(concept))[:500]
        product = None
        for _, code, _ in codings(concept) or [("", "", "")]:
            product = self._infusion_codes.product_of(code=code, text=told)
            if product is not None:
                break
        kind = "infusion" if product is not None else treatment_of(told) if told else None
        if kind is None:
            self.unused[f"{resource['resourceType']} of no infusion or treatment"] += 1
            return
        status = text(resource.get("status"))
        time = when(resource, time_name)
        refusal = "" if status in DONE else NOT_DONE.get(status, "cancelled")
        if not refusal and not time:
            refusal = "time_missing"
        if not refusal and not names_a_day(time):
            refusal = "time_not_a_day"
        dose = mapping(mapping(resource.get("dosage")).get("dose"))
        amount = dose.get("value")
        known = isinstance(amount, int | float) and not isinstance(amount, bool)
        value = f"{amount} {text(dose.get('unit'))}".strip()[:80] if known else ""
        subject, stamp = subject_token(located), stamp_of(resource)
        act = Act(
            subject, kind, time, product if product is not None else value, refusal, stamp,
            located.file, *located.place,
        )  # fmt: skip
        own = text(resource.get("id")) or f"\0{len(self._acts)}"
        key = (resource["resourceType"], subject, own)
        if key not in self._acts or self._acts[key].stamp <= stamp:
            self._acts[key] = act

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
            self.diagnoses.append(Diagnosis(subject_token(located), disease, time))
