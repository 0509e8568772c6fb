"""Cohorts: the form of the data, and the readers that end in it."""

from riskmodel.cohort.rejection import sentences
from riskmodel.cohort.schema import AUTOIMMUNE, Cohort
from riskmodel.cohort.summary import summary
from riskmodel.cohort.tables import read_cohort
from riskmodel.cohort.units import Analyte, analytes

__all__ = ["AUTOIMMUNE", "Analyte", "Cohort", "analytes", "read_cohort", "sentences", "summary"]
