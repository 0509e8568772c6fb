"""The name under which `riskmodel.evaluation.compare` was documented."""

from riskmodel.evaluation.measures.estimates import compare as compare
