from .cohort import Cohort as Cohort, read_cohort as read_cohort
from .criteria import label as label
from .features import (
    FeatureBuilder as FeatureBuilder,
    load_catalogue as load_catalogue,
    matrix as matrix,
)
from .models import RiskClassifier as RiskClassifier, RiskModel as RiskModel
from .scoring import load_model as load_model, score as score
from .simulation import simulate as simulate
from .training import train as train, training_examples as training_examples

__version__: str
RESEARCH_USE: str
DISTRIBUTION: str
