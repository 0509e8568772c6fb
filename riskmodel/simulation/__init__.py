"""Simulated cohorts with a known truth, calibrated to published figures."""

from riskmodel.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)

# Now, for modules of these names would hide them once they are imported.
from riskmodel.simulation.settings import settings
