"""Cohorts of the calibration, drawn once for all tests of the simulation."""

import pytest


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
