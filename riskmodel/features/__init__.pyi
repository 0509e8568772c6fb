from .catalogue import (
    Catalogue as Catalogue,
    load_catalogue as load_catalogue,
    parse_catalogue as parse_catalogue,
)
from .dictionary import (
    written as written,
)
from .feature import (
    Feature as Feature,
    Stage as Stage,
)
from .matrix import (
    LAST_LANDMARK_DAY as LAST_LANDMARK_DAY,
    implausible as implausible,
    matrices as matrices,
    matrix as matrix,
    prediction_hours as prediction_hours,
    stage_named as stage_named,
)
from .records import (
    Records as Records,
)
from .sources import (
    feature_sources as feature_sources,
)
from .transformer import (
    FeatureBuilder as FeatureBuilder,
)
