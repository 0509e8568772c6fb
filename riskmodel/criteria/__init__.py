"""Published label definitions: who met what, when, and what was not assessable."""

from riskmodel.criteria.cytopenia import CYTOPENIA_RULES
from riskmodel.criteria.definition import Definition, Part
from riskmodel.criteria.evaluation import SignTimeline, evaluate_signs
from riskmodel.criteria.grades import grades_by_day
from riskmodel.criteria.hscore import hscore
from riskmodel.criteria.labels import ADJUDICATED, LEADING_COLUMNS, adjudicated, label
from riskmodel.criteria.outcome import OUTCOMES
from riskmodel.criteria.registry import definition_names, load_definition
from riskmodel.criteria.signs import Threshold
from riskmodel.criteria.values import MET, NOT_ASSESSABLE, NOT_MET

__all__ = [
    "ADJUDICATED",
    "CYTOPENIA_RULES",
    "LEADING_COLUMNS",
    "MET",
    "NOT_ASSESSABLE",
    "NOT_MET",
    "OUTCOMES",
    "Definition",
    "Part",
    "SignTimeline",
    "Threshold",
    "adjudicated",
    "definition_names",
    "evaluate_signs",
    "grades_by_day",
    "hscore",
    "label",
    "load_definition",
]
