from .alarm_policy import (
    Policy as Policy,
    load_policy as load_policy,
)
from .evaluation import (
    Evaluation as Evaluation,
    assess as assess,
    shown as shown,
)
from .external import (
    described as described,
    evaluate as evaluate,
    joined as joined,
)
from .follow_up.labelling import (
    Labels as Labels,
    labelled as labelled,
    outcome_table as outcome_table,
    outcomes_after as outcomes_after,
)
from .follow_up.unseen import (
    check_seen as check_seen,
    in_words as in_words,
)
from .measures.comparators import (
    COMPARATORS as COMPARATORS,
    MODEL as MODEL,
    RIDGE as RIDGE,
    Contender as Contender,
    makers as makers,
    score_columns as score_columns,
    with_scores as with_scores,
)
from .measures.earlier_days import (
    earlier_figures as earlier_figures,
)
from .measures.estimates import (
    FEWEST as FEWEST,
    compare as compare,
    figures as figures,
    patients_by_class as patients_by_class,
)
from .measures.optimism import (
    corrected as corrected,
)
from .measures.sample_size import (
    minimum_sample as minimum_sample,
    sample_warning as sample_warning,
)
from .measures.signal_check import (
    Signal as Signal,
    check_signal as check_signal,
)
from .pages.pictures import (
    calibration_svg as calibration_svg,
)
from .pages.writing import (
    ABOUT_FILE as ABOUT_FILE,
    write_evaluation as write_evaluation,
)
from .planning import (
    Plan as Plan,
    plan as plan,
)
from .row_subsets import (
    LEADS as LEADS,
    subsets as subsets,
)
from .rows import (
    Examples as Examples,
    at_risk_rows as at_risk_rows,
    counted as counted,
    prediction_times as prediction_times,
)
from .splits import (
    SCHEMES as SCHEMES,
    Maker as Maker,
    Split as Split,
    Validation as Validation,
    out_of_fold as out_of_fold,
    rounds as rounds,
    scheme_in_words as scheme_in_words,
)
