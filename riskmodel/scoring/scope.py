"""Who can be scored at a prediction time, by records up to it."""

import numpy as np

from riskmodel.arrays import Floats, Texts
from riskmodel.cohort import AUTOIMMUNE, Cohort
from riskmodel.criteria import adjudicated, autoimmune_words, evaluate_signs, load_definition
from riskmodel.errors import SchemaError
from riskmodel.features import Records, prediction_hours
from riskmodel.models import RiskModel
from riskmodel.scoring import findings

_ENDS = ("death", "transplant", "new_cell_therapy")


def check_stage(model: RiskModel, at: str) -> float:
    """Hours of the prediction time.

    Raises
    ------
    SchemaError
        When the model is of another stage, or the time is past its horizon.
    """
    hours = prediction_hours(at)
    wanted = "pre_infusion" if hours == 0 else "early"
    if model.stage != wanted:
        early = f"day-1 to day-{model.last_day}"
        use = f"--at {'pre-infusion' if model.stage == 'pre_infusion' else early}"
        raise SchemaError(
            f"Model '{model.name}' is of stage '{model.stage}' and cannot score at '{at}'. "
            f"Use {use}, or a model of stage '{wanted}'."
        )
    if hours >= 24 * model.horizon_days:
        raise SchemaError(
            f"Prediction time '{at}' is not before the horizon of model '{model.name}' "
            f"(day {model.horizon_days:g}). Use an earlier day."
        )
    return hours


def known_onset(cohort: Cohort, model: RiskModel, records: Records | None = None) -> Floats:
    """Onset of each patient by the model's own label source, in hours, NaN where there is none.

    `records` of the same cohort spare a second judgement of the signs that its features read.
    """
    if model.labels == "adjudicated":
        return adjudicated(cohort)["onset_hours"].to_numpy(np.float64)
    if records is not None and model.signs[0] == model.definition:
        return records.signs.onset_hours
    rule = model.cytopenia_rule
    return evaluate_signs(cohort, load_definition(model.definition), rule).onset_hours


def out_of_scope(cohort: Cohort, onset: Floats | None, hours: float) -> Texts:
    """Code of why each patient is not at risk at the prediction time, empty where it is.

    Parameters
    ----------
    cohort : Cohort
    onset : array of shape (patients,) or None
        Of `known_onset`; None before the infusion, when nobody has one.
    hours : float
        Records after it change nothing.
    """
    code = np.full(len(cohort), "", dtype=object)
    if onset is not None:
        code[onset <= hours] = "onset_known"
    events = cohort.events[cohort.events["hours"].to_numpy(np.float64) <= hours]
    names = events["event"].to_numpy(dtype=object)
    recorded = events.loc[names == "iec_hs", "patient"].to_numpy()
    code[recorded[code[recorded] == ""]] = "onset_recorded"
    for name in reversed(_ENDS):
        rows = events[names == name]
        after = rows["hours"] >= 0 if name != "death" else rows["hours"] > -np.inf
        code[rows.loc[after, "patient"].to_numpy()] = "dead" if name == "death" else name
    code[cohort.patients["disease"].isin(AUTOIMMUNE).to_numpy()] = findings.AUTOIMMUNE
    return code


def scope_finding(code: str) -> findings.OutOfScope:
    """A code of `out_of_scope` as a finding."""
    said = autoimmune_words() if code == findings.AUTOIMMUNE else ""
    return findings.OutOfScope(code, said)
