"""Windows of time: which records a feature may read, and which of its ends are included."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from riskmodel.errors import SchemaError

Closed = Literal["both", "left", "right", "neither"]
_END = re.compile(r"^(infusion|prediction|first_record)(?:([+-]\d+(?:\.\d+)?)h)?$")


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

    def reaches_past_prediction(self, stage: str) -> bool:
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

    def holds(
        self, hours: npt.NDArray[np.float64], prediction_time: float
    ) -> npt.NDArray[np.bool_]:
        """Which hours lie in the window."""
        low, high = self.bounds(prediction_time)
        with_low, with_high = self.includes
        after = hours >= low if with_low else hours > low
        before = hours <= high if with_high else hours < high
        return after & before


def parse_window(ends: Sequence[str], closed: str) -> Window:
    """Window of two ends such as ``["prediction-48h", "prediction"]``.

    Raises
    ------
    SchemaError
        When an end or `closed` is not understood.

    Examples
    --------
    >>> parse_window(["infusion-168h", "infusion"], "both").bounds(72.0)
    (-168.0, 0.0)
    """
    matches = [_END.match(str(end)) for end in ends]
    if len(matches) != 2 or None in matches:
        raise SchemaError(
            "'window' is not two ends such as 'infusion-168h', 'infusion', 'prediction-48h' or "
            "'prediction'."
        )
    if closed not in ("both", "left", "right", "neither"):
        raise SchemaError("'closed' is none of both, left, right, neither.")
    start, end = ((m[1], float(m[2] or 0)) for m in matches if m is not None)
    return Window(start, end, closed)  # type: ignore[arg-type]
