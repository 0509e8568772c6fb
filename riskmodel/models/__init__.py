"""The risk estimator, its comparators, its explanation and its form on disk."""

from riskmodel.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)
