"""Whether a risk may be given as this patient's own, and whether a group may be named."""

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags, Floats, Texts, logit
from riskmodel.cohort import Cohort
from riskmodel.criteria import MET, NEW_AFTER_CRS, NOT_ASSESSABLE, base_rate
from riskmodel.features import Catalogue, Records
from riskmodel.models import RiskModel, missing_variance
from riskmodel.scoring.findings import BaseRateOnly, CannotBeTold, CriteriaMet, MayBeMet, NearlyMet

Standing = CriteriaMet | NearlyMet | MayBeMet
GROUPS = ("low", "intermediate", "high")
REACH = 1.2816
"""Standard deviations from the middle to the 90th percentile: missing inputs count between their
10th and 90th, as in `riskmodel.models.missing_range`."""

LONGEST_WITHOUT_RESULT = 72.0
"""Hours: the window in which a definition has to be seen not met (docs/cohort.md, labels)."""

_LEAST_PART = 1.1  # factor of the odds from which one missing input is named
_NO_INPUT = ("costimulatory_domain", "target_antigen", "disease")
_OF_COURSE = (
    "event_seen", "highest_grade", "days_since_first", "signs_met", "prediction_day", "days_left",
    "hours_since_draw",
)  # fmt: skip
_OF_PRODUCT = ("product_choice", "reported_incidence")
_ABOUT = ("product", "target_antigen", "disease")


def too_little_known(
    X: pd.DataFrame, cohort: Cohort, model: RiskModel, catalogue: Catalogue, hours: float
) -> Texts:
    """Why each patient cannot be scored as itself, empty where it can.

    Product, target and disease are the product's, not the patient's; events that were not recorded
    are no inputs. After the infusion a risk needs a result from after it.
    """
    why = np.full(len(cohort), "", dtype=object)
    own = [
        f
        for f in catalogue
        if f.of not in _NO_INPUT and f.builder not in (*_OF_COURSE, *_OF_PRODUCT)
    ]
    seen = X[[f.name for f in own]].notna().to_numpy()
    sources = np.array([f.of or f.name for f in own])
    known = np.zeros(len(cohort), dtype=np.int64)
    for source in np.unique(sources):
        known += seen[:, sources == source].any(axis=1)
    fewest = model.card.design.fewest_inputs
    why[known < fewest] = f"fewer than {fewest} inputs known"
    if hours > 0:
        at = cohort.labs["hours"].to_numpy(np.float64)
        drawn = np.zeros(len(cohort), dtype=bool)
        drawn[cohort.labs["patient"].to_numpy()[(at > 0) & (at <= hours)]] = True
        why[~drawn] = "no laboratory result since the infusion"
    return why


def with_base_rates(
    predicted: pd.DataFrame, patients: pd.DataFrame, why: Texts
) -> tuple[pd.DataFrame, dict[int, BaseRateOnly]]:
    """Predictions with the published rate of the product where too little is known.

    Their contributions are nought and the base is the rate's log-odds, so that they still sum.
    """
    found: dict[int, BaseRateOnly] = {}
    if not (why != "").any():
        return predicted, found
    predicted = predicted.copy()
    parts = predicted.columns[predicted.columns.str.startswith("contribution_")]
    for k in np.flatnonzero(why != "").tolist():
        product, target, disease = (_stated(patients[column].iloc[k]) for column in _ABOUT)
        rate = base_rate(product, target, disease)
        predicted.loc[k, ["risk", "risk_low", "risk_high"]] = [rate.share, rate.low, rate.high]
        predicted.loc[k, parts] = 0.0
        predicted.loc[k, "contribution_base"] = float(logit(rate.share))
        found[k] = BaseRateOnly(str(why[k]), rate.who, rate.source)
    return predicted, found


def _stated(value: object) -> str | None:
    return value if isinstance(value, str) else None


