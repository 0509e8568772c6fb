"""The risk estimator, its comparators, its explanation and its form on disk."""

from importlib import import_module
from typing import Any

_EXPORTS = {
    "FerritinAlone": "riskmodel.models.comparators",
    "FewEventsWarning": "riskmodel.models.estimator",
    "RidgeLogistic": "riskmodel.models.comparators",
    "RiskClassifier": "riskmodel.models.estimator",
    "RiskModel": "riskmodel.models.storage",
    "SingleScore": "riskmodel.models.comparators",
    "beeswarm_svg": "riskmodel.models.plots",
    "change_by_factor": "riskmodel.models.predict",
    "change_svg": "riskmodel.models.plots",
    "dependence_svg": "riskmodel.models.plots",
    "in_words": "riskmodel.models.wording",
    "missing_range": "riskmodel.models.missing",
    "no_event_bound": "riskmodel.models.missing",
    "load_model": "riskmodel.models.storage",
    "check_destination": "riskmodel.models.storage",
    "factor_key": "riskmodel.models.predict",
    "predict_frame": "riskmodel.models.predict",
    "save_model": "riskmodel.models.storage",
    "training_ranges": "riskmodel.models.storage",
    "waterfall_svg": "riskmodel.models.plots",
}

__all__ = list(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'riskmodel.models' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
