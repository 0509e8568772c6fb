"""Forms in which scores leave: the cohort contract's, MEDS predictions, OMOP, ADaM, FHIR R4."""

from riskmodel.scoring.writers.formats import FORMATS, Format, check_output

__all__ = ["FORMATS", "Format", "check_output"]
