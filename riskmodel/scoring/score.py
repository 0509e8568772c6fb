"""Score every patient of a cohort: each one leaves with a row, a status and a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags, Texts
from riskmodel.cohort import Cohort, read_cohort
from riskmodel.features import Catalogue, Records, matrices
from riskmodel.models import EARLIER, RiskModel, model_catalogue, predict_frame
from riskmodel.scoring.find import load_model
from riskmodel.scoring.findings import Findings, MissingInputs, NoSignal, in_codes, in_text
from riskmodel.scoring.inputs import input_findings
from riskmodel.scoring.knowledge import (
    cannot_be_told,
    hours_without_result,
    material,
    risk_groups,
    standing_findings,
    too_little_known,
    with_base_rates,
)
from riskmodel.scoring.scope import check_stage, known_onset, out_of_scope, scope_finding
from riskmodel.scoring.score_table import CONTRIBUTION, GRADE, joined, rejected_rows, rows_of

__all__ = ["Scored", "model_catalogue", "score", "score_rows", "scored_at"]


@dataclass(frozen=True)
class Scored:
    """The patients of a cohort at one prediction time.

    Attributes
    ----------
    rows : DataFrame
        Score rows with contributions, in the order of the cohort.
    X : DataFrame
        The features behind them.
    findings : tuple
        Of each row, what there is to say of it.
    """

    rows: pd.DataFrame
    X: pd.DataFrame
    findings: tuple[Findings, ...]


def score(
    cohort: Cohort | Path | str,
    model: RiskModel | Path | str,
    at: str = "pre-infusion",
    *,
    explain: bool = False,
) -> pd.DataFrame:
    """Risk of every patient at a prediction time.

    Parameters
    ----------
    cohort : Cohort, Path or str
        A cohort, or its folder.
    model : RiskModel, Path or str
        Of the stage that fits `at`, or what names one: see `load_model`.
    at : str
        ``pre-infusion`` or ``day-K``.
    explain : bool
        Add one ``contribution_<factor>`` column per clinical factor and ``contribution_base``,
        in log-odds; they sum to logit(risk).

    Returns
    -------
    DataFrame
        One row per patient, rejected ones included, with the columns of the cohort contract,
        ``findings`` (codes of what ``reason`` says in words) and ``note``, which says research use
        only. Records after the prediction time change nothing.

    Raises
    ------
    SchemaError
        When there is no such cohort or model, or the model does not fit the prediction time.
    """
    people = cohort if isinstance(cohort, Cohort) else read_cohort(cohort)
    used = model if isinstance(model, RiskModel) else load_model(model)
    return _explained(scored(people, used, at).rows, explain)


def scored(cohort: Cohort, model: RiskModel, at: str) -> Scored:
    """`score` with what there is to say of each row as typed findings, and the features behind it.

    Rows of patients who could not enter stand last, without features and findings.
    """
    hours = check_stage(model, at)
    found = scored_at(Records(cohort.until(hours), *model.signs), model, [hours])[0]
    refused = rejected_rows(cohort, model, hours)
    if refused.empty:
        return found
    rows = joined([found.rows, refused])
    return Scored(rows, found.X, (*found.findings, *([()] * len(refused))))


def score_rows(
    cohort: Cohort, model: RiskModel, hours: float, *, explain: bool = False
) -> pd.DataFrame:
    """Rows of `score` for the patients who entered, in the order of the cohort."""
    records = Records(cohort.until(hours), *model.signs)
    return _explained(scored_at(records, model, [hours])[0].rows, explain)


def _explained(rows: pd.DataFrame, explain: bool) -> pd.DataFrame:
    return rows if explain else rows.drop(columns=rows.filter(like=CONTRIBUTION).columns)


def scored_at(records: Records, model: RiskModel, times: Sequence[float]) -> list[Scored]:
    """A cohort scored at several prediction times: signs judged once, results read in one pass.

    Parameters
    ----------
    records : Records
        With the signs that the model's features read. Records after a prediction time change
        nothing at it.
    model : RiskModel
    times : sequence of float
        Hours from the infusion, of the model's stage and before its horizon.
    """
    catalogue, cohort = model_catalogue(model), records.cohort
    frames = matrices(records, catalogue, times)
    predicted = predict_frame(model, pd.concat(frames, ignore_index=True))
    onset = known_onset(cohort, model, records) if max(times, default=0.0) > 0 else None
    found = []
    for k, (hours, X) in enumerate(zip(times, frames, strict=True)):
        here = predicted.iloc[k * len(cohort) : (k + 1) * len(cohort)].reset_index(drop=True)
        scope = out_of_scope(cohort, onset if hours > 0 else None, hours)
        found.append(_scored(records, model, catalogue, hours, X, here, scope))
    return found


def _scored(
    records: Records,
    model: RiskModel,
    catalogue: Catalogue,
    hours: float,
    X: pd.DataFrame,
    predicted: pd.DataFrame,
    scope: Texts,
) -> Scored:
    """One prediction time: what may be given, in which group, and what there is to say."""
    cohort = records.cohort
    in_scope = scope == ""
    why = too_little_known(X, cohort, model, catalogue, hours)
    predicted, only_rates = with_base_rates(predicted, cohort.patients, np.where(in_scope, why, ""))
    predicted = predicted.where(pd.Series(in_scope), np.nan)
    # A published rate is one of the whole horizon.
    rated = np.isin(np.arange(len(predicted)), list(only_rates))
    days = [str(name) for name in predicted if str(name).startswith(EARLIER)]
    for day in days:
        predicted[day] = predicted[day].where(pd.Series(~rated), np.nan)
    standing = standing_findings(records, hours)
    groups = risk_groups(predicted, model, _among(standing, len(cohort)))
    groups[_among(only_rates, len(cohort))] = ""
    without = hours_without_result(cohort, hours)
    groups[~np.isnan(without)] = ""
    unsound = (NoSignal(),) if model.card.no_signal else ()
    if unsound:
        groups[:] = ""
    moved, named = material(X, predicted["risk"].to_numpy(), model)
    missing = np.isnan(X[model.features].to_numpy(np.float64))
    untold = cannot_be_told(groups, predicted, without)
    findings: list[Findings] = []
    for k, inputs in enumerate(input_findings(X, cohort, model, hours)):
        if not in_scope[k]:
            findings.append((scope_finding(scope[k]),))
            continue
        own = k not in only_rates
        first = [d[k] for d in (standing, only_rates, untold if own else {}) if k in d]
        lacking = [MissingInputs(named[k])] if moved[k] and own else []
        findings.append((*unsound, *first, *lacking, *inputs))
    rows = _rows(cohort, model, hours, predicted, groups, findings, missing)
    return Scored(rows, X, tuple(findings))


def _among(found: Mapping[int, object], n: int) -> Flags:
    mask = np.zeros(n, dtype=bool)
    mask[list(found)] = True
    return mask


def _rows(
    cohort: Cohort,
    model: RiskModel,
    hours: float,
    predicted: pd.DataFrame,
    groups: Texts,
    findings: Sequence[Findings],
    missing: Flags,
) -> pd.DataFrame:
    """The score rows of one prediction time."""
    in_scope = predicted["risk"].notna().to_numpy()
    told = np.array([bool(of) for of in findings], dtype=bool)
    names = np.array(model.features, dtype=object)
    table: dict[str, Any] = {
        "patient_id": cohort.patient_id,
        "status": np.where(~in_scope, "out_of_scope", np.where(told, "partial", "scored")),
        "reason": [in_text(of) for of in findings],
        "risk": predicted["risk"].to_numpy(),
        "risk_low": predicted["risk_low"].to_numpy(),
        "risk_high": predicted["risk_high"].to_numpy(),
        "risk_group": groups,
        "n_missing": missing.sum(axis=1),
        "missing_features": [", ".join(names[row]) for row in missing],
        "findings": [in_codes(of) for of in findings],
    }
    scored = rows_of(table, len(cohort), model, hours)
    ending = [name for name in (GRADE, "findings", "note") if name in scored]
    last, first = scored[ending], scored.drop(columns=ending)
    more = [str(name) for name in predicted if str(name).startswith((CONTRIBUTION, EARLIER))]
    whole: pd.DataFrame = pd.concat([first, predicted[more], last], axis=1)
    return whole
