"""Training: designs, simulated cohorts, validation and the run that makes a model."""

from riskmodel.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    __file__,
    {
        "Evaluation": "riskmodel.evaluation",
        "evaluate": "riskmodel.evaluation",
        "outcome_table": "riskmodel.evaluation",
        "simulate": "riskmodel.simulation",
        "worlds": "riskmodel.simulation",
    },
)

# Now, for modules of these names would hide them once they are imported.
from riskmodel.training.promote import promote
