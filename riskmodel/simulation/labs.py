"""Results of every draw: the course of each analyte with its noise, in canonical units."""

from collections.abc import Mapping

import numpy as np

from riskmodel.arrays import Codes, Floats
from riskmodel.simulation.course import Course
from riskmodel.simulation.latent import Patients
from riskmodel.simulation.schedule import Draws, Results
from riskmodel.simulation.settings import Settings
from riskmodel.simulation.surge import Signs, fit_surge
from riskmodel.simulation.transfusion import EVENTS, Transfusions, transfuse


def _smooth(x: Floats) -> Floats:
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x * x * (3 - 2 * x))


def _bump(since: Floats, peak: Floats | float, power: float) -> Floats:
    """A response that starts at 0, reaches 1 at `peak` days and fades."""
    x = np.maximum(since, 0.0) / peak
    return np.asarray(x**power * np.exp(power * (1 - x)))


class _Courses:
    """Courses of all analytes of one cohort, without IEC-HS."""

    def __init__(
        self, settings: Settings, patients: Patients, course: Course, rng: np.random.Generator
    ) -> None:
        self.settings, self.patients, self.course = settings, patients, course
        n = len(patients)
        self.between = {
            name: table["between"] * rng.standard_normal(n)
            for name, table in settings.analytes.items()
        }
        self.vigour = {
            name: course.vigour * np.exp(table.get("spread", 0.0) * rng.standard_normal(n))
            for name, table in settings.analytes.items()
        }
        reserve = patients.z[:, list(settings.factors).index("reserve")]
        self.expansion = patients.z[:, list(settings.factors).index("expansion")]
        severe = np.maximum(course.crs_grade - 1, 0)
        self.depth: dict[str, Floats] = {}
        for name, table in settings.constants["marrow"].items():
            depth = table["depth"] + table["reserve"] * reserve + table["severe"] * severe
            depth = depth + table["sd"] * rng.standard_normal(n)
            self.depth[name] = np.maximum(depth, table["least"])

    def expected(self, analyte: str, patient: Codes, day: Floats) -> Floats:
        """Mean of the patient's population at or before the infusion."""
        table = self.settings.analytes[analyte]
        level = self.settings.levels(analyte)
        level = np.log(level) if table["scale"] == "log" else level
        before = self.settings.constants["latent"]["lymphodepletion_day"]
        since = np.clip(1 - day / before, 0, 1)
        return np.asarray(
            level[self.patients.population[patient]] + table.get("lymphodepletion", 0.0) * since
        )

    def at(self, analyte: str, patient: Codes, day: Floats) -> Floats:
        """Course on the analyte's scale, shape (r,)."""
        table, course = self.settings.analytes[analyte], self.course
        found = self.expected(analyte, patient, day)
        loading = self.settings.loading(table["loadings"])
        found += (self.patients.z @ loading + self.between[analyte])[patient]
        if "drift" in table:
            found += np.interp(day, *np.array(table["drift"], dtype=float).T)
        since = day - course.response[patient]
        if "crs" in table:
            height = np.array(table["crs"])[course.crs_grade] * self.vigour[analyte]
            if table.get("response", False):
                amplitude = self.settings.column("ferritin_amplitude")
                height = height * amplitude[self.patients.population]
            height = height + table.get("expansion", 0.0) * self.expansion
            peak = (table["crs_peak"] * course.pace)[patient]
            response = height[patient] * _bump(since, peak, table["crs_power"])
            if "infection" in table:
                response = response + table["infection"] * self._infection(patient, day)
            if "ceiling" in table:
                room = np.log(table["ceiling"]) - found
                room = np.maximum(room, self.settings.constants["latent"]["least_room"])
                response = room * -np.expm1(-response / room)
            found += response
        for drug in ("tocilizumab", "steroid", "steroid_case"):
            if drug in table:
                found += _treated(table[drug], day - getattr(course, drug)[patient])
        return np.asarray(found + self._marrow(analyte, patient, day))

    def _infection(self, patient: Codes, day: Floats) -> Floats:
        c = self.settings.constants["infection"]
        since = np.nan_to_num(day - self.course.infection[patient], nan=-1.0)
        return _bump(since, c["peak_days"], c["power"])

    def _marrow(self, analyte: str, patient: Codes, day: Floats) -> Floats:
        """Fall after lymphodepletion and recovery."""
        if analyte not in self.depth:
            return np.zeros(len(patient))
        table = self.settings.constants["marrow"][analyte]
        start: Floats = self.course.recovery[patient]
        if analyte != "anc":
            start = np.full(len(patient), float(table["recovery_day"]))
        back = table["recovered"] * _smooth((day - start) / table["recovery_days"])
        found = -self.depth[analyte][patient] * _smooth(day / table["nadir_day"]) * (1 - back)
        if "dip" in table:
            dip = np.exp(-(((day - start - table["dip_after_days"]) / table["dip_days"]) ** 2))
            found -= table["dip"] * dip * ((self.course.pattern == 1)[patient] & (day > start))
        return np.asarray(found)


