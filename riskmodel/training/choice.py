"""Which features a design gives to its model, and what the ablation leaves out."""

import pandas as pd

from riskmodel.errors import SchemaError
from riskmodel.features import Catalogue
from riskmodel.training.design import Design

ABLATED = "riskmodel without criteria signs"
CRITERIA_GROUP = "Criteria signs so far"
"""Clinical factor of the features that come from the definition's own signs."""


def chosen(full: Catalogue, plan: Design) -> Catalogue:
    """The features that a design gives to its model."""
    if not plan.groups:
        return full.for_model(plan.features)
    kept = [f.name for f in full.for_model() if f.group in plan.groups]
    if not kept:
        raise SchemaError(
            f"Design '{plan.name}' names groups of which no feature is known at this stage: "
            f"{', '.join(plan.groups)}. Name others."
        )
    return full.select(kept)


def observed(features: Catalogue, X: pd.DataFrame) -> tuple[Catalogue, list[str]]:
    """The features that a row has, and the names of the others.

    A model cannot learn from what no patient of its cohort has. Were it kept, each patient scored
    later would be called incomplete for an input that moves no risk. Where no row has any feature
    all are kept: the model is then the base rate.

    Parameters
    ----------
    features : Catalogue
    X : DataFrame of shape (n, any)
        Rows to fit, with a column for each feature.
    """
    seen = X[features.names].notna().any()
    if seen.all() or not seen.any():
        return features, []
    return features.select(seen.index[seen].tolist()), seen.index[~seen].tolist()


def without_criteria(features: Catalogue) -> Catalogue:
    """The features that do not come from the signs of the definition itself."""
    kept = tuple(f for f in features if f.group != CRITERIA_GROUP)
    return Catalogue(kept, features.text)
