"""The compiled pass over lab results. Import it only where it is needed: it loads numba.

One walk over the patients, in bounded memory: the results of one patient are set out by analyte in
a small buffer, ordered and merged into draws there, and every statistic is read off that buffer at
every landmark. `riskmodel.features.statistic` says what each statistic is.
"""

from typing import Any

import numba
import numpy as np
from numba import types

from riskmodel.compiled import compiled, read_only
from riskmodel.features.statistic import BOUND_HOURS, Statistic

_ABOVE, _BELOW = 1, 2
"""Bits of a draw: a result of it was reported as `>` or `>=`, as `<` or `<=`."""


_inner = numba.njit(error_model="numpy", inline="always")


@compiled(types.boolean(read_only(types.int64), types.int64[::1]))
def offsets(patient: Any, start: Any) -> bool:
    """Where each patient's results begin, and whether the results stand grouped in that order.

    Parameters
    ----------
    patient : int64 array of shape (n,)
        Patient codes 0 to ``len(start) - 2``.
    start : int64 array of shape (patients + 1,)
        Zeros; afterwards the number of results of the patients before each.

    Raises
    ------
    IndexError
        When a code is not a patient's: the pass writes to memory by it.
    """
    if patient.shape[0] > 0 and start.shape[0] < 2:
        raise IndexError("A patient code of the results is outside the cohort.")
    grouped = True
    before: Any = np.int64(0)
    run: Any = np.int64(0)
    for row in range(patient.shape[0]):
        who = patient[row]
        if who != before:
            if who < 0 or who + 1 >= start.shape[0]:
                raise IndexError("A patient code of the results is outside the cohort.")
            start[before + 1] += run
            grouped = grouped and who > before
            before = who
            run = 0
        run += 1
    if run > 0:
        start[before + 1] += run
    for k in range(1, start.shape[0]):
        start[k] += start[k - 1]
    return grouped


@compiled(types.void(read_only(types.int64), read_only(types.int64), types.int64[::1]))
def group(patient: Any, start: Any, order: Any) -> None:
    """Rows of ungrouped results in the order of the patients (`start` as of `offsets`)."""
    free = start[:-1].copy()
    for row in range(patient.shape[0]):
        who = patient[row]
        order[free[who]] = row
        free[who] += 1


@_inner
def _ordered(hours: Any, value: Any, sign: Any, low: int, high: int) -> None:
    """Order rows low to high by hours, then value; nothing moves where they stand so (Shell)."""
    step = 1
    while step < (high - low) // 3:
        step = 3 * step + 1
    while step > 0:
        for k in range(low + step, high):
            t, v, s = hours[k], value[k], sign[k]
            j = k
            while j - step >= low and (
                hours[j - step] > t or (hours[j - step] == t and value[j - step] > v)
            ):
                hours[j], value[j], sign[j] = hours[j - step], value[j - step], sign[j - step]
                j -= step
            hours[j], value[j], sign[j] = t, v, s
        step //= 3


@_inner
def _merged(hours: Any, value: Any, sign: Any, low: int, high: int) -> int:
    """Merge rows of equal times into draws at the front of low to high; where they end."""
    end = low
    k = low
    while k < high:
        time, total, signs, size = hours[k], value[k], sign[k], 1
        k += 1
        while k < high and hours[k] == time:
            total += value[k]
            signs |= sign[k]
            size += 1
            k += 1
        hours[end], value[end], sign[end] = time, total / size, signs
        end += 1
    return end


@_inner
def _bounded(hours: Any, value: Any, sign: Any, low: int, high: int) -> None:
    """Lift each `>` draw to the draw shortly before it, and lower each `<` draw to it."""
    for k in range(low + 1, high):
        if hours[k] - hours[k - 1] <= BOUND_HOURS:
            if sign[k] == _ABOVE:
                value[k] = max(value[k], value[k - 1])
            elif sign[k] == _BELOW:
                value[k] = min(value[k], value[k - 1])


@_inner
def _slope(hours: Any, value: Any, level: Any, a: int, b: int, floor: float, span: float) -> float:
    n = b - a
    if n < 2 or hours[b - 1] - hours[a] < span:
        return np.nan
    mean_day = 0.0
    mean_level = 0.0
    for k in range(a, b):
        level[k] = np.log2(max(value[k], floor))
        mean_day += hours[k] / 24.0
        mean_level += level[k]
    mean_day /= n
    mean_level /= n
    square = 0.0
    cross = 0.0
    for k in range(a, b):
        centred = hours[k] / 24.0 - mean_day
        square += centred * centred
        cross += centred * (level[k] - mean_level)
    return cross / square