def _treated(table: Mapping[str, float], since: Floats) -> Floats:
    """Effect of a drug since its first dose: linear to its most, fading after some days."""
    since = np.nan_to_num(since, nan=-1.0)
    most = table["most"]
    effect = np.clip(table["per_day"] * since, min(most, 0.0), max(most, 0.0))
    return np.asarray(effect * np.exp(-np.maximum(since - table["days"], 0) / table["fading_days"]))


def _wander(settings: Settings, draws: Draws, rng: np.random.Generator) -> dict[str, Floats]:
    """Slow deviation of each analyte at every draw, from 0 at the infusion (Ornstein-Uhlenbeck).

    A share of it is common to the inflammatory analytes. Nothing of it comes before the
    infusion, so that what the baseline shows stays exact.
    """
    tables = {n: t for n, t in settings.analytes.items() if "wander" in t}
    common = settings.constants["wander"]["common_days"]
    days = np.array([common, *(t["wander"]["days"] for t in tables.values())])
    first = np.searchsorted(draws.patient, draws.patient, side="left")
    rank = np.arange(len(draws.patient)) - first
    later = np.maximum(draws.day, 0.0)
    step = np.diff(later, prepend=0.0)
    step = np.where(rank == 0, later, step)
    keep = np.exp(-step[:, None] / days)
    walk = np.sqrt(1 - keep**2) * rng.standard_normal((len(step), len(days)))
    order = np.argsort(rank, kind="stable")
    ends = np.cumsum(np.bincount(rank))
    for k in range(1, len(ends)):
        rows = order[ends[k - 1] : ends[k]]
        walk[rows] += keep[rows] * walk[rows - 1]
    found: dict[str, Floats] = {}
    for k, (name, table) in enumerate(tables.items()):
        share = table["wander"].get("common", 0.0)
        both = np.sqrt(1 - share**2) * walk[:, k + 1] + share * walk[:, 0]
        found[name] = table["wander"]["sd"] * both
    return found


def _above(value: Floats, floor: float, soft: float) -> Floats:
    """Bend a course so that it levels off a little above `floor`."""
    return np.asarray(floor + soft * np.logaddexp(0.0, (value - floor) / soft))


def draw_results(
    settings: Settings,
    patients: Patients,
    course: Course,
    signs: Signs,
    draws: Draws,
    rng: np.random.Generator,
) -> tuple[list[Results], list[Transfusions]]:
    """Draw every result of every draw, one entry per analyte, and the transfusions they ask for."""
    c = settings.constants
    courses = _Courses(settings, patients, course, rng)
    wander = _wander(settings, draws, rng)
    found: list[Results] = []
    given: list[Transfusions] = []
    for analyte, table in settings.analytes.items():
        sent = draws.panels[table["panel"]]
        if "share" in table:
            sent = sent & (rng.random(len(sent)) < table["share"])
        if table.get("after_infusion", False):
            sent = sent & (draws.day > 0)
        rows = np.flatnonzero(sent)
        patient, day = draws.patient[rows], draws.day[rows]
        value = courses.at(analyte, patient, day)
        slow = wander[analyte][rows] if analyte in wander else np.zeros(len(rows))
        if "surge" in table:

            def without(p: Codes, d: Floats, name: str = analyte) -> Floats:
                return courses.at(name, p, d)

            surge = fit_surge(settings, analyte, patients, signs, without, rng)
            value = value + surge.at(patient, day) * (day > 0)
        value = value + slow
        log, soft = table["scale"] == "log", c["latent"]["soft_limit"]
        if "floor" in table:
            bent = _above(value, np.log(table["floor"]) if log else table["floor"], soft)
            value = np.where(day > 0, bent, value)
        if "top" in table:
            value = np.where(day > 0, -_above(-value, -np.log(table["top"]), soft), value)
        value = value + table["within"] * rng.standard_normal(len(rows))
        deviation = value - courses.expected(analyte, patient, day)
        result = Results(analyte, rows, np.exp(value) if log else value, deviation)
        if analyte in EVENTS:
            result, transfusions = transfuse(c["treatment"], draws, result, rng)
            given.append(transfusions)
        found.append(result)
    anc, white = next(r for r in found if r.analyte == "anc"), c["white_cells"]
    noise = np.exp(white["sd"] * rng.standard_normal(len(anc.draw)))
    before = np.clip(draws.day[anc.draw] / c["latent"]["lymphodepletion_day"], 0, 1)
    other = white["other_after"] + white["other_before"] * before
    value = (anc.value * white["per_neutrophil"] + other) * noise
    found.append(Results("wbc", anc.draw, value, np.zeros(len(anc.draw))))
    return found, given
