"""The explanation of one patient's risk as JSON: what the page shows, for programs."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from riskmodel.cohort import Cohort
from riskmodel.models import RiskModel, missing_range
from riskmodel.patient import assess_patient, base_rates, published_scores, statement_of
from riskmodel.web.problems import ProblemError


def explanation(cohort: Cohort, model: RiskModel, at: str) -> dict[str, Any]:
    """Score row, factors, what is missing, criteria, base rates and published scores.

    Parameters
    ----------
    cohort : Cohort
        One patient.
    model : RiskModel
    at : str
        ``pre-infusion`` or ``day-K``.

    Raises
    ------
    ProblemError
        When the patient's row cannot enter.
    """
    if len(cohort) == 0:
        raise ProblemError(422, "The patient's row cannot be used: it has no usable patient_id.")
    assessed = assess_patient(cohort, model, at)
    known, row = assessed.patient, assessed.row
    shown = {c: v for c, v in row.items() if not str(c).startswith("contribution_")}
    statement = statement_of(assessed)
    found: dict[str, Any] = {
        "statement": None if statement is None else asdict(statement),
        "score": shown,
        "base": None,
        "factors": [],
        "missing": None,
    }
    if pd.notna(row["risk"]):
        found["base"] = row["contribution_base"]
        found["factors"] = [
            {
                "label": factor.label,
                "contribution": factor.contribution,
                "words": factor.effect,
                "shows": list(factor.lines),
                "missing": list(factor.missing),
            }
            for factor in assessed.factors
        ]
        found["missing"] = missing_range(model, assessed.features).iloc[0].to_dict()
    stands = assessed.standing
    found["criteria"] = {
        "definition": stands.definition.name,
        "version": stands.definition.version,
        "state": stands.state,
        "parts": [asdict(part) for part in stands.parts],
    }
    found["base_rates"] = [
        {"who": rate.who, "said": rate.said, "source": rate.source, "unverified": rate.unverified}
        for rate in base_rates(known.patients.iloc[0])
    ]
    found["published_scores"] = [asdict(s) for s in published_scores(known, assessed.hours)]
    return found
