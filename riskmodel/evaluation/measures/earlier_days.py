"""Figures of the risks that a model of a long horizon gives for earlier days."""

import numpy as np
import pandas as pd

from riskmodel.arrays import Floats
from riskmodel.cohort import Cohort
from riskmodel.evaluation.follow_up.labelling import labelled
from riskmodel.evaluation.measures.estimates import figures, patients_by_class
from riskmodel.evaluation.rows import Examples
from riskmodel.models import Earlier, LabelSource

COLUMNS = ("before_day", "rows", "patients", "events", "metric", "value", "low", "high")


def earlier_figures(
    cohort: Cohort,
    rows: Examples,
    risk: Floats,
    earlier: Earlier,
    labels: tuple[LabelSource, str, str],
    *,
    least_grade: int = 1,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Every metric of the risk before each earlier day, against what came before that day.

    Parameters
    ----------
    cohort : Cohort
    rows : Examples
        Of the long horizon.
    risk : float64 array of shape (n,)
        Before the long horizon, NaN where there is none.
    earlier : Earlier
    labels : (source, definition, cytopenia rule)
        As the rows' own.
    least_grade : int
        That an event has to reach.
    draws, seed : int
        Of the bootstrap over patients.

    Returns
    -------
    DataFrame
        `COLUMNS`; rows whose prediction time is past the day count in none of its figures.
    """
    found = []
    for k, day in enumerate(earlier.days):
        again, own = rows.relabelled(cohort, labelled(cohort, *labels, day, least_grade))
        own_risk = earlier.risks(risk, rows.hours)[own, k]
        kept = again.known & ~np.isnan(own_risk)
        y, patient = again.y[kept], again.patient[kept]
        events, others = patients_by_class(y, patient)
        each = figures(
            y, own_risk[kept], again.weight[kept], patient, draws=draws, seed=seed
        )  # NaN where a figure cannot be estimated
        about = (day, int(kept.sum()), events + others, events)
        found += [(*about, name, e.value, e.low, e.high) for name, e in each.items()]
    return pd.DataFrame(found, columns=list(COLUMNS))
