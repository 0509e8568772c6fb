"""The risk estimator, its comparators, its explanation and its form on disk."""

from importlib import import_module
from typing import Any

_EXPORTS = {
    "FerritinAlone": "riskmodel.models.comparators",
    "FewEventsWarning": "riskmodel.models.estimator",
    "RidgeLogistic": "riskmodel.models.comparators",
    "RiskClassifier": "riskmodel.models.estimator",
    "RiskModel": "riskmodel.models.persistence",
    "SingleScore": "riskmodel.models.comparators",
    "beeswarm_svg": "riskmodel.models.explain",
    "change_by_factor": "riskmodel.models.predict",
    "change_svg": "riskmodel.models.explain",
    "dependence_svg": "riskmodel.models.explain",
    "in_words": "riskmodel.models.wording",
    "missing_range": "riskmodel.models.missing",
    "no_event_bound": "riskmodel.models.missing",
    "load_model": "riskmodel.models.persistence",
    "check_destination": "riskmodel.models.persistence",
    "factor_key": "riskmodel.models.predict",
    "predict_frame": "riskmodel.models.predict",
    "save_model": "riskmodel.models.persistence",
    "training_ranges": "riskmodel.models.persistence",
    "waterfall_svg": "riskmodel.models.explain",
}

__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'riskmodel.models' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
