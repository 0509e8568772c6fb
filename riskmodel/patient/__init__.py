"""All about one patient: the assessment, in words and pictures."""

from riskmodel.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)

# Now, for modules of these names would hide them once they are imported.
from riskmodel.patient.base_rates import base_rates
from riskmodel.patient.published_scores import published_scores
