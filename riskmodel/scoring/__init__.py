"""Scoring: find a model, score a cohort, report one patient."""

from importlib import import_module
from typing import Any

_EXPORTS = {
    "find_model": "riskmodel.scoring.load",
    "report": "riskmodel.scoring.report",
    "score": "riskmodel.scoring.score",
    "shipped_models": "riskmodel.scoring.load",
}

__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'riskmodel.scoring' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
