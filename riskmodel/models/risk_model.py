"""A trained model: a fitted classifier, and everything needed to use it rightly."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from riskmodel.errors import SchemaError
from riskmodel.features import Catalogue, Feature, Stage, parse_catalogue
from riskmodel.models.card import ModelCard, least_grade
from riskmodel.models.earlier import Earlier
from riskmodel.models.estimator import RiskClassifier
from riskmodel.models.explanation import by_feature, shap_explanation

if TYPE_CHECKING:
    from riskmodel.models.explanation import Explanation

FEWEST_FOR_RANGE = 20
"""A training range is stored only for features that at least this many rows have, so that its ends
are nobody's own values."""

RANGE_MARGIN = 0.25
"""Part of a training range, which holds 98 of 100 training rows, by which a value must lie beyond
it to be told: without a margin, four patients in ten had one of eighty inputs outside."""

STAGES = ("pre_infusion", "early")
LabelSource = Literal["rules", "adjudicated", "rules+adjudicated"]
LABEL_SOURCES: tuple[LabelSource, ...] = get_args(LabelSource)
"""Whose onsets count: those of a definition's rules, the humans', or both, the humans' first."""


@dataclass(frozen=True, repr=False, eq=False)
class RiskModel:
    """A fitted classifier and everything needed to use it rightly.

    Attributes
    ----------
    classifier : RiskClassifier
        Fitted.
    name, version : str
    stage : {"pre_infusion", "early"}
    definition : str
        Name of the label definition, such as ``astct-2024``.
    labels : {"rules", "adjudicated", "rules+adjudicated"}
        Where the training labels came from.
    horizon_days : float
        Exclusive end of the time at risk, in days from the infusion.
    cytopenia_rule : str
        Reading of a cytopenia after haematological recovery, for the definition's signs.
    catalogue : mapping
        Copy of the feature catalogue that the model was trained with, JSON types only.
    ranges : mapping of str to (low, high)
        1st and 99th percentile of each feature in training; see `training_ranges`.
    trained_on : mapping of str to list of str
        Products, targets, diseases and the like that the training cohort held.
    counts : mapping of str to int
        Patients, events, and those left out, by reason.
    fingerprint : str
        Hash of the training matrix; no patient's data.
    created_with : mapping of str to str
        Versions of the packages that made it.
    card : ModelCard
        Texts and figures of the model card, and the design.
    earlier : Earlier or None
        What it says of days before its horizon, where its design asks for some.
    """

    classifier: RiskClassifier
    name: str
    version: str
    stage: Stage
    definition: str
    labels: LabelSource
    horizon_days: float
    cytopenia_rule: str = "worsening"
    catalogue: Mapping[str, Any] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    trained_on: Mapping[str, Sequence[str]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    fingerprint: str = ""
    created_with: Mapping[str, str] = field(default_factory=dict)
    card: ModelCard = field(default_factory=ModelCard)
    earlier: Earlier | None = None

    def __post_init__(self) -> None:
        """Refuse a stage or label source that does not exist."""
        for key, allowed in (("stage", STAGES), ("labels", LABEL_SOURCES)):
            if getattr(self, key) not in allowed:
                raise SchemaError(
                    f"Model {key} is '{getattr(self, key)}'. Allowed: {', '.join(allowed)}."
                )

    @property
    def features(self) -> list[str]:
        """Names of the columns that the classifier expects, in order."""
        return list(self.classifier.names_)

    @property
    def least_grade(self) -> int:
        """Grade that an episode has to reach to be its event; 1 for any onset."""
        return least_grade(self.card.design.target)

    @property
    def predicts(self) -> str:
        """What it predicts the onset of, in words."""
        grade = self.least_grade
        return "IEC-HS" if grade == 1 else f"IEC-HS that reaches grade {grade} or more"

    @property
    def last_day(self) -> int:
        """Last whole day after the infusion that it can be asked on: the one before its horizon."""
        return math.ceil(self.horizon_days) - 1

    def __repr__(self) -> str:
        """What it predicts, from how many; no figure of the fit."""
        patients, events = self.classifier.n_patients_, self.classifier.n_events_
        return (
            f"<RiskModel '{self.name}' {self.version}, {self.stage}: {self.definition} "
            f"({self.labels}) before day {self.horizon_days:g}; {patients:,} patients, "
            f"{events:,} with the event, {len(self.features)} features>"
        )

    def explanation(self, X: pd.DataFrame, by: str = "feature") -> "Explanation":
        """What moves each risk, in log-odds, as SHAP's pictures take it, under clinical names.

        Parameters
        ----------
        X : DataFrame of shape (n, any)
            Feature columns; absent ones count as unknown.
        by : {"feature", "factor"}

        Returns
        -------
        shap.Explanation
            A row's values and its base sum to logit(risk).
        """
        rows = numeric_features(self, X)
        labels = {f.name: f.label for f in model_catalogue(self)}
        if by_feature(by):
            return shap_explanation(self.classifier.contributions(rows), rows, labels)
        return shap_explanation(self.classifier.factor_contributions(rows))

    @property
    def signs(self) -> tuple[str, str]:
        """Definition and cytopenia rule whose signs the features read, also under human labels."""
        return self.card.design.definition, self.cytopenia_rule


def training_ranges(X: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """1st and 99th percentile of each feature that at least 20 rows have."""
    ranges = {}
    for name in X.columns:
        seen = X[name].to_numpy(dtype=np.float64)
        seen = seen[~np.isnan(seen)]
        if len(seen) >= FEWEST_FOR_RANGE:
            low, high = np.percentile(seen, [1, 99])
            ranges[str(name)] = (float(low), float(high))
    return ranges


_parsed = lru_cache(maxsize=8)(parse_catalogue)


def model_catalogue(model: RiskModel) -> Catalogue:
    """The model's features in its order; others in its copy are not looked at.

    Raises
    ------
    SchemaError
        When the model holds no copy, or one that cannot be read.
    """
    text = model.catalogue.get("text")
    if not isinstance(text, str):
        raise SchemaError(
            f"Model '{model.name}' holds no copy of its feature catalogue. Train it again."
        )
    return _parsed(text, tuple(model.features))


def unread_inputs(model: RiskModel) -> frozenset[str]:
    """Columns, analytes and events of its catalogue that no feature of the model reads.

    Whatever is entered for them, its risks stay. A copy that cannot be read as a whole names none.
    """
    text, own = model.catalogue.get("text"), set(model.features)
    try:
        every = tuple(_parsed(text, ())) if isinstance(text, str) else ()
    except SchemaError:
        return frozenset()
    read = [_reads(feature) for feature in every if feature.name in own]
    others = [_reads(feature) for feature in every if feature.name not in own]
    return frozenset().union(*others).difference(*read)


def _reads(feature: Feature) -> frozenset[str]:
    given = feature.parameters
    more = [name for key in ("events", "times", "over", "order") for name in given.get(key, ())]
    return frozenset({feature.of, *more} - {""})


def numeric_features(model: RiskModel, X: pd.DataFrame) -> pd.DataFrame:
    """The model's features as float64, NaN where a column is absent or a cell empty.

    Raises
    ------
    SchemaError
        When a cell holds text that is no number: read as unknown it would change a risk unseen.
    """
    columns, unread = {}, []
    for name in model.features:
        if name not in X:
            columns[name] = np.full(len(X), np.nan)
            continue
        column = X[name]
        if column.dtype != np.float64:
            given = column.notna().to_numpy(dtype=bool)
            column = pd.to_numeric(column, errors="coerce").astype(np.float64)
            if (given & column.isna().to_numpy()).any():
                unread.append(name)
        columns[name] = column.to_numpy()
    if unread:
        raise SchemaError(
            f"Columns {', '.join(unread[:8])} hold text that is no number. Allowed: numbers, true "
            "or false, and empty cells. Build features with riskmodel.FeatureBuilder."
        )
    return pd.DataFrame(columns, index=X.index, columns=model.features, dtype=np.float64)


def outside_range(model: RiskModel, X: pd.DataFrame) -> list[tuple[str, ...]]:
    """Features of each row that lie clearly beyond what training rows held.

    A yes or no is never outside. Of a model without stored ranges nothing can be told.
    """
    rows = numeric_features(model, X).to_numpy(np.float64)
    limits = np.array([model.ranges.get(n, (-np.inf, np.inf)) for n in model.features])
    binary = np.array([f.minimum == 0 and f.maximum == 1 for f in model_catalogue(model)])
    with np.errstate(invalid="ignore"):
        margin = np.nan_to_num(RANGE_MARGIN * (limits[:, 1] - limits[:, 0]), posinf=0.0)
    outside = ((rows < limits[:, 0] - margin) | (rows > limits[:, 1] + margin)) & ~binary
    names = np.array(model.features, dtype=object)
    return [tuple(names[row]) if row.any() else () for row in outside]
