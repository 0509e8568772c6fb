"""The clinician's pages, the interface for programs and CDS Hooks, served from one process."""

from riskmodel.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)

# Now, for modules of these names would hide them once they are imported.
from riskmodel.web.serve import serve
