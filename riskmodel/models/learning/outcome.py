"""The outcome of the training rows: which class is the event, and how many patients have it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskmodel.arrays import Codes, Floats
from riskmodel.errors import SchemaError
from riskmodel.models.learning.folds import patients_with_event

FEWEST_EVENTS = 10
"""Patients with the rarer outcome below which weights are not learnt but taken as expected."""


@dataclass(frozen=True)
class Counts:
    """Patients of positive weight, and those of them with the event."""

    patients: int
    events: int

    @property
    def rarer(self) -> int:
        """Patients with the rarer outcome."""
        return min(self.events, self.patients - self.events)

    def folds(self, wanted: int) -> int:
        """Folds of which each can hold two patients of either outcome; 0 where there are too few.

        Examples
        --------
        >>> [Counts(200, events).folds(5) for events in (9, 10, 11, 40)]
        [0, 5, 5, 5]
        """
        return 0 if self.rarer < FEWEST_EVENTS else max(2, min(wanted, self.rarer // 2))


def two_classes(y: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Floats]:
    """The classes in sorted order, and 1.0 where a row is of the second.

    Raises
    ------
    SchemaError
        For more than two classes.
    """
    classes = np.unique(y)
    if len(classes) == 1:
        only = classes[0]
        classes = np.array([False, True]) if only in (0, 1) else np.array([only, only])
        return classes, np.full(len(y), float(only == 1))
    if len(classes) > 2:
        raise SchemaError(
            f"Only binary classification is supported, but the outcome has {len(classes)} "
            "classes. Allowed: 2."
        )
    return classes, (y == classes[1]).astype(np.float64)


def count_patients(y: Floats, weight: Floats, patient: Codes) -> Counts:
    """Patients and events among the rows of positive weight.

    Raises
    ------
    SchemaError
        When they hold no patient with the event, or no row without it.
    """
    used = weight > 0
    affected = patients_with_event(np.where(used, y, 0.0), patient)
    found = Counts(len(np.unique(patient[used])), int(affected.sum()))
    if found.events == 0 or not np.any(y[used] == 0):
        raise SchemaError(
            f"The training rows hold {found.patients} patients, {found.events} with the "
            "event: one class only. A fit needs at least one with and one without it, of "
            "positive weight. Use a larger cohort or another definition."
        )
    return found
