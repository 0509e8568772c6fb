"""Published label definitions: who met what, when, and what was not assessable."""

from riskmodel.criteria.definitions.definition import Definition, Part
from riskmodel.criteria.definitions.hscore import hscore
from riskmodel.criteria.definitions.registry import definition_names, load_definition
from riskmodel.criteria.evaluation import SignTimeline, evaluate_signs
from riskmodel.criteria.grades import grades_by_day
from riskmodel.criteria.labels import ADJUDICATED, LEADING_COLUMNS, adjudicated, label
from riskmodel.criteria.outcome import OUTCOMES
from riskmodel.criteria.signs.cytopenia import CYTOPENIA_RULES
from riskmodel.criteria.signs.sign import Threshold
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, NOT_MET

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
