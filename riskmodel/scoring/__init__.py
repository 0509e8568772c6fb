"""Scoring: find a model, score a cohort, report one patient."""

from riskmodel.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__, {"report": "riskmodel.patient"})

# Now, for modules of these names would hide them once they are imported.
from riskmodel.scoring.score import score
