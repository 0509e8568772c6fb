"""Cohorts of the calibration, drawn once for all tests of the simulation."""

import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def stages():
    """What each step of a simulation gives the next one: 1,500 patients of the default world."""
    from riskmodel.simulation.course import draw_course
    from riskmodel.simulation.labs import draw_results
    from riskmodel.simulation.latent import draw_patients
    from riskmodel.simulation.risk import Risk
    from riskmodel.simulation.schedule import draw_schedule
    from riskmodel.simulation.settings import settings
    from riskmodel.simulation.surge import draw_signs

    rng = [np.random.default_rng(k) for k in range(5)]
    chosen = settings("literature")
    risk = Risk(chosen)
    patients = draw_patients(chosen, risk, 1500, rng[0])
    course = draw_course(chosen, patients, rng[1])
    signs = draw_signs(chosen, patients, course, rng[2])
    draws = draw_schedule(chosen, patients, course, rng[3])
    results, transfusions = draw_results(chosen, patients, course, signs, draws, rng[4])
    return SimpleNamespace(
        settings=chosen, risk=risk, patients=patients, course=course, signs=signs, draws=draws,
        results={found.analyte: found for found in results}, transfusions=transfusions,
        ids=np.array([f"S{k}" for k in range(1500)], dtype=object),
    )  # fmt: skip


@pytest.fixture(scope="session")
def calibration_cohorts():
    """The cohorts of figures.toml, read."""
    from riskmodel.simulation.realism.figures import drawn

    return drawn()


@pytest.fixture(scope="session")
def calibration_comparisons(calibration_cohorts):
    """Every figure of figures.toml beside that of its cohort."""
    from riskmodel.simulation.realism.figures import compare

    return compare(calibration_cohorts)


@pytest.fixture(scope="session")
def calibration_mix():
    """1,500 patients of the default mix, read."""
    from riskmodel.simulation import draw_cohort
    from riskmodel.simulation.realism.observed import observe

    return observe(draw_cohort(1500, 12))


@pytest.fixture(scope="session")
def cohort():
    """1,200 patients of the default world, as tables of text."""
    from riskmodel.simulation import draw_cohort

    return draw_cohort(1200, 7)


@pytest.fixture(scope="session")
def read():
    """A table as a reader meets it: written and read again, all text."""

    def again(table):
        text = table.to_csv(index=False)
        return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)

    return again
