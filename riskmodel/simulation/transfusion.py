"""Transfusions: given when a count is low, and seen in the counts after."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from riskmodel.arrays import Codes, Floats
from riskmodel.simulation.schedule import Draws, Results
from riskmodel.simulation.settings import uniform

EVENTS: Mapping[str, str] = {
    "platelets": "transfusion_platelets",
    "hemoglobin": "transfusion_red_cells",
}


@dataclass(frozen=True)
class Transfusions:
    """Transfusions of one kind; arrays of shape (t,)."""

    event: str
    patient: Codes
    day: Floats


def transfuse(
    treatment: Mapping[str, Any], draws: Draws, result: Results, rng: np.random.Generator
) -> tuple[Results, Transfusions]:
    """Give what a low result asks for, and raise the results after it.

    Draw by draw of every patient at once, since a transfusion depends on the result before it.
    """
    name, n = result.analyte, int(draws.patient.max()) + 1
    patient, day = draws.patient[result.draw], draws.day[result.draw]
    value = result.value.copy()
    rank = np.arange(len(patient)) - np.searchsorted(patient, patient, side="left")
    order = np.argsort(rank, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(rank))])
    given, added = np.full(n, -np.inf), np.zeros(n)
    willing = rng.random(len(patient)) < treatment["transfused"]
    wait = uniform(rng, treatment["transfusion_wait"], len(patient))
    more = uniform(rng, treatment[f"{name}_added"], len(patient))
    when: list[Codes] = []
    for start, end in pairwise(ends):
        rows = order[start:end]
        who = patient[rows]
        since = day[rows] - given[who]
        value[rows] += np.where(
            since > 0, added[who] * np.exp(-since / treatment[f"{name}_days"]), 0
        )
        low = (value[rows] < treatment[f"{name}_below"]) & (day[rows] > 0) & willing[rows]
        chosen = rows[low & (since > 0)]
        left = day[chosen] + wait[chosen] - given[patient[chosen]]
        rest = added[patient[chosen]] * np.exp(-left / treatment[f"{name}_days"])
        given[patient[chosen]] = day[chosen] + wait[chosen]
        added[patient[chosen]] = rest + more[chosen]
        when.append(chosen)
    rows = np.concatenate(when)
    return replace(result, value=value), Transfusions(
        EVENTS[name], patient[rows], day[rows] + wait[rows]
    )
