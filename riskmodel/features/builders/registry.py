"""The builders that a catalogue may name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from riskmodel.arrays import Floats
from riskmodel.features.builders import baseline, burden, course, kinetics, published
from riskmodel.features.feature import Feature
from riskmodel.features.records import Records
from riskmodel.features.statistic import PARAMETERS, STATISTICS, Statistic

Build = Callable[[Records, Feature, float], Floats]


@dataclass(frozen=True)
class Builder:
    """A builder function, and what it reads of a catalogue entry.

    Attributes
    ----------
    build : callable
    reads : str
        What `of` names: an analyte, an event, or a patient column that holds a number, a flag or
        a choice; empty where the entry has no `of`.
    floors_itself : bool
        ``parameters.floor`` is in the unit of the analyte. A builder of ratios applies it to the
        results, before the ratio; for the others it holds for the built value.
    needs, takes : tuple of str
        Parameters without which it cannot build, and those that it reads where they are given.
    """

    build: Build
    reads: Literal["analyte", "event", "number", "flag", "choice", ""]
    floors_itself: bool = False
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


def _floors_itself(statistic: Statistic) -> bool:
    return "floor" in PARAMETERS.get(statistic, ())


_BEFORE = ("lymphodepletion",)
BUILDERS: Mapping[str, Builder] = {
    "patient_number": Builder(baseline.patient_number, "number"),
    "patient_flag": Builder(baseline.patient_flag, "flag"),
    "patient_choice": Builder(baseline.patient_choice, "choice", needs=("values",)),
    "product_choice": Builder(baseline.product_choice, "", needs=("product",)),
    "reported_incidence": Builder(baseline.reported_incidence, "", needs=("series",)),
    "tet2_mutation": Builder(baseline.tet2_mutation, ""),
    "nk_count": Builder(baseline.nk_count, "analyte", takes=_BEFORE),
    "cell_dose": Builder(baseline.cell_dose, ""),
    "tumor_burden": Builder(burden.tumor_burden, "", needs=("order", "scale", "log", "category")),
    "last_lab_before_lymphodepletion": Builder(
        baseline.last_lab_before_lymphodepletion, "analyte", needs=_BEFORE
    ),
    "lab_ratio": Builder(
        published.lab_ratio, "", needs=("times", "over"), takes=("per", "floors", *_BEFORE)
    ),
    "points": Builder(published.points, "", needs=("rows",), takes=_BEFORE),
    "hscore_points": Builder(published.hscore_points, ""),
    "prediction_day": Builder(kinetics.prediction_day, ""),
    "days_left": Builder(kinetics.days_left, "", needs=("day",), takes=("inverse", "floor")),
    **{
        name: Builder(
            kinetics.lab_statistic,
            "analyte",
            floors_itself=_floors_itself(statistic),
            needs=PARAMETERS.get(statistic, ()),
        )
        for name, statistic in STATISTICS.items()
    },
    "event_seen": Builder(course.event_seen, "event", takes=("events",)),
    "highest_grade": Builder(course.highest_grade, "event"),
    "days_since_first": Builder(course.days_since_first, "event"),
    "days_since_event": Builder(course.days_since_event, "event", needs=("none",)),
    "first_event_day": Builder(course.first_event_day, "event", needs=("none",)),
    "hours_since_first": Builder(course.hours_since_first, "event", needs=("none",)),
    "hours_since_last": Builder(course.hours_since_last, "event", needs=("none",)),
    "number_of_events": Builder(course.number_of_events, "event"),
    "event_again": Builder(course.event_again, "event", needs=("gap",)),
    "hours_above_after": Builder(
        course.hours_above_after, "analyte", needs=("level", "gap", "events", "quiet")
    ),
    "days_since_highest_grade": Builder(course.days_since_highest_grade, "event", needs=("none",)),
    "signs_met": Builder(course.signs_met, "", needs=("signs",)),
    "signs_still_needed": Builder(course.signs_still_needed, ""),
    "ferritin_to_threshold": Builder(
        course.ferritin_to_threshold,
        "analyte",
        needs=("level", "rate", "statistic", "rule_by_target"),
    ),
}
