"""Builders of what is known before the infusion: risk factors and the last labs before it."""

import numpy as np

from riskmodel import cohort
from riskmodel.arrays import Floats, logit
from riskmodel.cohort import product_name
from riskmodel.features.feature import Feature
from riskmodel.features.records import Draws, Records


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


def product_choice(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Whether the product, by any of its names, is ``parameters.product``: 1, 0 or unknown."""
    column = records.cohort.patients["product"]
    named = {text: product_name(text) for text in column.dropna().unique()}
    chosen = (column.map(named) == feature.parameters["product"]).to_numpy(np.float64)
    return np.where(column.isna().to_numpy(), np.nan, chosen)


def reported_incidence(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Log-odds of the incidence in the series that is nearest to a patient.

    That is the first entry of ``parameters.series`` whose ``product``, ``target`` and ``disease``,
    where given, are the patient's; unknown where none is.
    """
    patients = records.cohort.patients
    named = {text: product_name(text) for text in patients["product"].dropna().unique()}
    own = {
        "product": patients["product"].map(named).to_numpy(dtype=object),
        "target": patients["target_antigen"].to_numpy(dtype=object),
        "disease": patients["disease"].to_numpy(dtype=object),
    }
    found = np.full(records.patients, np.nan)
    for entry in reversed(feature.parameters["series"]):
        asked = [key for key in own if key in entry]
        here = np.all([own[key] == entry[key] for key in asked], axis=0)
        found[here] = entry["share"]
    return logit(found)


def tet2_mutation(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """The stated TET2 mutation or, where it is empty, an allele fraction above zero."""
    stated = records.cohort.patients["tet2_mutation"].to_numpy(np.float64, na_value=np.nan)
    vaf = records.cohort.patients["tet2_vaf_percent"].to_numpy(np.float64)
    from_vaf = np.where(np.isnan(vaf), np.nan, (vaf > 0).astype(np.float64))
    return np.where(np.isnan(stated), from_vaf, stated)


def last_lab_before_lymphodepletion(
    records: Records, feature: Feature, prediction_time: float
) -> Floats:
    """Last result of an analyte at or before the start of lymphodepletion, within the window."""
    draws = records.draws(feature.of).within(feature.window, prediction_time)
    return before_lymphodepletion(records, feature, draws).last(records.patients)


def nk_count(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """NK cells per microlitre: the patients column, else the last result in the window.

    Where ``parameters.lymphodepletion`` is given, only results at or before its start count.
    """
    stated = records.cohort.patients["nk_cells_per_ul"].to_numpy(np.float64)
    draws = records.draws(feature.of).within(feature.window, prediction_time)
    if "lymphodepletion" in feature.parameters:
        draws = before_lymphodepletion(records, feature, draws)
    return np.where(np.isnan(stated), draws.last(records.patients), stated)


def lymphodepletion_start(records: Records, feature: Feature) -> Floats:
    """Hour at which lymphodepletion began.

    The first record in the ``parameters.lymphodepletion.within`` hours before the infusion; where
    there is none, ``parameters.lymphodepletion.usual``.
    """
    keys = feature.parameters["lymphodepletion"]
    start = cohort.lymphodepletion_start(records.cohort, float(keys["within"]))
    return np.where(np.isnan(start), float(keys["usual"]), start)


def before_lymphodepletion(records: Records, feature: Feature, draws: Draws) -> Draws:
    """The draws at or before the start of lymphodepletion."""
    kept = draws.hours <= lymphodepletion_start(records, feature)[draws.patient]
    return Draws(draws.patient[kept], draws.hours[kept], draws.value[kept])


def cell_dose(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """CAR+ cells (10^6 per kg); a total dose is divided by the body weight where both are known."""
    patients = records.cohort.patients
    per_kg = patients["cell_dose_million_per_kg"].to_numpy(np.float64)
    total = patients["cell_dose_million"].to_numpy(np.float64)
    weight = patients["weight_kg"].to_numpy(np.float64)
    return np.where(np.isnan(per_kg), total / weight, per_kg)
