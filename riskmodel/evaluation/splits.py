"""Validation schemes: who is held out from whom; every choice is made inside the fold."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes, Floats, States
from riskmodel.cohort import Cohort
from riskmodel.errors import SchemaError
from riskmodel.evaluation.rows import Examples
from riskmodel.models import FewEventsWarning
from riskmodel.toml_model import Table, must, one_of, whole

SCHEMES = ("k-fold", "bootstrap", "leave-one-centre-out", "temporal")


class Validation(Table):
    """Who is held out from whom, and the draws behind the intervals.

    Attributes
    ----------
    scheme : {"k-fold", "bootstrap", "leave-one-centre-out", "temporal"}
    folds, repeats : int
        Of the scheme k-fold.
    fits : int
        Models of the scheme bootstrap.
    latest : float
        Share of the patients, the last infused, that the scheme temporal holds out.
    bootstrap : int
        Draws of patients behind every interval.
    permutations : int
        Of the check for any signal at all; 0 leaves it out.
    ablation : bool
        Whether a second model without the criteria-derived features is validated beside it.
    seed : int
    """

    scheme: Annotated[str, one_of(lambda: SCHEMES)] = "k-fold"
    folds: Annotated[int, whole(2)] = 5
    repeats: Annotated[int, whole(1)] = 1
    fits: Annotated[int, whole(10)] = 50
    latest: Annotated[
        float, must("is not a share between 0 and 1", lambda share: 0 < share < 1)
    ] = 0.3
    bootstrap: Annotated[int, whole(0)] = 500
    permutations: Annotated[int, whole(0)] = 500
    ablation: bool = True
    seed: Annotated[int, whole(0)] = 20


@dataclass(frozen=True)
class Maker:
    """An unfitted model, and the columns that it sees.

    Attributes
    ----------
    make : callable
        Gives an unfitted estimator with ``fit(X, y, sample_weight, patient)`` and
        ``decision_function``.
    columns : sequence of str
    """

    make: Callable[[], Any]
    columns: Sequence[str]

    def fitted(self, examples: Examples, rows: Codes) -> Any:
        """Fit to some rows, in silence about few events; None where they hold one class only."""
        rows = rows[examples.known[rows]]
        y = examples.y[rows]
        if len(np.unique(y)) < 2:
            return None
        X = examples.X.iloc[rows][list(self.columns)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewEventsWarning)
            return self.make().fit(
                X, y, sample_weight=examples.weight[rows], patient=examples.patient[rows]
            )

    def log_odds(self, fitted: Any, examples: Examples, rows: Codes) -> Floats:
        """Log-odds of some rows; NaN from a model that could not be fitted."""
        if fitted is None:
            return np.full(len(rows), np.nan)
        X = examples.X.iloc[rows][list(self.columns)]
        return np.asarray(fitted.decision_function(X), dtype=np.float64)


@dataclass(frozen=True)
class Split:
    """Rows that a model is fitted to, and rows of other patients that it is then asked about."""

    train: Codes
    test: Codes


def grouped_folds(patient: Codes, y: States, folds: int, seed: int) -> Codes:
    """Fold of each row; a patient's rows stay together, events are spread evenly.

    The number of folds falls to the number of patients with the event where that is smaller.
    """
    people, code = np.unique(patient, return_inverse=True)
    affected = np.bincount(code, weights=y, minlength=len(people)) > 0
    folds = max(2, min(folds, int(affected.sum()), int((~affected).sum())))
    rng = np.random.default_rng(seed)
    fold = np.empty(len(people), dtype=np.int64)
    for group in (affected, ~affected):
        members = rng.permutation(np.flatnonzero(group))
        fold[members] = (np.arange(len(members)) + rng.integers(folds)) % folds
    return fold[code]


def by_group(group: npt.NDArray[Any]) -> list[Split]:
    """Hold out each group of rows in turn."""
    return [
        Split(np.flatnonzero(group != name), np.flatnonzero(group == name))
        for name in np.unique(group)
    ]


def _centres(cohort: Cohort, examples: Examples) -> list[Split]:
    centre = cohort.patients["center_id"].astype(object)
    of_row = centre.where(pd.notna(centre), "not stated").to_numpy(dtype=object)[examples.patient]
    names = np.unique(of_row.astype(str))
    if len(names) < 2:
        raise SchemaError(
            f"Cohort '{cohort.name}' names {len(names)} centre(s) in 'center_id', and "
            "leave-one-centre-out needs two. Fill the column, or use the scheme 'k-fold'."
        )
    return by_group(of_row.astype(str))


def _later(cohort: Cohort, examples: Examples, share: float) -> list[Split]:
    dates = cohort.patients["infusion_time"]
    dated = dates.notna().to_numpy()
    if dated.sum() < 2:
        raise SchemaError(
            f"Cohort '{cohort.name}' has no 'infusion_time' for a temporal split. Fill the column, "
            "or use the scheme 'k-fold'."
        )
    time = dates.to_numpy()
    border = np.sort(time[dated])[int(np.ceil((1 - share) * dated.sum())) - 1]
    late, early = dated & (time > border), dated & (time <= border)
    return [Split(np.flatnonzero(early[examples.patient]), np.flatnonzero(late[examples.patient]))]


def _draw(examples: Examples, rng: np.random.Generator) -> Split:
    """A draw of patients with replacement, and the rows of those not drawn."""
    people, code = np.unique(examples.patient, return_inverse=True)
    times = np.bincount(rng.integers(len(people), size=len(people)), minlength=len(people))
    drawn = np.repeat(np.arange(len(code)), times[code])
    return Split(drawn, np.flatnonzero(times[code] == 0))


def rounds(cohort: Cohort, examples: Examples, plan: Validation) -> list[list[Split]]:
    """The splits of a scheme: in each round every row is held out at most once.

    Raises
    ------
    SchemaError
        When the cohort lacks the centres or the infusion times that the scheme needs.
    """
    if plan.scheme == "leave-one-centre-out":
        return [_centres(cohort, examples)]
    if plan.scheme == "temporal":
        return [_later(cohort, examples, plan.latest)]
    if plan.scheme == "bootstrap":
        rng = np.random.default_rng(plan.seed)
        return [[_draw(examples, rng)] for _ in range(plan.fits)]
    event = examples.y * examples.known
    return [
        by_group(grouped_folds(examples.patient, event, plan.folds, plan.seed + repeat))
        for repeat in range(plan.repeats)
    ]


def scheme_in_words(plan: Validation) -> str:
    """How the held-out risks came about, in a sentence."""
    if plan.scheme == "leave-one-centre-out":
        return "Each centre was held out in turn from models trained on all the others."
    if plan.scheme == "temporal":
        return (
            f"The last {plan.latest:.0%} of the patients by infusion time were held out from one "
            "model trained on those before."
        )
    if plan.scheme == "bootstrap":
        return (
            f"{plan.fits} models were trained on draws of patients with replacement, each asked "
            "about those not drawn."
        )
    times = "" if plan.repeats == 1 else f", repeated {plan.repeats} times"
    return f"Nested {plan.folds}-fold cross-validation grouped by patient{times}."


def out_of_fold(
    examples: Examples, makers: Mapping[str, Maker], splits: Sequence[Sequence[Split]]
) -> dict[str, Floats]:
    """Log-odds of every row from models that never saw its patient, averaged over the rounds.

    Rows that no model could be asked about, and those of a fold whose training part holds no
    event, are NaN.
    """
    total = {name: np.zeros(len(examples.y)) for name in makers}
    asked = np.zeros(len(examples.y))
    for split in (one for each in splits for one in each):
        asked[split.test] += 1
        for name, maker in makers.items():
            fitted = maker.fitted(examples, split.train)
            total[name][split.test] += maker.log_odds(fitted, examples, split.test)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {name: np.where(asked > 0, part / asked, np.nan) for name, part in total.items()}
