"""Published label definitions: who met what, when, and what was not assessable."""

from riskmodel.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)

# Now, for modules of these names would hide them once they are imported.
from riskmodel.criteria.compare import compare
from riskmodel.criteria.hscore import hscore
