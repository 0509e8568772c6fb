"""What a stored model says of itself beside its numbers: one validated object.

Every default of a folder that was written before a key existed stands here and nowhere else.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

Edges = tuple[float, float]
TARGETS = ("onset", "grade>=2", "grade>=3", "grade>=4")
"""What a model may predict: any onset, or one whose episode reaches a grade."""


class _Stored(BaseModel):
    """Written and read as JSON; keys of a newer or older riskmodel are kept as they are."""

    model_config = ConfigDict(frozen=True, extra="allow")

    def as_dict(self) -> dict[str, Any]:
        """What was given, and nothing that was not: a folder that is read is written alike."""
        return self.model_dump(exclude_unset=True)


class StoredDesign(_Stored):
    """Of the training design, what its model's readers ask for.

    Attributes
    ----------
    definition, cytopenia_rule : str
        Whose signs the features read, also where humans adjudicated the labels.
    landmark_days : tuple of int
        Days of the early stage's training rows.
    risk_groups : (float, float)
        Where low ends and where high begins.
    fewest_inputs : int
        Inputs of the patient's own below which no risk of this patient is given.
    partial_odds : float
        Factor of the odds by which what is missing has to be able to move a risk to be told.
    alarms : mapping
        The alarm policy; `riskmodel.evaluation.Policy`. Empty: the shipped one.
    target : str
        One of `TARGETS`.
    gate : mapping
        Of the gate before the model becomes champion; `riskmodel.training.design.Gate`.
    """

    name: str = ""
    definition: str = "astct-2024"
    cytopenia_rule: str = "worsening"
    landmark_days: tuple[int, ...] = (1, 2, 3, 5, 7, 10)
    risk_groups: Edges = (0.05, 0.15)
    fewest_inputs: int = 2
    partial_odds: float = 2.0
    alarms: Mapping[str, Any] = {}
    target: str = TARGETS[0]
    gate: Mapping[str, Any] = {}


def least_grade(target: str) -> int:
    """Grade that an episode has to reach to be an event of a target; 1 for any onset.

    Examples
    --------
    >>> least_grade("onset"), least_grade("grade>=3")
    (1, 3)
    """
    return 1 if target == TARGETS[0] else int(target.removeprefix("grade>="))


class StoredFigure(_Stored):
    """One figure of an evaluation, its interval, and the rows that it is about."""

    kind: str
    subset: str
    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    model: str = "riskmodel"
    patients: int | None = None
    events: int | None = None


class Point(_Stored):
    """A point of a calibration curve, or a group of rows with risks alike."""

    predicted: float
    observed: float
    low: float | None
    high: float | None
    rows: int = 0

    @property
    def interval(self) -> Edges | None:
        """Both bounds of the observed share, None where they could not be estimated."""
        return None if self.low is None or self.high is None else (self.low, self.high)


class StoredCalibration(_Stored):
    """The held-out calibration of all rows, or of one landmark."""

    subset: str
    patients: int
    events: int
    curve: tuple[Point, ...]
    groups: tuple[Point, ...]


class UpdatedFrom(_Stored):
    """The model that this one was updated from, and how."""

    name: str
    version: str
    way: str
    sentence: str
    simulated: bool = False


def _known(value: object) -> object:
    """A list that was stored as null is an empty one."""
    return () if value is None else value


class ModelCard(_Stored):
    """Texts and figures of a model's card.

    Attributes
    ----------
    text : str
        The card for people, Markdown.
    simulated : bool
        Whether it was trained on simulated patients.
    warnings : tuple of str
        What training had to say against the model.
    no_signal : bool
        Whether held-out risks followed the outcome no more than chance would: not to be used.
    places, known : int, str
        By which patients that it was trained on are told again, none of them by itself: see
        `riskmodel.training.known_patients`.
    updated_from : UpdatedFrom or None
    design : StoredDesign
    held_out : tuple of StoredFigure
        Figures of held-out risks that the gate judges.
    calibration : tuple of StoredCalibration
        The whole first, then each landmark.
    performance : tuple of StoredFigure
        Figures of every contender on every subset.
    """

    text: str = ""
    simulated: bool = False
    warnings: Annotated[tuple[str, ...], BeforeValidator(_known)] = ()
    no_signal: bool = False
    places: int = 0
    known: str = ""
    updated_from: UpdatedFrom | None = None
    design: StoredDesign = StoredDesign()
    held_out: Annotated[tuple[StoredFigure, ...], BeforeValidator(_known)] = ()
    calibration: Annotated[tuple[StoredCalibration, ...], BeforeValidator(_known)] = ()
    performance: Annotated[tuple[StoredFigure, ...], BeforeValidator(_known)] = ()

    def figure(self, metric: str) -> StoredFigure | None:
        """The model's own figure on everybody, None where the card has none."""
        for found in self.performance:
            ours = found.model == "riskmodel" and found.subset == "all"
            if ours and found.metric == metric and found.value is not None:
                return found
        return None
