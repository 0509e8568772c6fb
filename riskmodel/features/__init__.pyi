from .builders.burden import (
    burden_source as burden_source,
)
from .builders.published import (
    score_items as score_items,
)
from .catalogue import (
    Catalogue as Catalogue,
    Feature as Feature,
    Stage as Stage,
    load_catalogue as load_catalogue,
    parse_catalogue as parse_catalogue,
)
from .dictionary import (
    written as written,
)
from .matrix import (
    LAST_LANDMARK_DAY as LAST_LANDMARK_DAY,
    build as build,
    matrices as matrices,
    matrix as matrix,
    prediction_hours as prediction_hours,
)
from .plausible import (
    implausible as implausible,
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
