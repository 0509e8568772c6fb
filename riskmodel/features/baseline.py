"""Builders of what is known before the infusion: risk factors and the last labs before it."""

import numpy as np

from riskmodel.features.catalogue import Feature
from riskmodel.features.records import Floats, Records


def patient_number(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """A number column of the patients table."""
    return records.cohort.patients[feature.of].to_numpy(np.float64).copy()


def patient_flag(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """A yes/no column of the patients table: 1, 0 or unknown."""
    return records.cohort.patients[feature.of].to_numpy(np.float64, na_value=np.nan)


def patient_choice(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Whether a column holds one of the values in ``parameters.values``: 1, 0 or unknown."""
    column = records.cohort.patients[feature.of]
    chosen = column.isin(list(feature.parameters["values"])).to_numpy(np.float64)
    return np.where(column.isna().to_numpy(), np.nan, chosen)


def tet2_mutation(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """The stated TET2 mutation or, where it is empty, an allele fraction above zero."""
    stated = records.cohort.patients["tet2_mutation"].to_numpy(np.float64, na_value=np.nan)
    vaf = records.cohort.patients["tet2_vaf_percent"].to_numpy(np.float64)
    from_vaf = np.where(np.isnan(vaf), np.nan, (vaf > 0).astype(np.float64))
    return np.where(np.isnan(stated), from_vaf, stated)


def last_lab(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Last result of an analyte in the window."""
    draws = records.draws(feature.of).within(feature.window, prediction_time)
    return draws.last(records.patients)


def nk_count(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """NK cells per microlitre: the patients column, else the last result in the window."""
    stated = records.cohort.patients["nk_cells_per_ul"].to_numpy(np.float64)
    return np.where(np.isnan(stated), last_lab(records, feature, prediction_time), stated)


def cell_dose(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """CAR+ cells (10^6 per kg); a total dose is divided by the body weight where both are known."""
    patients = records.cohort.patients
    per_kg = patients["cell_dose_million_per_kg"].to_numpy(np.float64)
    total = patients["cell_dose_million"].to_numpy(np.float64)
    weight = patients["weight_kg"].to_numpy(np.float64)
    return np.where(np.isnan(per_kg), total / weight, per_kg)


def tumor_burden(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """One burden from 0 to 1 by the measure that fits the disease.

    The first known measure in the order of ``parameters.order`` for the disease is placed
    between the two ends of ``parameters.scale`` (log10 where ``parameters.log`` names it);
    it stays at 0 and 1 beyond them. The centre's own category comes before a generic LDH.
    """
    patients = records.cohort.patients
    scale = feature.parameters["scale"]
    measures: dict[str, Floats] = {
        name: patients[name].to_numpy(np.float64) for name in scale if name != "ldh"
    }
    measures["ldh"] = last_lab_of(records, "ldh", feature, prediction_time)
    placed = {
        name: _place(value, scale[name], name in feature.parameters["log"])
        for name, value in measures.items()
    }
    category = {str(k): float(v) for k, v in feature.parameters["category"].items()}
    called = patients["tumor_burden"].map(category)
    placed["tumor_burden"] = np.asarray(called, dtype=np.float64)
    orders = feature.parameters["order"]
    disease = patients["disease"].fillna("other").to_numpy()
    burden = np.full(len(patients), np.nan)
    for name, order in orders.items():
        group = disease == name if name != "other" else ~np.isin(disease, list(orders))
        group = group | (disease == "other") if name == "other" else group
        for measure in order:
            open_rows = group & np.isnan(burden)
            burden[open_rows] = placed[measure][open_rows]
    return burden


def last_lab_of(records: Records, analyte: str, feature: Feature, prediction_time: float) -> Floats:
    """Last result of a named analyte in the feature's window."""
    return records.draws(analyte).within(feature.window, prediction_time).last(records.patients)


def _place(value: Floats, ends: list[float], log: bool) -> Floats:
    low, high = (np.log10(ends) if log else np.asarray(ends, dtype=np.float64)).tolist()
    shown = np.log10(np.maximum(value, ends[0])) if log else value
    return np.asarray(np.clip((shown - low) / (high - low), 0.0, 1.0), dtype=np.float64)
