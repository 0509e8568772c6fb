"""The features that a stored model reads, from its own copy of the catalogue."""

from functools import lru_cache

from riskmodel.errors import SchemaError
from riskmodel.features import Catalogue, parse_catalogue
from riskmodel.models.storage import RiskModel

_parsed = lru_cache(maxsize=8)(parse_catalogue)


def model_catalogue(model: RiskModel) -> Catalogue:
    """The model's features in its order; others in its copy are not looked at.

    Raises
    ------
    SchemaError
        When the model holds no copy, or one that cannot be read.
    """
    text = model.catalogue.get("text")
    if not isinstance(text, str):
        raise SchemaError(
            f"Model '{model.name}' holds no copy of its feature catalogue. Train it again."
        )
    return _parsed(text, tuple(model.features))
