"""All about one patient: the assessment, in words and pictures."""

from riskmodel.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)
