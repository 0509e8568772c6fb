"""A feature of the catalogue, and the window of time whose records it may read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from riskmodel.arrays import Flags, Floats

Stage = Literal["pre_infusion", "early"]
Closed = Literal["both", "left", "right", "neither"]
END = re.compile(r"^(infusion|prediction|first_record)(?:([+-]\d+(?:\.\d+)?)h)?$")
"""How a catalogue writes an end of a window."""


@dataclass(frozen=True)
class Window:
    """A span of hours between two anchored ends.

    Attributes
    ----------
    start, end : (anchor, offset)
        Anchor ``infusion`` (hour 0), ``prediction`` (the prediction time) or, for a start,
        ``first_record``; offset in hours.
    closed : {"both", "left", "right", "neither"}
        Which ends belong to it.
    """

    start: tuple[str, float]
    end: tuple[str, float]
    closed: Closed

    @property
    def reaches_past_prediction(self) -> bool:
        """Whether it can hold a record after the prediction time (hour 0 at the earliest)."""
        anchor, offset = self.end
        return anchor == "first_record" or offset > 0

    def bounds(self, prediction_time: float) -> tuple[float, float]:
        """Start and end in hours from the infusion, the end never after the prediction time."""
        anchors = {"infusion": 0.0, "prediction": prediction_time, "first_record": -np.inf}
        low = anchors[self.start[0]] + self.start[1]
        high = anchors[self.end[0]] + self.end[1]
        return low, min(high, prediction_time)

    @property
    def includes(self) -> tuple[bool, bool]:
        """Whether its start and its end belong to it."""
        return self.closed in ("both", "left"), self.closed in ("both", "right")

    def holds(self, hours: Floats, prediction_time: float) -> Flags:
        """Which hours lie in the window."""
        low, high = self.bounds(prediction_time)
        with_low, with_high = self.includes
        after = hours >= low if with_low else hours > low
        before = hours <= high if with_high else hours < high
        return after & before


@dataclass(frozen=True)
class Feature:
    """One feature of the catalogue.

    Attributes
    ----------
    name, stage, builder, unit, group, label, source : str
        `group` is the clinical factor; `label` the plain words; `stage` the earliest one that
        uses it: the early stage uses every feature.
    of : str
        The analyte, patient column or event that the builder reads; empty where it names none.
    window : Window
        Which records count, relative to the infusion or to the prediction time.
    transform : {"", "log10", "log2", "log10_plus_1"}
        Applied to the built value.
    minimum, maximum : float
        Plausible range after the transform; values outside become missing.
    direction : {-1, 0, 1}
        Whether a higher value means a higher risk (1), a lower one (-1), or is not known (0).
    role : {"", "clock", "severity"}
        "clock" tells the time of the prediction; "severity" is a consequence of how ill a patient
        is, whose direction no data overrule.
    evidence_mean, evidence_sd : float or None
        Log-odds effect and its standard deviation per `evidence_scale` ("unit" or "sd").
    evidence_basis : {"published", "convention", None}
    parameters : mapping
        Numbers of the builder.
    model : bool
        Whether a model gets it without its design naming it.
    unverified : bool
        Whether a number of it is from memory, not checked against its source.
    """

    name: str
    stage: Stage
    builder: str
    of: str
    window: Window
    unit: str
    transform: str
    minimum: float
    maximum: float
    direction: int
    group: str
    label: str
    source: str
    evidence_mean: float | None = None
    evidence_sd: float | None = None
    evidence_scale: Literal["unit", "sd"] = "sd"
    evidence_basis: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    model: bool = True
    unverified: bool = False
    role: str = ""


def parse_window(ends: Sequence[str], closed: Closed) -> Window:
    """Window of two ends such as ``["prediction-48h", "prediction"]``, each an `END`.

    Examples
    --------
    >>> parse_window(["infusion-168h", "infusion"], "both").bounds(72.0)
    (-168.0, 0.0)
    """
    matches = [END.match(end) for end in ends]
    start, end = ((m[1], float(m[2] or 0)) for m in matches if m is not None)
    return Window(start, end, closed)
