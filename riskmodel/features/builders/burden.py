"""Tumor burden: one figure from 0 to 1 by the measure that fits the disease, and which it was."""

from collections.abc import Mapping

import numpy as np

from riskmodel.arrays import Floats, Texts
from riskmodel.features.feature import Feature
from riskmodel.features.records import Records

_CATEGORY = "tumor_burden"
_LAB = "ldh"


def tumor_burden(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """One burden from 0 to 1 by the measure that fits the disease.

    The first known measure in the order of ``parameters.order`` for the disease is placed
    between the two ends of ``parameters.scale`` (log10 where ``parameters.log`` names it);
    it stays at 0 and 1 beyond them. The centre's own category is placed by
    ``parameters.category``. A disease without an order of its own follows ``other``.
    """
    return burden_and_source(records, feature, prediction_time)[0]


def burden_and_source(
    records: Records, feature: Feature, prediction_time: float
) -> tuple[Floats, Texts]:
    """Burden of each patient, and the measure that it rests on: empty where none is known."""
    placed = _placed(records, feature, prediction_time)
    orders: Mapping[str, list[str]] = feature.parameters["order"]
    disease = records.cohort.patients["disease"].fillna("other").to_numpy(dtype=object)
    disease = np.where(np.isin(disease, list(orders)), disease, "other")
    burden = np.full(records.patients, np.nan)
    source: Texts = np.full(records.patients, "", dtype=object)
    for name, order in orders.items():
        for measure in order:
            taken = (disease == name) & np.isnan(burden) & ~np.isnan(placed[measure])
            burden[taken] = placed[measure][taken]
            source[taken] = measure
    return burden, source


def _placed(records: Records, feature: Feature, prediction_time: float) -> dict[str, Floats]:
    """Every measure on the scale from 0 to 1, NaN where it is unknown."""
    patients = records.cohort.patients
    drawn = records.draws(_LAB).within(feature.window, prediction_time).last(records.patients)
    category = {str(name): float(value) for name, value in feature.parameters["category"].items()}
    called = patients[_CATEGORY].map(category)
    placed = {_CATEGORY: np.asarray(called, dtype=np.float64)}
    for name, ends in feature.parameters["scale"].items():
        value = drawn if name == _LAB else patients[name].to_numpy(np.float64)
        placed[name] = _place(value, ends, name in feature.parameters["log"])
    return placed


def _place(value: Floats, ends: list[float], log: bool) -> Floats:
    low, high = (np.log10(ends) if log else np.asarray(ends, dtype=np.float64)).tolist()
    shown = np.log10(np.maximum(value, ends[0])) if log else value
    return np.asarray(np.clip((shown - low) / (high - low), 0.0, 1.0), dtype=np.float64)