@_inner
def _greatest_step(hours: Any, value: Any, a: int, b: int, way: float) -> float:
    if b - a < 2:
        return np.nan
    found = 0.0
    for k in range(a + 1, b):
        found = max(found, way * (value[k] - value[k - 1]) / (hours[k] - hours[k - 1]))
    return found


@_inner
def _hours_of_rise(hours: Any, value: Any, a: int, b: int, rate: float) -> float:
    if b - a < 2:
        return np.nan
    found = 0.0
    run = 0.0
    for k in range(a + 1, b):
        duration = hours[k] - hours[k - 1]
        run = run + duration if (value[k] - value[k - 1]) / duration >= rate else 0.0
        found = max(found, run)
    return found


@_inner
def _rebound(value: Any, a: int, b: int, floor: float, fall: float) -> float:
    if b - a < 2:
        return np.nan
    top = max(value[a], floor)
    low = np.inf
    for k in range(a + 1, b):
        level = max(value[k], floor)
        if level <= top * fall:
            low = min(low, level)
        top = max(top, level)
    return 1.0 if np.isinf(low) else max(value[b - 1], floor) / low


@_inner
def _above(hours: Any, value: Any, a: int, b: int, level: float, gap: float, area: bool) -> float:
    if b - a < 2:
        return np.nan
    found = 0.0
    for k in range(a + 1, b):
        duration = hours[k] - hours[k - 1]
        # A result of zero is far below every level, and its logarithm stays finite.
        one = np.log2(max(value[k - 1], 1e-9) / level)
        two = np.log2(max(value[k], 1e-9) / level)
        high, low = max(one, two), min(one, two)
        if duration <= gap and high > 0.0:
            part = duration if low >= 0.0 else duration * high / (high - low)
            mean = 0.5 * (high + max(low, 0.0))
            found += part / 24.0 * mean if area else part
    return found


@_inner
def _statistic(
    kind: int, hours: Any, value: Any, sign: Any, a: int, b: int, p: float, q: float
) -> Any:
    """One statistic of draws a to b; its parameters are p and q."""
    found = np.nan
    if kind == Statistic.NUMBER:
        found = float(b - a)
    elif b == a:
        pass
    elif kind == Statistic.LAST:
        found = value[b - 1]
    elif kind == Statistic.HIGHEST:
        found = value[a]
        for k in range(a + 1, b):
            found = max(found, value[k])
    elif kind == Statistic.LOWEST:
        found = value[a]
        for k in range(a + 1, b):
            found = min(found, value[k])
    elif kind == Statistic.ABOVE_LIMIT:
        found = 1.0 if sign[b - 1] & _ABOVE else 0.0
    elif kind == Statistic.BELOW_LIMIT:
        found = 1.0 if sign[b - 1] & _BELOW else 0.0
    elif kind == Statistic.GREATEST_RISE:
        found = _greatest_step(hours, value, a, b, 1.0)
    elif kind == Statistic.GREATEST_FALL:
        found = _greatest_step(hours, value, a, b, -1.0)
    elif kind == Statistic.HOURS_OF_RISE:
        found = _hours_of_rise(hours, value, a, b, p)
    elif kind == Statistic.REBOUND:
        found = _rebound(value, a, b, p, q)
    elif kind in (Statistic.HOURS_ABOVE, Statistic.AREA_ABOVE):
        found = _above(hours, value, a, b, p, q, kind == Statistic.AREA_ABOVE)
    return found


_SCAN = types.void(
    read_only(types.float64), read_only(types.float64), read_only(types.int8),
    read_only(types.int8), read_only(types.int64), read_only(types.int64),
    read_only(types.int64), read_only(types.int64), read_only(types.float64, 3),
    read_only(types.int64), read_only(types.int64), read_only(types.int64),
    read_only(types.float64, 2), read_only(types.float64), read_only(types.int64),
    types.float64[:, :, ::1],
)  # fmt: skip


