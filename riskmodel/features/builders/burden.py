"""Tumor burden: one figure from 0 to 1 by the measure that fits the disease, and which it was."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from riskmodel.arrays import Floats, Texts
from riskmodel.cohort import Cohort
from riskmodel.features.catalogue import Catalogue, Feature, load_catalogue
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
    return _chosen(records, feature, prediction_time)[0]


def burden_source(cohort: Cohort | Records, catalogue: Catalogue | None = None) -> pd.Series:
    """Which measure each patient's tumor burden rests on.

    Parameters
    ----------
    cohort : Cohort or Records
    catalogue : Catalogue, optional
        With a feature of builder ``tumor_burden``, such as a model's own copy; the shipped one
        by default.

    Returns
    -------
    Series of str, one per patient in the order of the cohort
        ``marrow_blasts_percent``, ``metabolic_tumor_volume_ml``, ``sum_product_diameters_cm2``,
        ``m_protein_g_per_l``, ``tumor_burden`` (the centre's own call) or ``ldh``; empty where
        none is known or the catalogue has no such feature.

    Examples
    --------
    >>> from pathlib import Path
    >>> from riskmodel import cohort
    >>> case = Path(cohort.__file__).parent / "published_case"
    >>> burden_source(cohort.read_cohort(case)).tolist()
    ['']
    """
    records = cohort if isinstance(cohort, Records) else Records(cohort)
    found = [f for f in catalogue or load_catalogue() if f.builder == "tumor_burden"]
    source: Texts = np.full(records.patients, "", dtype=object)
    if found:
        source = _chosen(records, found[0], 0.0)[1]
    return pd.Series(source, name="tumor_burden_source", dtype="str")


def _chosen(records: Records, feature: Feature, prediction_time: float) -> tuple[Floats, Texts]:
    """Burden of each patient and the measure that it rests on."""
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
