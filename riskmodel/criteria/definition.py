"""What a label definition is: signs, the parts they form, and what excludes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskmodel.cohort.schema import Cohort
from riskmodel.criteria.cytopenia import check_rule
from riskmodel.criteria.keys import Keys
from riskmodel.criteria.signs import Sign, Threshold
from riskmodel.criteria.values import (
    MET,
    NOT_ASSESSABLE,
    NOT_MET,
    Flags,
    Numbers,
    States,
    all_of,
    at_least,
)


@dataclass(frozen=True)
class Part:
    """A group of signs of which a number must be met."""

    name: str
    at_least: int
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Exclusion:
    """What it takes to say that the definition was not met.

    Attributes
    ----------
    window_hours : float
        Longest time without a moment at which the definition is not met.
    not_routine : tuple of str
        Signs that are not measured routinely: not done counts as not met, here only.
    source : str
    """

    window_hours: float
    not_routine: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Definition:
    """A published definition, ready to judge a cohort.

    Attributes
    ----------
    name, title, version, source : str
    signs : tuple of str
        Names, in the order of every output.
    parts : tuple of Part
        All must hold.
    from_hours : float
        First hour, included, at which it can hold.
    exclusion : Exclusion
    cytopenia_rules : tuple of str
        The positions of the switch, the first the default; empty where it has none.
    thresholds : mapping
        Limits by sign, to be drawn beside the curves.
    judge : callable
        ``(cohort, cytopenia_rule) -> tuple of Sign``, in the order of `signs`.
    grade : callable or None
        ``(cohort, until_hours) -> float64 array``: grade by the events and results from the
        infusion up to a time of each patient, NaN where that time is NaN.
    """

    name: str
    title: str
    version: str
    source: str
    signs: tuple[str, ...]
    parts: tuple[Part, ...]
    from_hours: float
    exclusion: Exclusion
    cytopenia_rules: tuple[str, ...]
    thresholds: Mapping[str, tuple[Threshold, ...]]
    judge: Callable[[Cohort, str], tuple[Sign, ...]]
    grade: Callable[[Cohort, Numbers], Numbers] | None

    def rule(self, asked: str | None) -> str:
        """The cytopenia rule to use: `asked`, or the default where that is None.

        Raises
        ------
        SchemaError
            For an unknown rule.
        """
        if not self.cytopenia_rules:
            return ""
        if asked is None:
            return self.cytopenia_rules[0]
        check_rule(asked)
        return asked

    def part_states(self, states: States) -> States:
        """State of each part, int8 of shape (q, parts), from states of shape (q, signs)."""
        columns = [
            at_least(states[:, [self.signs.index(sign) for sign in part.signs]], part.at_least)
            for part in self.parts
        ]
        return np.column_stack(columns)

    def state(self, states: States, hours: Numbers) -> States:
        """State of the whole definition at each of q times, from its signs then."""
        parts = self.part_states(states)
        in_time = np.where(hours >= self.from_hours, MET, NOT_MET).astype(np.int8)
        return all_of(in_time, *parts.T)

    def excluded(self, states: States, hours: Numbers) -> Flags:
        """Whether the definition is not met on the signs that are routinely measured."""
        extra = [self.signs.index(sign) for sign in self.exclusion.not_routine]
        routine = states.copy()
        routine[:, extra] = np.where(states[:, extra] == NOT_ASSESSABLE, NOT_MET, states[:, extra])
        return np.asarray(self.state(routine, hours) == NOT_MET)

    def still_needed(self, states: States) -> npt.NDArray[np.int64]:
        """Fewest further signs with which every part would hold."""
        needed = np.zeros(len(states), dtype=np.int64)
        for part in self.parts:
            columns = [self.signs.index(sign) for sign in part.signs]
            needed += np.maximum(part.at_least - (states[:, columns] == MET).sum(axis=1), 0)
        return needed


def read_parts(keys: Keys, signs: tuple[str, ...]) -> tuple[Part, ...]:
    """The parts of a definition, in the order of the file."""
    parts = []
    for name in keys.names():
        part = keys.table(name)
        part.text("source")
        parts.append(Part(name, part.whole("at_least"), part.texts("signs", signs)))
    return tuple(parts)


def read_exclusion(keys: Keys, signs: tuple[str, ...]) -> Exclusion:
    """What excludes a definition."""
    return Exclusion(
        keys.number("window_hours"), keys.texts("not_routine", signs), keys.text("source")
    )
