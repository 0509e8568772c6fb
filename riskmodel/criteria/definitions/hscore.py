"""Definition hscore: the HScore at its cut-off, its points, and its probability.

The points, limits and their sources stand in hscore.toml. What is missing makes a range: the
definition is met when the least total reaches the cut-off, not met when the most does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Floats, States
from riskmodel.cohort import Cohort
from riskmodel.criteria.definitions.build import Scores, assemble
from riskmodel.criteria.definitions.definition import Definition, Part
from riskmodel.criteria.signs.cytopenia import read_count_sign
from riskmodel.criteria.signs.events import (
    read_event_sign,
    read_temperature_sign,
    read_unrecorded_sign,
)
from riskmodel.criteria.signs.sign import CohortSign, read_finding_sign, read_lab_sign
from riskmodel.criteria.toml_table import Keys
from riskmodel.criteria.truth import MET, NOT_MET
from riskmodel.errors import SchemaError

_LABS = (
    "ferritin_2000",
    "ferritin_6000",
    "triglycerides_133",
    "triglycerides_354",
    "fibrinogen",
    "ast",
)


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


def hscore(cohort: Cohort, hours: float) -> pd.DataFrame:
    """HScore of every patient at one time, by records at or before it.

    Parameters
    ----------
    cohort : Cohort
    hours : float
        From the infusion.

    Returns
    -------
    DataFrame of n rows, in the order of the cohort
        ``patient_id``, ``hours``; ``points_<item>`` of the nine items, NaN where a result is
        missing or leaves the points open; ``total_low`` and ``total_high``, the least and most
        that what is missing allows; their ``probability_low`` and ``probability_high``;
        ``missing_items``; ``state`` (1 met, 0 not met, -1 not assessable).

    Examples
    --------
    >>> from pathlib import Path
    >>> from riskmodel import cohort
    >>> case = Path(cohort.__file__).parent / "published_case"
    >>> row = hscore(cohort.read_cohort(case), 192.0).iloc[0]
    >>> int(row["total_low"]), int(row["total_high"]), float(row["points_ferritin"])
    (84, 337, 50.0)
    """
    from riskmodel.criteria.evaluation import evaluate_signs

    timeline = evaluate_signs(cohort, "hscore")
    states = timeline.at(hours).to_numpy(dtype=np.int8)
    scores = timeline.definition.scores
    columns = {} if scores is None else scores(states)
    frame = pd.DataFrame(
        {"patient_id": cohort.patient_id, "hours": float(hours), **columns},
        index=pd.RangeIndex(len(cohort)),
    )
    frame["state"] = timeline.definition.part_states(states)[:, 0]
    return frame.astype({"patient_id": "str", "missing_items": "str"})


def read(keys: Keys) -> Definition:
    """The definition of the keys of hscore.toml.

    Raises
    ------
    SchemaError
        When a key is missing or mistyped.
    """
    tables = keys.table("signs")
    signs: tuple[CohortSign, ...] = (
        read_unrecorded_sign("immunosuppression", tables.table("immunosuppression")),
        read_temperature_sign("temperature_38", tables.table("temperature_38")),
        read_temperature_sign("temperature_39", tables.table("temperature_39")),
        read_event_sign("splenomegaly", tables.table("splenomegaly")),
        read_event_sign("hepatomegaly", tables.table("hepatomegaly")),
        read_count_sign("cytopenia_wbc", tables.table("cytopenia_wbc")),
        read_count_sign("cytopenia_hemoglobin", tables.table("cytopenia_hemoglobin")),
        read_count_sign("cytopenia_platelets", tables.table("cytopenia_platelets")),
        *(read_lab_sign(name, tables.table(name)) for name in _LABS),
        read_finding_sign("hemophagocytosis", tables.table("hemophagocytosis")),
    )
    items, table = keys.table("items"), keys.table("probability")
    items.text("source")
    table.text("source")
    totals, percent = table.numbers("totals"), table.numbers("percent")
    if len(totals) != len(percent):
        raise SchemaError(
            f"Definition 'hscore.probability' has {len(totals)} totals and {len(percent)} "
            "percentages. Give one of each a row."
        )

    def scores(parts: tuple[Part, ...], names: tuple[str, ...]) -> Scores:
        (part,) = parts
        rows = tuple(item.name for item in part.items)
        members = {item: items.texts(item, rows) for item in items.names()}
        return Score(part, names, members, totals, percent).columns

    return assemble(keys, signs, scores=scores)
