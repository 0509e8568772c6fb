"""Training: designs, simulated cohorts, validation and the run that makes a model."""

from importlib import import_module
from typing import Any

_EXPORTS = {
    "Design": "riskmodel.training.design",
    "Evaluation": "riskmodel.evaluation.assess",
    "TrainingResult": "riskmodel.training.run",
    "evaluate": "riskmodel.evaluation.external",
    "load_design": "riskmodel.training.design",
    "outcome_table": "riskmodel.evaluation.rows",
    "simulate": "riskmodel.simulation",
    "train": "riskmodel.training.run",
    "worlds": "riskmodel.simulation",
}

__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'riskmodel.training' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
