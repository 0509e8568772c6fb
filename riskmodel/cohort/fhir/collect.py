"""Collect what a FHIR source holds of results, acts and diagnoses."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa

from riskmodel.cohort.fhir.files import Located
from riskmodel.cohort.fhir.observations import UNUSED, USED, results
from riskmodel.cohort.fhir.patients import People, subject_token
from riskmodel.cohort.fhir.resources import (
    codings,
    identifiers,
    names,
    names_a_day,
    text,
    when,
)
from riskmodel.cohort.fhir.treatments import Acts, stamp_of
from riskmodel.cohort.source.workspace import StoredRows, words
from riskmodel.cohort.vocabulary.clinical_names import disease_of
from riskmodel.cohort.vocabulary.infusions import InfusionCodes

_ACTS = frozenset(("Procedure", "MedicationAdministration", "Medication", "Encounter", "Location"))
WANTED = _ACTS | {"Bundle", "Patient", "Observation", "Condition"}

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


class Diagnosis(NamedTuple):
    """A disease of the cohort contract, and when it was known."""

    subject: str
    disease: str
    time: str


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
    """

    def __init__(
        self,
        people: People,
        labs: StoredRows,
        infusion_codes: InfusionCodes,
        own_codes: Mapping[str, str],
    ) -> None:
        self.people = people
        self.labs = labs
        self.diagnoses: list[Diagnosis] = []
        self.unused: Counter[str] = Counter()
        self.other_results: Counter[str] = Counter()
        self.acts = Acts(infusion_codes, self.unused)
        self._own_codes = own_codes

    def add(self, located: Located) -> None:
        """Learn of one resource."""
        kind = text(located.resource["resourceType"])
        if kind == "Observation":
            self._observation(located)
        elif kind == "Patient":
            self.people.add(located)
        elif kind in _ACTS:
            self.acts.add(located)
        elif kind == "Condition":
            self._condition(located)
        else:
            self.unused[kind[:40] or "no type"] += 1

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
            self.diagnoses.append(Diagnosis(subject_token(located), disease, time))
