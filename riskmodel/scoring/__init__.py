"""Scoring: find a model, score a cohort, report one patient."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from riskmodel.scoring.find import find_model, shipped_models
from riskmodel.scoring.score import score

if TYPE_CHECKING:
    from riskmodel.patient.pages.report import report

__all__ = ["find_model", "report", "score", "shipped_models"]


def __getattr__(name: str) -> Any:
    """`report` when first asked for: it lives a floor above, where patients are."""
    if name == "report":
        return import_module("riskmodel.patient.pages.report").report
    raise AttributeError(f"module 'riskmodel.scoring' has no attribute {name!r}")
