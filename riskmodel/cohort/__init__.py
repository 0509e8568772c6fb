"""Cohorts: the form of the data, and the readers that end in it."""

from riskmodel.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)

# Now, for modules of these names would hide them once they are imported.
from riskmodel.cohort.summary import summary
