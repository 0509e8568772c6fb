"""Cytopenia of one lineage under the switch "after haematological recovery".

any        below the limit
infusion   below now, and at or above it at some earlier time since the infusion
worsening  as infusion, or below now and at or under a share of the own highest value before; the
           lineage that lymphodepletion takes down in nearly everyone (`picture`) counts once it has
           recovered, or from the day on that its recovery is expected: before that it is its nadir
recovery   below (nadir), then recovered, then below again: the letter of the criteria; or at or
           above it earlier, and below once the blood picture has so recovered
"""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from riskmodel.arrays import Flags, Floats, States
from riskmodel.cohort import Cohort, lymphodepletion_start
from riskmodel.criteria.intervals import (
    Samples,
    changes,
    lab_samples,
    moments,
    previous,
    running_max,
)
from riskmodel.criteria.signs.sign import (
    CohortSign,
    LabSign,
    LabTable,
    Series,
    Shared,
    Sign,
    Threshold,
)
from riskmodel.criteria.toml_table import EventName, Sourced, Whole, among
from riskmodel.criteria.truth import (
    MET,
    NOT_ASSESSABLE,
    NOT_MET,
    all_of,
    any_of,
    decide,
    opposite,
    rank,
    satisfies,
    unrank,
)
from riskmodel.errors import SchemaError

CYTOPENIA_RULES = RECOVERY, INFUSION, WORSENING, ANY = ("recovery", "infusion", "worsening", "any")
DEFAULT_RULE = WORSENING
"""Where none is asked for; of a definition its own file says which."""


@dataclass(frozen=True)
class Switch:
    """What the rules need besides the limits.

    Attributes
    ----------
    default : str
        The rule used unless another is asked for.
    recovered_samples : int
        Consecutive samples at or above the limit that count as recovered (`recovery`).
    worsened_share : float
        Share of the own highest value at or under which a count has worsened (`worsening`).
    nadir_hours : float
        Until then, excluded, a low count of the blood picture's own lineage is the expected nadir
        of lymphodepletion unless it had recovered (`worsening`).
    source : str
    """

    default: str
    recovered_samples: int
    worsened_share: float
    nadir_hours: float
    source: str

    def uncounted(self, rule: str, nadir: bool) -> str:
        """Why a count below its limit does not count under a rule, in words."""
        if rule == WORSENING and nadir:
            day = f"day {self.nadir_hours / 24:g}"
            return f"the expected nadir of lymphodepletion: before {day}, and no recovery before"
        return {
            RECOVERY: "no recovery seen since lymphodepletion",
            INFUSION: "never at or above the limit since the infusion",
            WORSENING: (
                f"not at or above the limit since the infusion, and no fall by "
                f"{1 - self.worsened_share:.0%}"
            ),
        }.get(rule, "")


@dataclass(frozen=True)
class CytopeniaSign:
    """Cytopenia of one lineage: a count, or an event reported without a number."""

    lab: LabSign
    event: str
    switch: Switch
    picture: LabSign | None = None

    @property
    def name(self) -> str:
        """Name of the sign."""
        return self.lab.name

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """The limit of the count."""
        return self.lab.thresholds

    def judge(self, cohort: Cohort, rule: str = "any") -> Sign:
        """Judge every count and event since the infusion.

        An event is met, newly, until the next measurement; under `recovery` it is not
        assessable. At one time a count stands above an event, unless it is a bound that does not
        say whether the count is below the limit.
        """
        (limit,) = self.lab.thresholds
        samples = lab_samples(cohort, limit.analyte)
        begin = _course_begin(cohort) if rule == RECOVERY else np.zeros(len(cohort))
        samples = samples.where(samples.hours >= begin[samples.patient])
        below = satisfies(samples.interval, limit.comparison, limit.value)
        nadir = self.picture is not None and self.picture.thresholds == self.lab.thresholds
        state = cytopenic(samples, below, rule, self.switch, nadir=nadir)
        if rule == RECOVERY and self.picture is not None:
            # After the picture's recovery a fall counts, though this lineage was never low before.
            fallen = all_of(
                self._picture_recovered(cohort, samples), _ever_before(samples, opposite(below))
            )
            state = any_of(state, all_of(below, fallen))

        events = cohort.events[(cohort.events["event"] == self.event).to_numpy(dtype=bool)]
        n = len(events)
        reported = NOT_ASSESSABLE if rule == RECOVERY else MET
        uncounted = ((below == MET) & (state == NOT_MET)).astype(np.int8)
        joined = Series(
            limit.analyte,
            np.concatenate([samples.patient, events["patient"].to_numpy(dtype=np.int64)]),
            np.concatenate([samples.hours, events["hours"].to_numpy(dtype=np.float64)]),
            np.concatenate([state, np.full(n, reported, dtype=np.int8)]),
            np.concatenate([samples.value, np.full(n, np.nan)]),
            np.concatenate(
                [np.full(len(samples), self.lab.carry_forward_hours), np.full(n, np.inf)]
            ),
            np.concatenate([uncounted, np.zeros(n, dtype=np.int8)]),
            ("", self.switch.uncounted(rule, nadir)),
        )
        weight = np.concatenate([np.where(below == NOT_ASSESSABLE, 0, 2), np.ones(n, dtype=int)])
        return Sign(self.name, (_one_per_time(joined, weight),))

    def _picture_recovered(self, cohort: Cohort, samples: Samples) -> States:
        """Whether the lineage that stands for the blood picture had recovered by each sample."""
        assert self.picture is not None
        (limit,) = self.picture.thresholds
        counts = lab_samples(cohort, limit.analyte)
        counts = counts.where(counts.hours >= _course_begin(cohort)[counts.patient])
        below = satisfies(counts.interval, limit.comparison, limit.value)
        recovered = _recovered_by(counts, below, self.switch.recovered_samples)
        when = moments(cohort)
        position = when.latest(
            when.keys(counts.patient, counts.hours), when.keys(samples.patient, samples.hours)
        )
        state = np.full(len(samples), NOT_MET, dtype=np.int8)
        state[position >= 0] = recovered[position[position >= 0]]
        return state


