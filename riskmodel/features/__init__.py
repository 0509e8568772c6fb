"""Features: the catalogue, its builders and the matrix."""

from riskmodel.features.burden import burden_source
from riskmodel.features.catalogue import (
    Catalogue,
    Feature,
    Stage,
    load_catalogue,
    parse_catalogue,
)
from riskmodel.features.matrix import build, matrices, matrix, prediction_hours
from riskmodel.features.published import score_items
from riskmodel.features.records import Records

__all__ = [
    "Catalogue",
    "Feature",
    "Records",
    "Stage",
    "build",
    "burden_source",
    "load_catalogue",
    "matrices",
    "matrix",
    "parse_catalogue",
    "prediction_hours",
    "score_items",
]
