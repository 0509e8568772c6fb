"""Features: the catalogue, its builders and the matrix."""

from typing import TYPE_CHECKING, Any

from riskmodel.features.builders.burden import burden_source
from riskmodel.features.builders.published import score_items
from riskmodel.features.catalogue import (
    Catalogue,
    Feature,
    Stage,
    load_catalogue,
    parse_catalogue,
)
from riskmodel.features.matrix import build, matrices, matrix, prediction_hours
from riskmodel.features.plausible import implausible
from riskmodel.features.records import Records
from riskmodel.features.sources import feature_sources

if TYPE_CHECKING:
    from riskmodel.features.transformer import FeatureBuilder

__all__ = [
    "Catalogue",
    "Feature",
    "FeatureBuilder",
    "Records",
    "Stage",
    "build",
    "burden_source",
    "feature_sources",
    "implausible",
    "load_catalogue",
    "matrices",
    "matrix",
    "parse_catalogue",
    "prediction_hours",
    "score_items",
]


def __getattr__(name: str) -> Any:
    """`FeatureBuilder` when first asked for: it alone needs scikit-learn."""
    if name == "FeatureBuilder":
        from riskmodel.features.transformer import FeatureBuilder

        return FeatureBuilder
    raise AttributeError(f"module 'riskmodel.features' has no attribute {name!r}")
