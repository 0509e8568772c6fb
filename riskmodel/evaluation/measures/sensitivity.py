"""How far the figures hang on what is not known: outcomes not assessed, and the definition."""

import numpy as np
import pandas as pd

from riskmodel.cohort import Cohort
from riskmodel.criteria import definition_names
from riskmodel.errors import SchemaError
from riskmodel.evaluation.follow_up.labelling import labelled
from riskmodel.evaluation.measures.bootstrap import Estimate
from riskmodel.evaluation.measures.comparators import Contender
from riskmodel.evaluation.measures.estimates import FEWEST, figures, patients_by_class
from riskmodel.evaluation.rows import Examples
from riskmodel.models import LabelSource

ADJUDICATED = "adjudicated"


def _rows(about: dict[str, object], found: dict[str, Estimate]) -> list[dict[str, object]]:
    return [
        {**about, "metric": name, "value": e.value, "low": e.low, "high": e.high}
        for name, e in found.items()
    ]


def bounds(rows: Examples, one: Contender, *, draws: int, seed: int) -> pd.DataFrame:
    """Figures with `not_assessed` patients left out, all as events, and all as none.

    Returns
    -------
    DataFrame
        ``not_assessed, patients, events, metric, value, low, high``.
    """
    unknown = (rows.outcome == "not_assessed") & ~np.isnan(one.risk)
    share = np.bincount(rows.patient, minlength=int(rows.patient.max()) + 1)[rows.patient]
    found: list[dict[str, object]] = []
    for name, as_event in (("left out", None), ("all events", 1), ("all without event", 0)):
        y = rows.y if as_event is None else np.where(unknown, as_event, rows.y)
        weight = np.where(unknown, 0 if as_event is None else 1 / share, rows.weight)
        kept = (weight > 0) & ~np.isnan(one.risk)
        part = figures(
            y[kept], one.risk[kept], weight[kept], rows.patient[kept],
            rank=one.rank[kept], draws=draws, seed=seed,
        )  # fmt: skip
        events, others = patients_by_class(y[kept], rows.patient[kept])
        found += _rows({"not_assessed": name, "patients": events + others, "events": events}, part)
    return pd.DataFrame(found)


def by_definition(
    cohort: Cohort,
    rows: Examples,
    one: Contender,
    *,
    cytopenia_rule: str,
    horizon_days: float,
    least_grade: int = 1,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """The same risks against the labels of every definition, and against the humans' onsets.

    Rows are those at risk both by the model's own labels and by the other ones. Adjudicated onsets
    are left out where the cohort has none, and what gives no grade where one has to be reached.

    Returns
    -------
    DataFrame
        ``definition, patients, events, not_assessed, metric, value, low, high, note``.
    """
    human = bool((cohort.events["event"] == "iec_hs").any())
    names = [*definition_names(), *([ADJUDICATED] if human else [])]
    found: list[dict[str, object]] = []
    for name in names:
        source: LabelSource = "adjudicated" if name == ADJUDICATED else "rules"
        try:
            labels = labelled(cohort, source, name, cytopenia_rule, horizon_days, least_grade)
        except SchemaError:
            continue  # onsets without a grade
        relabelled, own = rows.relabelled(cohort, labels)
        risk, rank = one.risk[own], one.rank[own]
        kept = relabelled.known & ~np.isnan(risk)
        y, patient = relabelled.y[kept], relabelled.patient[kept]
        events, others = patients_by_class(y, patient)
        enough = min(events, others) >= FEWEST
        part = figures(
            y if enough else np.zeros(len(y)), risk[kept], relabelled.weight[kept], patient,
            rank=rank[kept], draws=draws, seed=seed,
        )  # fmt: skip
        about = {
            "definition": name,
            "patients": events + others,
            "events": events,
            "not_assessed": int((labels.table["outcome"] == "not_assessed").sum()),
            "note": "" if enough else not_estimable(events, others),
        }
        found += _rows(about, part)
    return pd.DataFrame(found)


def not_estimable(events: int, others: int) -> str:
    """Why a figure is missing."""
    return (
        f"not estimable: {events} patients with the event and {others} without "
        f"({FEWEST} of each are needed)"
    )
