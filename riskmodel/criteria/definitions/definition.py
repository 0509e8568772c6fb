"""What a label definition is: signs, the parts they form, and what excludes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskmodel.arrays import Codes, Flags, Floats, States
from riskmodel.cohort import Cohort
from riskmodel.criteria.grading import Grading
from riskmodel.criteria.signs.cytopenia import CytopeniaSign, check_rule
from riskmodel.criteria.signs.ferritin import ABSOLUTE, FerritinSign, Rise
from riskmodel.criteria.signs.sign import CohortSign, Limit, Sign, Threshold
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, NOT_MET, all_of, at_least, decide


@dataclass(frozen=True)
class Item:
    """What a part counts: `points`, once at least `at_least` of its signs are met."""

    name: str
    points: int
    at_least: int
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """Items of which the points met must reach a number; most items are one sign of one point.

    Attributes
    ----------
    name : str
    at_least : int
    items : tuple of Item
    operational : bool
        Whether the print leaves `at_least` open, so that it is shown beside every label.
    """

    name: str
    at_least: int
    items: tuple[Item, ...]
    operational: bool = False

    @property
    def signs(self) -> tuple[str, ...]:
        """Its signs, each once."""
        return tuple(dict.fromkeys(sign for item in self.items for sign in item.signs))

    def item_states(self, states: States, names: tuple[str, ...]) -> States:
        """State of each item, int8 of shape (q, items), from the states of the signs `names`."""
        columns = [
            at_least(states[:, [names.index(sign) for sign in item.signs]], item.at_least)
            for item in self.items
        ]
        return np.column_stack(columns)

    def points(self, states: States, names: tuple[str, ...]) -> tuple[Codes, Codes]:
        """Fewest and most points that the signs allow: all unknown not met, and all met."""
        found = self.item_states(states, names)
        worth = np.array([item.points for item in self.items], dtype=np.int64)
        return (found == MET) @ worth, (found != NOT_MET) @ worth

    def state(self, states: States, names: tuple[str, ...]) -> States:
        """State of the part, int8 of shape (q,)."""
        fewest, most = self.points(states, names)
        return decide(fewest >= self.at_least, most < self.at_least)

    def still_needed(self, states: States, names: tuple[str, ...]) -> Codes:
        """Fewest further signs with which it would hold, taking the most points a sign first."""
        fewest, _ = self.points(states, names)
        cost, worth = [], []
        for item in self.items:
            met = (states[:, [names.index(sign) for sign in item.signs]] == MET).sum(axis=1)
            cost.append(np.maximum(item.at_least - met, 0))
            worth.append(np.where(met >= item.at_least, 0, item.points))
        costs, points = np.column_stack(cost), np.column_stack(worth)
        order = np.argsort(-points / np.maximum(costs, 1), axis=1, kind="stable")
        costs = np.take_along_axis(costs, order, axis=1)
        points = np.take_along_axis(points, order, axis=1)
        before = np.cumsum(points, axis=1) - points
        taken = before < (self.at_least - fewest)[:, None]
        return np.asarray((costs * taken * (points > 0)).sum(axis=1), dtype=np.int64)

    def open_signs(self, states: States, names: tuple[str, ...]) -> list[str]:
        """The signs not assessable in its undecided items, from one row of states."""
        found = self.item_states(states[None, :], names)[0]
        return list(
            dict.fromkeys(
                sign
                for item, state in zip(self.items, found, strict=True)
                if state == NOT_ASSESSABLE
                for sign in item.signs
                if states[names.index(sign)] == NOT_ASSESSABLE
            )
        )


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
    readers : tuple of CohortSign
        What judges each sign, in the order of every output.
    parts : tuple of Part
        All must hold.
    from_hours : float
        First hour, included, at which it can hold.
    exclusion : Exclusion
    cytopenia_rules : tuple of str
        The positions of the switch, the first the default; empty where it has none.
    crs_rule : str
        The position of its switch ``require_new_after_crs``; empty where it has none.
    limits : mapping
        By sign, what meets it where that is more than, or other than, its `thresholds`.
    reported : mapping
        By sign, the events that meet it.
    grading : Grading or None
        What an onset is graded by, where the definition grades.
    unverified : tuple of str
        Tables of its file that rest on memory, not on the source they name.
    scores : callable or None
        ``states -> mapping of column name to array``: what its label rows show besides, from
        states of shape (q, signs).
    """

    name: str
    title: str
    version: str
    source: str
    readers: tuple[CohortSign, ...]
    parts: tuple[Part, ...]
    from_hours: float
    exclusion: Exclusion
    cytopenia_rules: tuple[str, ...]
    crs_rule: str
    limits: Mapping[str, tuple[Limit, ...]]
    reported: Mapping[str, tuple[str, ...]]
    grading: Grading | None
    unverified: tuple[str, ...] = ()
    scores: Callable[[States], Mapping[str, npt.NDArray[np.generic]]] | None = None

    @property
    def signs(self) -> tuple[str, ...]:
        """Names of the signs, in the order of every output."""
        return tuple(reader.name for reader in self.readers)

    @property
    def thresholds(self) -> Mapping[str, tuple[Threshold, ...]]:
        """Limits by sign, to be drawn beside the curves."""
        return {reader.name: reader.thresholds for reader in self.readers}

    @property
    def lasting_rise(self) -> Rise | None:
        """The rise of ferritin that must last, where the definition has one."""
        return next((r.rise for r in self.readers if isinstance(r, FerritinSign)), None)

    def ferritin_rule(self, target: str | None) -> str:
        """``absolute``, ``rate`` or ``either``: what its ferritin sign reads for a target antigen.

        Parameters
        ----------
        target : str or None
            None, or missing, where it is not known.
        """
        for reader in self.readers:
            if isinstance(reader, FerritinSign):
                return reader.rule_of.get(str(target), reader.otherwise)
        return ABSOLUTE

    def judge(self, cohort: Cohort, cytopenia_rule: str) -> tuple[Sign, ...]:
        """Judge a cohort by every sign, under a position of the cytopenia switch."""
        return tuple(
            reader.judge(cohort, cytopenia_rule)
            if isinstance(reader, CytopeniaSign)
            else reader.judge(cohort)
            for reader in self.readers
        )

    @property
    def operational_rule(self) -> str:
        """The counts that the print leaves open, as used, such as ``manifestations >= 2``."""
        return "; ".join(f"{p.name} >= {p.at_least}" for p in self.parts if p.operational)

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
        return np.column_stack([part.state(states, self.signs) for part in self.parts])

    def state(self, states: States, hours: Floats) -> States:
        """State of the whole definition at each of q times, from its signs then."""
        parts = self.part_states(states)
        in_time = np.where(hours >= self.from_hours, MET, NOT_MET).astype(np.int8)
        return all_of(in_time, *parts.T)

    def excluded(self, states: States, hours: Floats, done: Flags | None = None) -> Flags:
        """Whether the definition is not met on the signs that are routinely measured.

        Parameters
        ----------
        states : int8 array of shape (q, signs)
        hours : float64 array of shape (q,)
        done : bool array of shape (q, signs) or None
            Where a sample of the sign counts: one that leaves its state open, such as a fever
            without a temperature, stays open though the sign is not routine.
        """
        extra = [self.signs.index(sign) for sign in self.exclusion.not_routine]
        routine = states.copy()
        undone = states[:, extra] == NOT_ASSESSABLE
        if done is not None:
            undone = undone & ~done[:, extra]
        routine[:, extra] = np.where(undone, NOT_MET, states[:, extra])
        return np.asarray(self.state(routine, hours) == NOT_MET)

    def still_needed(self, states: States) -> Codes:
        """Fewest further signs with which every part would hold."""
        needed = np.zeros(len(states), dtype=np.int64)
        for part in self.parts:
            needed += part.still_needed(states, self.signs)
        return needed