@compiled(_SCAN)
def scan(
    hours: Any,
    value: Any,
    code: Any,
    comparator: Any,
    start: Any,
    order: Any,
    place: Any,
    slot_place: Any,
    slot_ends: Any,
    kind: Any,
    slot: Any,
    other: Any,
    parameters: Any,
    landmark: Any,
    rows: Any,
    out: Any,
) -> None:
    """Every statistic of every patient at every landmark.

    A *slot* is one analyte in one window: statistics that share both share the search for its
    draws, and their slope.

    Parameters
    ----------
    hours, value : float64 arrays of shape (n,)
    code, comparator : int8 arrays of shape (n,)
        Analyte (index into `place`) and comparator of each result.
    start, order : int64 arrays of shape (patients + 1,), and (n,) or (0,)
        Of `offsets` and `group`; no `order` where the results stand grouped. The results of one
        patient may stand in any order.
    place : int64 array of shape (analytes,)
        Number of each analyte in the buffer, -1 where nothing reads it.
    slot_place : int64 array of shape (slots,)
    slot_ends : float64 array of shape (landmarks, slots, 2)
        First and last hour that each slot's window holds.
    kind, slot, other : int64 arrays of shape (features,)
        Statistic, its slot, and the slot of the baseline of a fold change (else any).
    parameters : float64 array of shape (features, 2)
    landmark : float64 array of shape (landmarks,)
        Prediction times.
    rows : int64 array of shape (features,)
        Where in `out` each statistic goes.
    out : float64 array of shape (landmarks, at least features, patients)
        Written.
    """
    most = np.int64(0)
    for who in range(start.shape[0] - 1):
        most = max(most, start[who + 1] - start[who])
    places = np.int64(0)
    for k in range(place.shape[0]):
        places = max(places, place[k] + 1)
    slots = slot_place.shape[0]
    h, v, level = np.empty(most), np.empty(most), np.empty(most)
    sign = np.empty(most, dtype=np.uint8)
    first, end = np.empty(places + 1, dtype=np.int64), np.empty(places, dtype=np.int64)
    mixed = np.empty(places, dtype=np.bool_)
    limited = np.empty(places, dtype=np.bool_)
    a, b = np.empty(slots, dtype=np.int64), np.empty(slots, dtype=np.int64)
    slope, slope_floor, slope_span = np.empty(slots), np.empty(slots), np.empty(slots)
    given = order.shape[0] > 0
    latest = landmark.max() if landmark.shape[0] else -np.inf
    for who in range(start.shape[0] - 1):
        first[:] = 0
        for k in range(start[who], start[who + 1]):
            at = place[code[order[k] if given else k]]
            if at >= 0:
                first[at + 1] += 1
        for at in range(places):
            first[at + 1] += first[at]
            end[at] = first[at]
            mixed[at] = False
            limited[at] = False
        for k in range(start[who], start[who + 1]):
            row = order[k] if given else k
            at = place[code[row]]
            time = hours[row]
            if at >= 0 and time <= latest:
                j = end[at]
                end[at] = j + 1
                h[j], v[j] = time, value[row]
                bound = comparator[row]
                sign[j] = _ABOVE if bound > 0 else (_BELOW if bound < 0 else 0)
                if bound != 0:
                    limited[at] = True
                if j > first[at] and h[j - 1] >= time:
                    mixed[at] = True
        for at in range(places):
            if mixed[at]:
                _ordered(h, v, sign, first[at], end[at])
                end[at] = _merged(h, v, sign, first[at], end[at])
            if limited[at]:
                _bounded(h, v, sign, first[at], end[at])
        for t in range(landmark.shape[0]):
            for s in range(slots):
                at = slot_place[s]
                low, high = slot_ends[t, s, 0], slot_ends[t, s, 1]
                before, past = 0, 0
                for k in range(first[at], end[at]):
                    before += h[k] < low
                    past += h[k] > high
                b[s] = end[at] - past
                a[s] = min(first[at] + before, b[s])
                slope_floor[s] = np.nan
            for f in range(kind.shape[0]):
                s = slot[f]
                p, q = parameters[f, 0], parameters[f, 1]
                what = kind[f]
                found = np.nan
                if what == Statistic.FOLD_CHANGE:
                    o = other[f]
                    if b[s] > a[s] and b[o] > a[o]:
                        found = max(v[b[s] - 1], p) / max(v[b[o] - 1], p)
                elif what == Statistic.HOURS_SINCE:
                    if b[s] > a[s]:
                        found = landmark[t] - h[b[s] - 1]
                elif what in (Statistic.LOG_SLOPE, Statistic.DOUBLING_TIME, Statistic.HALVING_TIME):
                    if slope_floor[s] != p or slope_span[s] != q:
                        slope[s] = _slope(h, v, level, a[s], b[s], p, q)
                        slope_floor[s], slope_span[s] = p, q
                    found = slope[s]
                    if what != Statistic.LOG_SLOPE:
                        found = found if what == Statistic.DOUBLING_TIME else -found
                        found = 24.0 / found if found > 0 else np.nan
                else:
                    found = _statistic(what, h, v, sign, a[s], b[s], p, q)
                out[t, rows[f], who] = found
