"""Simulated cohorts with a known truth, calibrated to published figures."""

from riskmodel.simulation.cohort import SimulatedCohort, draw_cohort, simulate
from riskmodel.simulation.settings import worlds

__all__ = ["SimulatedCohort", "draw_cohort", "simulate", "worlds"]
