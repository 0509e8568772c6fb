"""Cohorts: the form of the data, and the readers that end in it."""

from riskmodel.cohort.fhir.read import read_fhir
from riskmodel.cohort.meds.read import read_meds
from riskmodel.cohort.omop.read import read_omop
from riskmodel.cohort.rejections import sentences
from riskmodel.cohort.schema import AUTOIMMUNE, Cohort
from riskmodel.cohort.summary import summary
from riskmodel.cohort.tables.read import read_cohort
from riskmodel.cohort.units import Analyte, analytes
from riskmodel.cohort.write import write_cohort

__all__ = [
    "AUTOIMMUNE",
    "Analyte",
    "Cohort",
    "analytes",
    "read_cohort",
    "read_fhir",
    "read_meds",
    "read_omop",
    "sentences",
    "summary",
    "write_cohort",
]