def standing_findings(
    records: Records, hours: float
) -> dict[int, CriteriaMet | NearlyMet | MayBeMet]:
    """Patients who meet the criteria, lack one sign, or of whom too little is known to say no.

    Nothing before the infusion, when no part of the criteria can hold.
    """
    if hours <= 0:
        return {}
    timeline = records.signs
    definition = timeline.definition
    states = timeline.at(hours).to_numpy(np.int8)
    whole = np.asarray(timeline.definition_state_at(hours))
    needed = definition.still_needed(states)
    common = np.array(
        [name.startswith("cytopenia_") or name == NEW_AFTER_CRS for name in definition.signs]
    )
    suspicious = (states[:, ~common] == MET).any(axis=1)
    found: dict[int, Standing] = {}
    for k in np.flatnonzero(suspicious | (whole == MET)).tolist():
        if whole[k] == MET:
            found[k] = CriteriaMet(definition.name)
        elif needed[k] <= 1:
            found[k] = NearlyMet(definition.name)
        elif whole[k] == NOT_ASSESSABLE:
            unknown = [
                sign
                for part in definition.parts
                if part.state(states[k : k + 1], definition.signs)[0] != MET
                for sign in part.open_signs(states[k], definition.signs)
            ]
            found[k] = MayBeMet(definition.name, tuple(dict.fromkeys(unknown)))
    return found


def risk_groups(predicted: pd.DataFrame, model: RiskModel, never_low: Flags) -> Texts:
    """Low, intermediate or high by the limits of the model's design; empty where nothing tells.

    An interval that reaches from low to high names no group, and nobody who may meet the criteria
    is called low.
    """
    edges = model.card.design.risk_groups
    risk, low, high = (predicted[c].to_numpy(np.float64) for c in ("risk", "risk_low", "risk_high"))
    found = np.array(GROUPS, dtype=object)[np.searchsorted(edges, risk, side="right")]
    found[(low < edges[0]) & (high >= edges[1])] = ""
    found[never_low & (found == GROUPS[0])] = ""
    found[np.isnan(risk)] = ""
    return np.asarray(found)


def material(
    X: pd.DataFrame, risk: Floats, model: RiskModel
) -> tuple[Flags, list[tuple[str, ...]]]:
    """Whether what is missing could move each risk across a limit or by the design's amount.

    Returns
    -------
    (bool array of shape (n,), list of tuples of str)
        And the missing inputs that count for it.
    """
    classifier, design = model.classifier, model.card.design
    missing = np.isnan(X[model.features].to_numpy(np.float64))
    sd = np.sqrt(
        missing_variance(missing, classifier.spread_, model.features, classifier.groups or {})
    )
    reach = REACH * sd
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = logit(risk)
    edges = logit(np.asarray(design.risk_groups))
    crosses = np.zeros(len(X), dtype=bool)
    for edge in edges:
        crosses |= (centre < edge) != (centre - reach < edge)
        crosses |= (centre < edge) != (centre + reach < edge)
    moves = (crosses & (reach >= np.log(_LEAST_PART))) | (reach >= np.log(design.partial_odds))
    names = np.array(model.features, dtype=object)
    counts = REACH * classifier.spread_ >= np.log(_LEAST_PART)
    named = [
        tuple(names[row & counts]) or tuple(names[row]) if moved else ()
        for row, moved in zip(missing, moves, strict=True)
    ]
    return moves, named


def hours_without_result(cohort: Cohort, hours: float) -> Floats:
    """Hours from the last laboratory result to a landmark, where they are too many, else NaN.

    Before the infusion there is no such limit. In `LONGEST_WITHOUT_RESULT` a definition that was
    not met can come to be met unseen, so that nobody is low, or anything, by older results.
    """
    last = np.full(len(cohort), -np.inf)
    if hours > 0:
        at = cohort.labs["hours"].to_numpy(np.float64)
        by = at <= hours
        np.maximum.at(last, cohort.labs["patient"].to_numpy()[by], at[by])
    since = hours - last
    return np.where((hours > 0) & (since > LONGEST_WITHOUT_RESULT), since, np.nan)


def cannot_be_told(
    groups: Texts, predicted: pd.DataFrame, without: Floats
) -> dict[int, CannotBeTold]:
    """Patients with a risk and without a group, by `hours_without_result`."""
    known = predicted["risk"].notna().to_numpy()
    hours = [None if np.isnan(h) else float(h) for h in without]
    return {
        k: CannotBeTold(hours[k]) for k, name in enumerate(groups.tolist()) if known[k] and not name
    }
