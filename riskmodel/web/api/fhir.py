"""Scores of a request as FHIR, by the writer of ``riskmodel score --format fhir``."""

from typing import Any

import pandas as pd

from riskmodel.cohort import Cohort
from riskmodel.scoring import INFUSION, fhir_resources

MEDIA_TYPE = "application/fhir+json"


def bundle(scores: pd.DataFrame, cohort: Cohort) -> dict[str, Any]:
    """A collection of the assessments of a cohort's score rows."""
    entries = [{"resource": resource} for resource in assessments(scores, cohort)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def assessments(scores: pd.DataFrame, cohort: Cohort) -> list[dict[str, Any]]:
    """One RiskAssessment a score row, in their order."""
    start = cohort.patients.set_index("patient_id")["infusion_time"]
    times = scores["patient_id"].map(start)
    return list(fhir_resources(scores.assign(**{INFUSION: times.to_numpy()})))
