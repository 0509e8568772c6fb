"""Early prediction of IEC-HS after CAR-T therapy. Research use only.

The public functions live in the subpackages (`riskmodel.cohort`, `riskmodel.criteria`,
`riskmodel.features`, `riskmodel.models`, `riskmodel.training`, `riskmodel.scoring`);
the common ones can be had from here and are imported when first asked for, so that
``import riskmodel`` stays light.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

RESEARCH_USE = "Research use only: not a medical device, not for decisions about a patient's care."

_EXPORTS = {
    "Cohort": "riskmodel.cohort",
    "read_cohort": "riskmodel.cohort",
    "label": "riskmodel.criteria",
    "FeatureBuilder": "riskmodel.features",
    "matrix": "riskmodel.features",
    "load_catalogue": "riskmodel.features",
    "RiskClassifier": "riskmodel.models",
    "load_model": "riskmodel.models",
    "score": "riskmodel.scoring",
    "simulate": "riskmodel.training",
    "train": "riskmodel.training",
}

__all__ = ["RESEARCH_USE", "__version__", *_EXPORTS]


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'riskmodel' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
