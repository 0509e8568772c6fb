"""MLflow: training runs, registered models and their champion. Nobody else imports it."""

from riskmodel.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)
