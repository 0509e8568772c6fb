"""How well labels find the latent onsets under each way of drawing blood, and why they miss some.

No definition times the latent onset, so that none of them is right by construction; the adjudicator
errs as much as its stated error says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags, Floats
from riskmodel.criteria import ADJUDICATED, adjudicated, definition_names, label
from riskmodel.simulation.cohort import draw_cohort
from riskmodel.simulation.realism.observed import Observed, observe
from riskmodel.simulation.realism.statistics import Estimate, quantile_of, share_of
from riskmodel.simulation.settings import REGIMES

_HORIZON_DAYS = 14.0


@dataclass(frozen=True)
class Agreement:
    """Labels of one definition against the truth, for onset before the horizon.

    Attributes
    ----------
    definition, cytopenia_rule : str
        `ADJUDICATED` and "" where it is the adjudicator.
    sampling : str
        How blood was drawn.
    horizon_days : float
    sensitivity, specificity, specificity_never : Estimate
        Share labelled as an event of those with an onset before the horizon; share not so
        labelled of all others, and of those whose onset never comes.
    unseen : Estimate
        Share in whom the definition was neither met nor excluded.
    late_days : Estimate
        Median of labelled less latent onset, of the found, days; its interval.
    error_days : Estimate
        Median of its size.
    spread_days : pair of float
        5th and 95th centile of labelled less latent onset.
    missed, extra : mapping of str to int
        Reasons of the missed events and of the events too many, and how many each explains.
    """

    definition: str
    cytopenia_rule: str
    sampling: str
    horizon_days: float
    sensitivity: Estimate
    specificity: Estimate
    specificity_never: Estimate
    unseen: Estimate
    late_days: Estimate
    error_days: Estimate
    spread_days: tuple[float, float]
    missed: Mapping[str, int]
    extra: Mapping[str, int]


def agreement(
    observed: Observed, definition: str = "astct-2024", sampling: str = "ward"
) -> Agreement:
    """Label a simulated cohort and compare with its latent onsets.

    Parameters
    ----------
    observed : Observed
    definition : str
        A label definition with a horizon of 14 days, or `ADJUDICATED`.
    sampling : str
        How the cohort's blood was drawn, as words of the result.
    """
    by_rules = definition != ADJUDICATED
    labels = label(observed.cohort, definition) if by_rules else adjudicated(observed.cohort)
    names = observed.cohort.patients["patient_id"]
    labels = labels.set_index("patient_id").reindex(names).reset_index()
    days = _HORIZON_DAYS
    event = (observed.onset < days) & (observed.onset < observed.end)
    found = (labels["outcome"] == "event").to_numpy()
    never = np.isnan(observed.onset)
    late = labels["onset_hours"].to_numpy(dtype=float) / 24 - observed.onset
    late = late[event & found]
    low, high = np.nanquantile(late, [0.05, 0.95]) if len(late) else (np.nan, np.nan)
    return Agreement(
        definition=definition,
        cytopenia_rule=str(labels["cytopenia_rule"].iloc[0]),
        sampling=sampling,
        horizon_days=days,
        sensitivity=share_of(found[event]),
        specificity=share_of(~found[~event]),
        specificity_never=share_of(~found[never]),
        unseen=share_of((labels["outcome"] == "not_assessed").to_numpy()),
        late_days=quantile_of(late, 0.5),
        error_days=quantile_of(np.abs(late), 0.5),
        spread_days=(float(low), float(high)),
        missed=_count(_missed(observed, labels, event & ~found)) if by_rules else {},
        extra=_count(_extra(observed, labels, found & ~event)),
    )


def agreement_by_regime(
    patients: int, seed: int, definitions: Sequence[str] | None = None
) -> tuple[Agreement, ...]:
    """Every definition and the adjudicator against the latent onsets, by how blood is drawn.

    The patients and their onsets are the same under every regime, so that the rows differ by
    the draws alone.

    Parameters
    ----------
    patients, seed : int
        Of the cohorts that are drawn, one for each regime.
    definitions : sequence of str, optional
        All definitions, and `ADJUDICATED`, if None.
    """
    names = (*definition_names(), ADJUDICATED) if definitions is None else tuple(definitions)
    found: list[Agreement] = []
    for sampling in REGIMES:
        if sampling == "mixed":
            continue
        observed = observe(draw_cohort(patients, seed, sampling=sampling))
        found += [agreement(observed, name, sampling) for name in names]
    return tuple(found)


def _count(reasons: pd.Series) -> Mapping[str, int]:
    return {str(reason): int(n) for reason, n in reasons.value_counts(sort=True).items()}


def _first_reason(reasons: Mapping[str, Flags], chosen: Flags) -> pd.Series:
    """The first reason that holds of each chosen patient."""
    words = np.select(list(reasons.values()), list(reasons), default="none of these")
    return pd.Series(words[chosen])


def _missed(observed: Observed, labels: pd.DataFrame, chosen: Flags) -> pd.Series:
    found = labels["onset_hours"].to_numpy(dtype=float) / 24
    after = observed.end - observed.onset
    state = {
        name: labels[f"{name}_state"].to_numpy() == "met"
        for name in ("ferritin", "transaminases", "fibrinogen", "triglycerides", "hemophagocytosis")
        if f"{name}_state" in labels
    }
    signs = np.sum(list(state.values()), axis=0) if state else np.zeros(len(labels))
    return _first_reason(
        {
            "onset in the last day before day 14, met at a draw on day 14 or later": (
                (found >= _HORIZON_DAYS) & (observed.onset >= _HORIZON_DAYS - 1)
            ),
            "met on day 14 or later, a sign that it needs came late or was measured late": (
                found >= _HORIZON_DAYS
            ),
            "met, but death or another cell therapy came first": ~np.isnan(found),
            "death or end of follow-up within a day of the onset": after < 1,
            "fewer than two signs of macrophage activation at the end of the record": signs < 2,
            "signs or cytopenias never within one carry-forward time": signs >= 2,
        },
        chosen,
    )


def _extra(observed: Observed, labels: pd.DataFrame, chosen: Flags) -> pd.Series:
    onset: Floats = observed.onset
    return _first_reason(
        {
            "onset on day 14 or later, met before it": (onset >= _HORIZON_DAYS),
            "no IEC-HS: severe CRS (grade 3-4) met the definition": observed.crs >= 3,
            "no IEC-HS: CRS of grade 1-2 met the definition": observed.crs >= 1,
            "no IEC-HS and no CRS": np.isnan(onset),
        },
        chosen,
    )
