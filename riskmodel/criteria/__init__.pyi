from .compare import (
    Comparison as Comparison,
    compare as compare,
)
from .course import (
    BOTH as BOTH,
    CRS_LIKE as CRS_LIKE,
    IEC_HS_LIKE as IEC_HS_LIKE,
    course_rules as course_rules,
    daily_picture as daily_picture,
)
from .definitions.definition import (
    Definition as Definition,
    Part as Part,
)
from .definitions.points import (
    open_items as open_items,
)
from .definitions.registry import (
    DEFAULT_DEFINITION as DEFAULT_DEFINITION,
    definition_choices as definition_choices,
    definition_names as definition_names,
    known_definition as known_definition,
    load_definition as load_definition,
)
from .evaluation import (
    SignTimeline as SignTimeline,
    evaluate_signs as evaluate_signs,
    grades_by_day as grades_by_day,
)
from .hscore import (
    hscore as hscore,
)
from .incidence import (
    Incidence as Incidence,
    autoimmune_words as autoimmune_words,
    base_rate as base_rate,
    published_incidence as published_incidence,
)
from .intervals import (
    lab_samples as lab_samples,
)
from .labels import (
    ADJUDICATED as ADJUDICATED,
    LEADING_COLUMNS as LEADING_COLUMNS,
    adjudicated as adjudicated,
    label as label,
    series_shown as series_shown,
)
from .names import (
    day_words as day_words,
    event_label as event_label,
    part_label as part_label,
    picture_label as picture_label,
    sign_label as sign_label,
)
from .outcome import (
    OUTCOMES as OUTCOMES,
)
from .prolonged import (
    prolonged_cytopenia as prolonged_cytopenia,
)
from .signs.after_crs import (
    CRS_RULES as CRS_RULES,
    NEW_AFTER_CRS as NEW_AFTER_CRS,
)
from .signs.cytopenia import (
    CYTOPENIA_RULES as CYTOPENIA_RULES,
    DEFAULT_RULE as DEFAULT_RULE,
)
from .signs.sign import (
    ULN as ULN,
    Limit as Limit,
    Series as Series,
    Sign as Sign,
    Threshold as Threshold,
)
from .truth import (
    COMPARISONS as COMPARISONS,
    MET as MET,
    NOT_ASSESSABLE as NOT_ASSESSABLE,
    NOT_MET as NOT_MET,
    satisfies as satisfies,
)
