from .pyfunc import (
    set_pyfunc_model as set_pyfunc_model,
)
from .registry import (
    CHAMPION as CHAMPION,
    champion_version as champion_version,
    check_registration as check_registration,
    load_registered as load_registered,
    set_champion as set_champion,
    version_tags as version_tags,
    write_verdict as write_verdict,
)
from .runs import (
    EXPERIMENT as EXPERIMENT,
    TrainingRun as TrainingRun,
    log_evaluation as log_evaluation,
    log_scores as log_scores,
    log_training as log_training,
    training_run as training_run,
)
from .session import (
    check_store as check_store,
    store as store,
)
