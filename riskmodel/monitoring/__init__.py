"""A model in use: drift of inputs, scores and outcomes over time."""

from riskmodel.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)

# Now, for modules of these names would hide them once they are imported.
from riskmodel.monitoring.monitor import monitor
