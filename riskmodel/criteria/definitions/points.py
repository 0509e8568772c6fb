"""Points of a definition that adds them up, and what a total means.

What is missing makes a range: such a definition is met when the least total reaches its count, not
met when the most does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from riskmodel.arrays import Floats, States
from riskmodel.criteria.definitions.definition import Part
from riskmodel.criteria.toml_table import Numbers, Sourced, Texts
from riskmodel.criteria.truth import MET, NOT_MET
from riskmodel.toml_model import refuse


@dataclass(frozen=True)
class Score:
    """How states become points and a probability.

    Attributes
    ----------
    part : Part
        The rows of points.
    names : tuple of str
        The signs, in the order of the states.
    items : mapping
        The items of the print, by the names of their rows.
    totals, percent : tuples of float
        The probability table, increasing.
    """

    part: Part
    names: tuple[str, ...]
    items: Mapping[str, tuple[str, ...]]
    totals: tuple[float, ...]
    percent: tuple[float, ...]

    def probability(self, total: Floats) -> Floats:
        """Probability of a total by the published table, interpolated, in [0.01, 0.99].

        Its ends stand for "less than 1%" and "more than 99%".
        """
        return np.asarray(np.interp(total, self.totals, self.percent) / 100)

    def columns(self, states: States) -> dict[str, npt.NDArray[np.generic]]:
        """Points of every item, range of the total and its probability, and what is missing.

        Parameters
        ----------
        states : int8 array of shape (q, signs)

        Returns
        -------
        dict of arrays of shape (q,)
            ``points_<item>`` (NaN where not known exactly), ``total_low``, ``total_high``,
            ``probability_low``, ``probability_high``, ``missing_items``.
        """
        found = self.part.item_states(states, self.names)
        rows = {item.name: (k, item.points) for k, item in enumerate(self.part.items)}
        columns: dict[str, npt.NDArray[np.generic]] = {}
        missing = np.full(len(states), "", dtype=object)
        for item, members in self.items.items():
            low, high = np.zeros(len(states)), np.zeros(len(states))
            for k, points in (rows[member] for member in members):
                low += points * (found[:, k] == MET)
                high += points * (found[:, k] != NOT_MET)
            columns[f"points_{item}"] = np.where(low == high, low, np.nan)
            open_rows = low != high
            joint = np.where(missing[open_rows] == "", "", "; ").astype(object)
            missing[open_rows] = missing[open_rows] + joint + item
        fewest, most = self.part.points(states, self.names)
        columns["total_low"], columns["total_high"] = fewest, most
        columns["probability_low"] = self.probability(fewest.astype(np.float64))
        columns["probability_high"] = self.probability(most.astype(np.float64))
        columns["missing_items"] = missing
        return columns


def open_items(row: pd.Series) -> tuple[str, ...]:
    """Items of a row of `Score.columns` whose points are not known exactly."""
    points = row[row.index.str.startswith("points_")]
    return tuple(str(name).removeprefix("points_") for name in points.index[points.isna()])


class ItemsTable(Sourced):
    """The items of the print, every other key one, by the rows of points that make it up."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Texts] = Field(init=False)

    @model_validator(mode="after")
    def _rows(self, info: ValidationInfo) -> "ItemsTable":
        known = set((info.context or {}).get("points", ()))
        strange = {row for rows in self.__pydantic_extra__.values() for row in rows} - known
        if strange:
            raise refuse(f"lists of rows of points, and {', '.join(sorted(strange))} is none")
        return self

    @property
    def members(self) -> dict[str, tuple[str, ...]]:
        """Rows by item."""
        return {item: tuple(rows) for item, rows in self.__pydantic_extra__.items()}


class ProbabilityTable(Sourced):
    """Printed probabilities of some totals."""

    totals: Numbers
    percent: Numbers

    @field_validator("percent")
    @classmethod
    def _as_many(cls, percent: list[float], info: ValidationInfo) -> list[float]:
        if len(percent) != len(info.data.get("totals", percent)):
            raise refuse("one percentage for each of the totals")
        return percent
