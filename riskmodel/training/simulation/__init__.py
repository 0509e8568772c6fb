"""Simulated cohorts with a known truth, calibrated to published figures."""

from riskmodel.training.simulation.cohort import SimulatedCohort, draw_cohort, simulate
from riskmodel.training.simulation.settings import worlds

__all__ = ["SimulatedCohort", "draw_cohort", "simulate", "worlds"]
