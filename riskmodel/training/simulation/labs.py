"""Results of every draw: the course of each analyte with its noise, in canonical units."""

from dataclasses import dataclass

import numpy as np

from riskmodel.training.simulation.course import Course
from riskmodel.training.simulation.latent import Patients
from riskmodel.training.simulation.schedule import Draws
from riskmodel.training.simulation.settings import Float, Int, Settings
from riskmodel.training.simulation.surge import Signs, fit_surge


@dataclass(frozen=True)
class Results:
    """Results of one analyte; arrays of shape (r,).

    Attributes
    ----------
    analyte : str
    draw : int
        Index of the draw.
    value : float
        In the canonical unit.
    deviation : float
        On the analyte's scale, from what is expected of the population at that time before the
        infusion; meaningless after it.
    """

    analyte: str
    draw: Int
    value: Float
    deviation: Float


def _smooth(x: Float) -> Float:
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x * x * (3 - 2 * x))


def _bump(since: Float, peak: float, power: float) -> Float:
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
        c = settings.constants["marrow"]
        reserve = patients.z[:, list(settings.factors).index("reserve")]
        severe = np.maximum(course.crs_grade - 1, 0)
        noise = rng.standard_normal((3, n))
        self.anc_depth = np.maximum(c["anc_depth"] - 0.30 * reserve + 0.45 * noise[0], 0.8)
        depth = c["platelet_depth"] - 0.20 * reserve + 0.08 * severe + 0.25 * noise[1]
        self.platelet_depth = np.maximum(depth, 0.1)
        self.hemoglobin_depth = np.maximum(c["hemoglobin_depth"] + 0.6 * noise[2], 0.2)

    def expected(self, analyte: str, patient: Int, day: Float) -> Float:
        """Mean of the patient's population at or before the infusion."""
        table = self.settings.analytes[analyte]
        level = self.settings.by_group(table["level"])
        level = np.log(level) if table["scale"] == "log" else level
        return np.asarray(
            level[self.patients.population[patient]]
            + table.get("lymphodepletion", 0.0) * np.clip((day + 5) / 5, 0, 1)
        )

    def at(self, analyte: str, patient: Int, day: Float) -> Float:
        """Course on the analyte's scale, shape (r,)."""
        table, course = self.settings.analytes[analyte], self.course
        found = self.expected(analyte, patient, day)
        loading = self.settings.loading(table["loadings"])
        found += (self.patients.z @ loading + self.between[analyte])[patient]
        found += table.get("drift", 0.0) * np.clip(day / 6, 0, 1)
        since = day - course.response[patient]
        if "crs" in table:
            height = np.array(table["crs"])[course.crs_grade] * course.vigour
            if table.get("response", False):
                amplitude = self.settings.column("ferritin_amplitude")
                height = height * amplitude[self.patients.population]
            height = height + table.get("expansion", 0.0) * self.patients.z[:, 4]
            response = height[patient] * _bump(since, table["crs_peak"], table["crs_power"])
            if "infection" in table:
                response = response + table["infection"] * self._infection(patient, day)
            if "ceiling" in table:
                room = np.maximum(np.log(table["ceiling"]) - found, 0.2)
                response = room * -np.expm1(-response / room)
            found += response
        if "tocilizumab" in table:
            treated = np.nan_to_num(day - course.tocilizumab[patient], nan=-1.0)
            rate, most = table["tocilizumab"]["rate"], table["tocilizumab"]["most"]
            effect = np.clip(np.abs(rate) * treated, 0, most) * -np.sign(rate)
            found += effect * np.exp(-np.maximum(treated - 13, 0) / 8)
        return np.asarray(found + self._marrow(analyte, patient, day))

    def _infection(self, patient: Int, day: Float) -> Float:
        since = np.nan_to_num(day - self.course.infection[patient], nan=-1.0)
        return _bump(since, 1.5, 1.5)

    def _marrow(self, analyte: str, patient: Int, day: Float) -> Float:
        """Fall after lymphodepletion and recovery."""
        if analyte == "platelets":
            shape = _smooth(day / 9) * (1 - 0.7 * _smooth((day - 13) / 12))
            return np.asarray(-self.platelet_depth[patient] * shape)
        if analyte == "hemoglobin":
            shape = _smooth(day / 9) * (1 - 0.5 * _smooth((day - 16) / 12))
            return np.asarray(-self.hemoglobin_depth[patient] * shape)
        if analyte == "anc":
            nadir = self.settings.constants["marrow"]["nadir_day"]
            recovery = self.course.recovery[patient]
            shape = _smooth(day / nadir) * (1 - 0.88 * _smooth((day - recovery) / 4.0))
            dip = np.exp(-(((day - recovery - 10) / 2.5) ** 2))
            dip *= (self.course.pattern == 1)[patient] * (day > recovery)
            return np.asarray(-self.anc_depth[patient] * shape - 1.5 * dip)
        return np.zeros(len(patient))


def _above(value: Float, floor: float, soft: float) -> Float:
    """Bend a course so that it levels off a little above `floor`."""
    return np.asarray(floor + soft * np.logaddexp(0.0, (value - floor) / soft))


def draw_results(
    settings: Settings,
    patients: Patients,
    course: Course,
    signs: Signs,
    draws: Draws,
    rng: np.random.Generator,
) -> list[Results]:
    """Draw every result of every draw, one entry per analyte, white cells last."""
    courses = _Courses(settings, patients, course, rng)
    found: list[Results] = []
    for analyte, table in settings.analytes.items():
        sent = draws.panels[table["panel"]]
        if "share" in table:
            sent = sent & (rng.random(len(sent)) < table["share"])
        rows = np.flatnonzero(sent)
        patient, day = draws.patient[rows], draws.day[rows]
        value = courses.at(analyte, patient, day)
        if "surge" in table:

            def without(p: Int, d: Float, name: str = analyte) -> Float:
                return courses.at(name, p, d)

            surge = fit_surge(settings, analyte, patients, signs, without, rng)
            value = value + surge.at(patient, day) * (day > 0)
        log = table["scale"] == "log"
        if "floor" in table:
            bent = _above(value, np.log(table["floor"]) if log else table["floor"], 0.3)
            value = np.where(day > 0, bent, value)
        if "top" in table:
            value = np.where(day > 0, -_above(-value, -np.log(table["top"]), 0.3), value)
        value = value + table["within"] * rng.standard_normal(len(rows))
        deviation = value - courses.expected(analyte, patient, day)
        found.append(Results(analyte, rows, np.exp(value) if log else value, deviation))
    anc = next(r for r in found if r.analyte == "anc")
    noise = np.exp(0.12 * rng.standard_normal(len(anc.draw)))
    lymphocytes = 0.25 + 0.5 * np.clip(-draws.day[anc.draw] / 5, 0, 1)
    white = (anc.value * 1.08 + lymphocytes) * noise
    found.append(Results("wbc", anc.draw, white, np.zeros(len(anc.draw))))
    return found
