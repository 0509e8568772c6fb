from .card import (
    TARGETS as TARGETS,
    ModelCard as ModelCard,
    Point as Point,
    StoredCalibration as StoredCalibration,
    StoredFigure as StoredFigure,
    least_grade as least_grade,
)
from .catalogue_priors import (
    check_sources as check_sources,
    priors as priors,
)
from .comparators import (
    RidgeLogistic as RidgeLogistic,
    SingleScore as SingleScore,
)
from .directions import (
    check_directions as check_directions,
    directions_kept as directions_kept,
)
from .earlier import (
    EARLIER as EARLIER,
    Earlier as Earlier,
    fit_earlier as fit_earlier,
)
from .estimator import (
    FewEventsWarning as FewEventsWarning,
    RiskClassifier as RiskClassifier,
)
from .learning.factors import (
    factor_columns as factor_columns,
    factor_key as factor_key,
)
from .learning.interval import missing_variance as missing_variance
from .learning.shrinkage import (
    log_loss as log_loss,
)
from .missing import (
    missing_range as missing_range,
)
from .plots import (
    beeswarm_svg as beeswarm_svg,
    dependence_svg as dependence_svg,
)
from .predict import (
    change_by_factor as change_by_factor,
    predict_frame as predict_frame,
)
from .risk_model import (
    LABEL_SOURCES as LABEL_SOURCES,
    LabelSource as LabelSource,
    RiskModel as RiskModel,
    model_catalogue as model_catalogue,
    outside_range as outside_range,
    training_ranges as training_ranges,
    unread_inputs as unread_inputs,
)
from .storage import (
    MODEL_FILE as MODEL_FILE,
    load_model as load_model,
    save_model as save_model,
)
from .waterfall import (
    change_svg as change_svg,
    waterfall_svg as waterfall_svg,
)
from .wording import (
    HARDLY as HARDLY,
    in_words as in_words,
    odds as odds,
    percent as percent,
    risk_of as risk_of,
)
