"""Early prediction of IEC-HS after CAR-T therapy. Research use only.

The public functions live in the rooms (`riskmodel.cohort`, `riskmodel.criteria`,
`riskmodel.features`, `riskmodel.models`, `riskmodel.evaluation`, `riskmodel.training`,
`riskmodel.scoring`, `riskmodel.patient`); the common ones can be had from here and are imported
when first asked for, so that ``import riskmodel`` stays light.
"""

from riskmodel.faces import face

__version__ = "0.1.0"

DISTRIBUTION = "riskmodel-iechs"
"""What is installed; the package index has another project of the name riskmodel."""

RESEARCH_USE = "Research use only: not a medical device, not for decisions about a patient's care."

__getattr__, __dir__, __all__ = face(__name__, __file__)
__all__ += ["DISTRIBUTION", "RESEARCH_USE", "__version__"]
