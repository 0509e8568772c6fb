"""Features: the catalogue, its builders and the matrix."""

from riskmodel.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)

# Now, for modules of these names would hide them once they are imported.
from riskmodel.features.matrix import matrix
