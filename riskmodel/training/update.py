"""Update a model on a centre's own patients: recalibrate it, or refit with it as the prior.

With few events only the level and the steepness of the old model can be learnt; with more, its
effects become the evidence that a new fit leans on, as far as cross-validation lets them count.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize

from riskmodel.arrays import Floats, expit
from riskmodel.errors import SchemaError
from riskmodel.models import TARGETS, RiskClassifier, RiskModel, log_loss, model_catalogue, priors

FEWEST_EVENTS_TO_REFIT = 15
"""Local patients with the event from which a refit is made (`make bench-update`): below it the
old model, recalibrated, does better at a centre that is like the old one, and a refit cannot tell
yet whether this one is."""

LEVEL_SD, SLOPE_SD = 0.7, 0.4
"""How far a recalibration may move the mean log-odds, and how far from 1 its slope may lie: with a
handful of events both stay near the old model. The odds of IEC-HS differ about twofold between
published series of one product (EVIDENCE.md A.2, D.1)."""

LEAST_PRIOR_SD = 0.1
"""Smallest deviation of an old effect as evidence, in log-odds per standard deviation."""

Way = Literal["recalibrated", "refitted"]


@dataclass(frozen=True)
class Recalibration:
    """The old classifier with a level and slope learnt from local patients."""

    classifier: RiskClassifier

    def fit(
        self, X: Any, y: Any, sample_weight: Floats | None = None, patient: Any = None
    ) -> RiskClassifier:
        """A copy of the classifier, recalibrated on its log-odds of these rows."""
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
        people = np.arange(len(y)) if patient is None else np.asarray(patient)
        count = len(np.unique(people))
        weight = weight * (count / weight.sum())
        outcome = np.asarray(y, dtype=np.float64)
        level, slope = _level_and_slope(self.classifier.decision_function(X), outcome, weight)
        a, b = self.classifier.calibration_
        found = copy.copy(self.classifier)
        found.calibration_ = (level + slope * a, slope * b)
        found.between_ = slope**2 * self.classifier.between_
        found.n_patients_ = count
        found.n_events_ = len(np.unique(people[outcome == 1]))
        return found


def _level_and_slope(log_odds: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Level a and slope b of ``a + b * log_odds``, drawn towards 0 and 1 by what is expected.

    The level is drawn at the mean of the log-odds, where the two can be told apart.
    """
    centre = float(np.average(log_odds, weights=weight))
    around = log_odds - centre

    def objective(moved: Floats) -> tuple[float, Floats]:
        level, slope = moved
        fitted = centre + level + slope * around
        error = weight * (expit(fitted) - y)
        away = np.array([level / LEVEL_SD, (slope - 1.0) / SLOPE_SD])
        value = log_loss(y, fitted, weight) + 0.5 * float(away @ away)
        pull = away / np.array([LEVEL_SD, SLOPE_SD])
        return value, np.array([error.sum(), error @ around]) + pull

    found = minimize(
        objective, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B",
        bounds=[(None, None), (0.0, None)], options={"ftol": 1e-12, "gtol": 1e-8},
    )  # fmt: skip
    level, slope = float(found.x[0]), float(found.x[1])
    return centre + level - slope * centre, slope


@dataclass(frozen=True)
class Unchanged:
    """The old classifier as it is, to stand beside its update in cross-validation."""

    classifier: RiskClassifier

    def fit(
        self, X: Any, y: Any, sample_weight: Floats | None = None, patient: Any = None
    ) -> RiskClassifier:
        """The classifier itself."""
        return self.classifier


def prior_effects(classifier: RiskClassifier) -> dict[str, tuple[float, float, str]]:
    """The old model's linear effects as evidence, each with a deviation as large as itself.

    Returns
    -------
    dict
        Feature to (log-odds per unit, standard deviation, "unit"), as `RiskClassifier` takes it.
        What its trees add is left to the new trees.
    """
    slope = classifier.calibration_[1]
    found = {}
    for name, coefficient, spread in zip(
        classifier.names_, slope * classifier.linear_coef_, classifier.scale_.spread, strict=True
    ):
        if coefficient != 0:
            deviation = max(LEAST_PRIOR_SD, abs(coefficient))
            found[name] = (float(coefficient / spread), float(deviation / spread), "unit")
    return found


def check_base(base: RiskModel, stage: str, horizon_days: float, target: str = TARGETS[0]) -> None:
    """Refuse an old model of another stage, horizon or target.

    Raises
    ------
    SchemaError
    """
    for what, theirs, wanted in (
        ("stage", base.stage, stage),
        ("horizon (days)", base.horizon_days, horizon_days),
        ("target", base.card.design.target, target),
    ):
        if theirs != wanted:
            raise SchemaError(
                f"Model '{base.name}' has {what} {theirs}, and the update is for {wanted}. Start "
                "from a model of the same stage, horizon and target, or train without one."
            )


def way_of(events: int) -> Way:
    """Whether so many local patients with the event are enough to refit."""
    return "refitted" if events >= FEWEST_EVENTS_TO_REFIT else "recalibrated"


def updater(
    base: RiskModel, events: int, settings: Mapping[str, Any], n_jobs: int | None = -1
) -> Callable[[], RiskClassifier | Recalibration]:
    """What makes the updated classifier, chosen by the number of local events.

    Parameters
    ----------
    base : RiskModel
    events : int
        Local patients with the event.
    settings : mapping
        The design's settings of `RiskClassifier`.
    n_jobs : int, optional

    Returns
    -------
    callable
        Its product has ``fit(X, y, sample_weight=, patient=)``, which returns a fitted
        `RiskClassifier`.

    Examples
    --------
    >>> way_of(4), way_of(25)
    ('recalibrated', 'refitted')
    """
    if way_of(events) == "recalibrated":
        return lambda: Recalibration(base.classifier)
    given: dict[str, Any] = {
        **priors(model_catalogue(base)),
        "evidence": prior_effects(base.classifier),
    }
    return lambda: RiskClassifier(**given, **settings, n_jobs=n_jobs)


def updated_from(base: RiskModel, events: int) -> dict[str, Any]:
    """What was done with the old model, for the card: its name, the way, and one sentence."""
    way = way_of(events)
    old = f"'{base.name}' (version {base.version})"
    if way == "recalibrated":
        sentence = (
            f"Recalibrated from {old}: {events} local patients with the event are fewer than the "
            f"{FEWEST_EVENTS_TO_REFIT} that a refit asks for, so only its level and slope were "
            "learnt here."
        )
    else:
        sentence = (
            f"Refitted from {old}: its effects are the evidence that the fit on {events} local "
            "patients with the event leans on, as far as cross-validation lets them count."
        )
    simulated = base.card.simulated
    if simulated:
        sentence += " The older model was trained on simulated patients."
    return {
        "name": base.name, "version": base.version, "way": way, "simulated": simulated,
        "sentence": sentence,
    }  # fmt: skip