def cytopenic(
    samples: Samples, below: States, rule: str, switch: Switch, *, nadir: bool = False
) -> States:
    """State of each count under `rule`, from it and the patient's earlier samples given.

    Parameters
    ----------
    samples : Samples of length k
    below : int8 array of shape (k,)
        Whether each is below the limit.
    rule : {"recovery", "infusion", "worsening", "any"}
    switch : Switch
    nadir : bool
        Whether lymphodepletion is expected to take this lineage below the limit.

    Raises
    ------
    SchemaError
        For an unknown rule.
    """
    check_rule(rule)
    if rule == ANY:
        return below
    if rule == RECOVERY or (rule == WORSENING and nadir):
        history = _recovered_before(samples, below, switch.recovered_samples)
        if rule == WORSENING:
            late = samples.hours >= switch.nadir_hours
            history = any_of(history, np.where(late, MET, NOT_MET).astype(np.int8))
    else:
        history = _ever_before(samples, opposite(below))
        if rule == WORSENING:
            history = any_of(history, _worsened(samples, switch.worsened_share))
    return all_of(below, history)


def check_rule(rule: str) -> None:
    """Raise SchemaError unless `rule` is a position of the cytopenia switch."""
    if rule not in CYTOPENIA_RULES:
        raise SchemaError(
            f"Cytopenia rule '{rule}' is unknown. Allowed: {', '.join(CYTOPENIA_RULES)}."
        )


def _ever_before(samples: Samples, states: States) -> States:
    """Whether `states` was met at any earlier sample; not met where there is none."""
    so_far = running_max(rank(states), samples.patient)
    return previous(unrank(so_far), samples.patient, NOT_MET)


def _worsened(samples: Samples, share: float) -> States:
    """Whether a count is at or under `share` of the highest one before it.

    A highest of 0 cannot be fallen from. The ends of bounds are taken as included, which
    leaves the state open where it could be decided only by the end itself.
    """
    found, patient = samples.interval, samples.patient
    lowest_peak = previous(running_max(found.low, patient), patient, 0.0)
    highest_peak = previous(running_max(found.high, patient), patient, 0.0)
    certain = (found.high <= share * lowest_peak) & (lowest_peak > 0)
    impossible = (found.low > share * highest_peak) | (highest_peak == 0)
    return decide(certain, impossible)


def _recovered_before(samples: Samples, below: States, count: int) -> States:
    """Whether it had recovered by an earlier sample."""
    return previous(_recovered_by(samples, below, count), samples.patient, NOT_MET)


def _recovered_by(samples: Samples, below: States, count: int) -> States:
    """Whether a nadir was followed by `count` consecutive samples not below, this one included."""
    patient, above = samples.patient, opposite(below)
    run = [above] + [previous(above, patient, NOT_MET, step) for step in range(1, count)]
    nadir = previous(_ever_before(samples, below), patient, NOT_MET, count - 1)
    return unrank(running_max(rank(all_of(nadir, *run)), patient))


def _course_begin(cohort: Cohort) -> Floats:
    """Hour from which counts belong to this course: lymphodepletion where known, else 0."""
    return np.nan_to_num(lymphodepletion_start(cohort))


def _one_per_time(joined: Series, weight: Floats) -> Series:
    """Sort, leave out what lies before the infusion, keep the heaviest row of each time."""
    order = np.lexsort((weight, joined.hours, joined.patient))
    order = order[joined.hours[order] >= 0]
    last: Flags = np.ones(len(order), dtype=bool)
    last[:-1] = changes(joined.patient[order], joined.hours[order])[1:]
    kept = order[last]
    columns = ("patient", "hours", "state", "value", "carry", "detail")
    return replace(joined, **{column: getattr(joined, column)[kept] for column in columns})


@dataclass(frozen=True)
class CountSign:
    """A low count of one lineage as it stands, whatever it was before."""

    lineage: CytopeniaSign

    @property
    def name(self) -> str:
        """Name of the sign."""
        return self.lineage.name

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """The limit of the count."""
        return self.lineage.thresholds

    def judge(self, cohort: Cohort) -> Sign:
        """Judge every count and event since the infusion."""
        return self.lineage.judge(cohort, ANY)


class SwitchTable(Sourced):
    """The cytopenia switch of a definition."""

    default: Annotated[str, among(lambda: CYTOPENIA_RULES)]
    recovered_samples: Whole
    picture: str
    worsened_share: float
    nadir_hours: float

    @property
    def switch(self) -> Switch:
        """As the signs read it."""
        return Switch(
            self.default,
            self.recovered_samples,
            self.worsened_share,
            self.nadir_hours,
            self.source,
        )


class CytopeniaTable(LabTable):
    """``cytopenia``: one lineage that follows the switch."""

    event: EventName

    def sign(self, name: str, shared: Shared) -> CohortSign:
        """What judges a cohort by it."""
        return CytopeniaSign(self.lab(name), self.event, shared.switch, shared.picture)


class CountTable(CytopeniaTable):
    """``count``: one lineage low as it stands, whatever it was before."""

    def sign(self, name: str, shared: Shared) -> CohortSign:
        """What judges a cohort by it."""
        unused = Switch(ANY, recovered_samples=1, worsened_share=1.0, nadir_hours=0.0, source="")
        return CountSign(CytopeniaSign(self.lab(name), self.event, unused))
