"""Builders of early labs: every kinetic of every analyte up to the prediction time.

What each lab statistic is stands in `riskmodel.features.statistic`; the compiled pass that computes
them all at once in `riskmodel.features.kernel`.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from riskmodel.arrays import Codes, Floats
from riskmodel.features.feature import Feature, Window, parse_window
from riskmodel.features.records import Records
from riskmodel.features.statistic import PARAMETERS, STATISTICS, Statistic

BASELINE_WINDOW = parse_window(["infusion-168h", "infusion"], "both")


def lab_statistic(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """One statistic of one analyte's draws in the window; `lab_statistics` takes many at once."""
    return np.asarray(lab_statistics(records, [feature], [prediction_time])[0, 0])


def lab_statistics(
    records: Records,
    features: Sequence[Feature],
    landmarks: Sequence[float],
    out: Floats | None = None,
    rows: Sequence[int] | None = None,
) -> Floats:
    """Lab statistics of every patient at several prediction times, in one pass over the results.

    Parameters
    ----------
    records : Records
        Results in the order of patient and time are read as they stand; others are grouped by
        patient once. Their order changes nothing.
    features : sequence of Feature
        Each with a builder of `STATISTICS`.
    landmarks : sequence of float
        Prediction times in hours.
    out : float64 array of shape (landmarks, any, patients), optional
        Written, where it is given.
    rows : sequence of int, optional
        Where in `out` each feature goes.

    Returns
    -------
    float64 array of shape (landmarks, features, patients), or `out`
        In the analyte's unit, before any transform, NaN where missing.
    """
    from riskmodel.features import kernel

    if out is None:
        out = np.empty((len(landmarks), len(features), records.patients))
    rows = range(len(features)) if rows is None else rows
    labs = records.labs
    # One statistic after the other, not one analyte: the pass then branches as it did before.
    together = sorted(range(len(features)), key=lambda k: STATISTICS[features[k].builder])
    features, rows = [features[k] for k in together], [rows[k] for k in together]
    slots = _Slots(labs.analytes)
    kind = [STATISTICS[feature.builder] for feature in features]
    slot = [slots.number(feature.of, feature.window) for feature in features]
    other = [
        slots.number(feature.of, BASELINE_WINDOW) if k is Statistic.FOLD_CHANGE else 0
        for feature, k in zip(features, kind, strict=True)
    ]
    kernel.scan(
        labs.hours,
        labs.value,
        labs.analyte,
        labs.comparator,
        labs.start,
        labs.order,
        slots.places(),
        np.array([place for place, _ in slots.known], dtype=np.int64),
        slots.ends(landmarks),
        np.array(kind, dtype=np.int64),
        np.array(slot, dtype=np.int64),
        np.array(other, dtype=np.int64),
        np.array([_numbers(f) for f in features], dtype=np.float64).reshape(-1, 2),
        np.array(landmarks, dtype=np.float64),
        np.array(rows, dtype=np.int64),
        out,
    )
    return out


def _numbers(feature: Feature) -> tuple[float, float]:
    """The parameters of a statistic, the unused ones 0."""
    given = [
        float(feature.parameters[key]) for key in PARAMETERS.get(STATISTICS[feature.builder], ())
    ]
    first, second, *_ = [*given, 0.0, 0.0]
    return first, second


class _Slots:
    """The distinct pairs of analyte and window that some statistics read, numbered.

    Parameters
    ----------
    analytes : mapping of str to int
        Code of each analyte in the results.
    """

    def __init__(self, analytes: Mapping[str, int]) -> None:
        self._analytes = analytes
        self._place: dict[str, int] = {}
        self.known: dict[tuple[int, Window], int] = {}

    def number(self, analyte: str, window: Window) -> int:
        """Number of a slot, a new one where it is not known."""
        place = self._place.setdefault(analyte, len(self._place))
        return self.known.setdefault((place, window), len(self.known))

    def places(self) -> Codes:
        """Place of each analyte code in the buffer, -1 where nothing reads it."""
        found = np.full(len(self._analytes), -1, dtype=np.int64)
        for analyte, place in self._place.items():
            if analyte in self._analytes:
                found[self._analytes[analyte]] = place
        return found

    def ends(self, landmarks: Sequence[float]) -> Floats:
        """First and last hour that every slot's window holds at every landmark.

        An end that is not included is the next number inside.
        """
        shape = (len(landmarks), len(self.known), 2)
        ends = [[window.bounds(hours) for _, window in self.known] for hours in landmarks]
        ends_array = np.array(ends, dtype=np.float64).reshape(shape)
        included = np.array([window.includes for _, window in self.known]).reshape(-1, 2)
        inside = np.nextafter(ends_array, [np.inf, -np.inf])
        return np.where(included, ends_array, inside)


def prediction_day(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Days from the infusion to the prediction time."""
    return np.full(records.patients, prediction_time / 24)


def days_left(records: Records, feature: Feature, prediction_time: float) -> Floats:
    """Days from the prediction time to ``parameters.day``; missing from that day on.

    With ``parameters.inverse`` one over them, at least ``parameters.floor`` days if given.
    """
    left = float(feature.parameters["day"]) - prediction_time / 24
    if left <= 0:
        return np.full(records.patients, np.nan)
    if feature.parameters.get("inverse"):
        left = 1.0 / max(left, float(feature.parameters.get("floor", 0.0)))
    return np.full(records.patients, left)
