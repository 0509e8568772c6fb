"""Scoring: find a model, score a cohort, report one patient."""

from riskmodel.scoring.load import find_model, shipped_models
from riskmodel.scoring.report import report
from riskmodel.scoring.score import score

__all__ = ["find_model", "report", "score", "shipped_models"]
