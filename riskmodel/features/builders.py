"""The builders that a catalogue may name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from riskmodel.features import baseline, burden, course, kinetics, published
from riskmodel.features.catalogue import Feature
from riskmodel.features.records import Floats, Records
from riskmodel.features.statistic import PARAMETERS, STATISTICS, Statistic

Build = Callable[[Records, Feature, float], Floats]


@dataclass(frozen=True)
class Builder:
    """A builder function, what the catalogue's `of` names for it, and whether it floors itself.

    ``parameters.floor`` is in the unit of the analyte. A builder of ratios applies it to the
    results, before the ratio; for the others it holds for the built value.
    """

    build: Build
    reads: Literal["analyte", "column", "event", ""]
    floors_itself: bool = False


def _floors_itself(statistic: Statistic) -> bool:
    return "floor" in PARAMETERS.get(statistic, ())


BUILDERS: Mapping[str, Builder] = {
    "patient_number": Builder(baseline.patient_number, "column"),
    "patient_flag": Builder(baseline.patient_flag, "column"),
    "patient_choice": Builder(baseline.patient_choice, "column"),
    "tet2_mutation": Builder(baseline.tet2_mutation, ""),
    "nk_count": Builder(baseline.nk_count, "analyte"),
    "cell_dose": Builder(baseline.cell_dose, ""),
    "tumor_burden": Builder(burden.tumor_burden, ""),
    "last_lab_before_lymphodepletion": Builder(baseline.last_lab_before_lymphodepletion, "analyte"),
    "lab_ratio": Builder(published.lab_ratio, ""),
    "points": Builder(published.points, ""),
    "hscore_points": Builder(published.hscore_points, ""),
    "prediction_day": Builder(kinetics.prediction_day, ""),
    **{
        name: Builder(kinetics.lab_statistic, "analyte", floors_itself=_floors_itself(statistic))
        for name, statistic in STATISTICS.items()
    },
    "event_seen": Builder(course.event_seen, "event"),
    "highest_grade": Builder(course.highest_grade, "event"),
    "days_since_first": Builder(course.days_since_first, "event"),
    "days_since_event": Builder(course.days_since_event, "event"),
    "first_event_day": Builder(course.first_event_day, "event"),
    "hours_since_first": Builder(course.hours_since_first, "event"),
    "hours_since_last": Builder(course.hours_since_last, "event"),
    "number_of_events": Builder(course.number_of_events, "event"),
    "event_again": Builder(course.event_again, "event"),
    "days_since_highest_grade": Builder(course.days_since_highest_grade, "event"),
    "signs_met": Builder(course.signs_met, ""),
    "signs_still_needed": Builder(course.signs_still_needed, ""),
    "ferritin_to_threshold": Builder(course.ferritin_to_threshold, "analyte"),
}
