"""Evaluation: how well risks fit what happened, in training and on any other cohort."""

from riskmodel.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)
