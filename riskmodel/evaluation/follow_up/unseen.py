"""How much of the time at risk nobody watched, what weights rest on, and when it is too much."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from riskmodel.arrays import Floats
from riskmodel.cohort import Cohort, first_event
from riskmodel.criteria import SignTimeline
from riskmodel.errors import SchemaError
from riskmodel.evaluation.follow_up.censoring import LARGEST_REST, Weights
from riskmodel.evaluation.follow_up.labelling import Labels
from riskmodel.evaluation.follow_up.watching import CENSORED, ends


def watched(
    cohort: Cohort,
    labels: Labels,
    hours: Floats,
    outcome: npt.NDArray[np.object_],
    end: Floats,
    weights: Weights,
) -> dict[str, float]:
    """How well a cohort was watched, from the rows of its first prediction time.

    Parameters
    ----------
    cohort : Cohort
    labels : Labels
    hours : array of shape (q,)
        Prediction times, a row a patient at each.
    outcome, end : arrays of shape (q,)
        What became of them, and when.
    weights : Weights

    Returns
    -------
    dict of str to float
        ``unseen_share`` of the time at risk up to the horizon; ``patients``, of these ``censored``
        before it and ``left_open``, which count for nothing; ``mean_rest``, the chance of an onset
        left in the censored ones that count; ``effective_patients``, as many as carry equal
        weight; ``weight_low, weight_median, weight_high, weight_largest`` (2.5th, 50th, 97.5th
        percentile) and ``event_weight``; and, where rules judge, ``deaths`` without an onset and of
        these ``deaths_nearly_met``, at which one sign at most was lacking at some time.
    """
    first = hours == hours.min(initial=np.inf)
    censored = first & np.isin(outcome, CENSORED)
    at_risk = np.where(censored, labels.horizon, np.minimum(end, labels.horizon)) - hours
    unseen = np.where(censored, labels.horizon - end, 0.0)[first].sum()
    row = weights.row[first]
    counted = row[row > 0]
    rest = weights.rest[censored & (weights.rest <= LARGEST_REST)]
    found = {
        "unseen_share": float(unseen / max(at_risk[first].sum(), 1e-9)),
        "patients": float(first.sum()),
        "censored": float(censored.sum()),
        "left_open": float((row == 0).sum()),
        "mean_rest": float(rest.mean()) if len(rest) else 0.0,
        "effective_patients": float(counted.sum() ** 2 / max((counted**2).sum(), 1e-9)),
        "event_weight": float(weights.event[first].max(initial=1.0)),
    }
    if len(counted):
        for name, q in (("low", 2.5), ("median", 50.0), ("high", 97.5), ("largest", 100.0)):
            found[f"weight_{name}"] = float(np.percentile(counted, q))
    if labels.watch is not None:
        deaths, near = deaths_nearly_met(cohort, labels, labels.watch.timeline)
        found |= {"deaths": float(deaths), "deaths_nearly_met": float(near)}
    return found


def deaths_nearly_met(cohort: Cohort, labels: Labels, timeline: SignTimeline) -> tuple[int, int]:
    """Deaths before the horizon without an onset, and those with one sign at most lacking."""
    died = first_event(cohort, ("death",))
    onset, _ = ends(labels.table)
    counted = (died >= 0) & (died < labels.horizon) & ~(onset <= died)
    when = timeline.moments
    seen = (when.hours >= 0) & (when.hours <= died[when.patient]) & counted[when.patient]
    near = np.zeros(len(cohort), dtype=bool)
    near[when.patient[seen][timeline.definition.still_needed(timeline.states[seen]) <= 1]] = True
    return int(counted.sum()), int((near & counted).sum())


def in_words(found: Mapping[str, float]) -> str:
    """What `watched` found, in sentences."""
    if not found:
        return ""
    said = [
        f"{found['unseen_share']:.1%} of the time at risk was not watched: "
        f"{found['censored']:.0f} of {found['patients']:.0f} patients are censored before the "
        f"horizon, where an onset could last be excluded; the chance of one in the rest, learnt "
        f"from those watched longer, is {found['mean_rest']:.1%} on average, and "
        f"{found['left_open']:.0f} patients in whom it is above {LARGEST_REST:.0%} are left to "
        "those watched on from the like moment."
    ]
    if "weight_median" in found:
        said.append(
            f"Effective patients {found['effective_patients']:.0f}; weights "
            f"{found['weight_low']:.2f} to {found['weight_high']:.2f} (median "
            f"{found['weight_median']:.2f}, largest {found['weight_largest']:.2f}), an onset seen "
            f"counts {found['event_weight']:.2f}."
        )
    if "deaths" in found:
        said.append(
            f"Deaths before the horizon without an onset: {found['deaths']:.0f}, of these "
            f"{found['deaths_nearly_met']:.0f} with one sign at most lacking at some time."
        )
    return " ".join(said)


def check_seen(
    found: Mapping[str, float], most: float, force: bool, why: str | None, cohort: str
) -> list[str]:
    """Refuse a cohort of which too much was not watched, or say that it was forced.

    Parameters
    ----------
    found : mapping
        Of `watched`.
    most : float
        Largest share of the time at risk.
    force : bool
    why : str or None
        The reason, kept with the model.
    cohort : str
        Its name.

    Returns
    -------
    list of str
        A warning where it was forced, else nothing.

    Raises
    ------
    SchemaError
        Above the share without force, or with force and no reason.
    """
    if force and not (why or "").strip():
        raise SchemaError("A forced training needs a reason. Give it with --why.")
    share = found.get("unseen_share", 0.0)
    if share <= most:
        return []
    said = (
        f"{share:.0%} of the time at risk in cohort '{cohort}' was not watched "
        f"({found['censored']:.0f} of {found['patients']:.0f} patients are censored before the "
        f"horizon), and the design allows {most:.0%}"
    )
    if not force:
        raise SchemaError(
            f"{said}. Use a shorter horizon, add laboratory results, or train all the same with "
            "--force --why REASON."
        )
    return [f"{said}; it was trained all the same: {(why or '').strip()}."]
