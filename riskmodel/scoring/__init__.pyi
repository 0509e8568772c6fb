from .batch.run import (
    Batch as Batch,
    score_batch as score_batch,
)
from .find import (
    find_model as find_model,
    load_model as load_model,
    model_folder as model_folder,
    shipped_models as shipped_models,
)
from .findings import (
    BaseRateOnly as BaseRateOnly,
    CannotBeTold as CannotBeTold,
    CriteriaMet as CriteriaMet,
    Finding as Finding,
    Findings as Findings,
    MayBeMet as MayBeMet,
    MissingInputs as MissingInputs,
    NearlyMet as NearlyMet,
    NoSignal as NoSignal,
    NotTrainedOn as NotTrainedOn,
    OutOfScope as OutOfScope,
    OutsideRange as OutsideRange,
)
from .scope import (
    check_stage as check_stage,
    known_onset as known_onset,
    out_of_scope as out_of_scope,
    scope_finding as scope_finding,
)
from .score import (
    Scored as Scored,
    model_catalogue as model_catalogue,
    score as score,
    scored as scored,
    scored_at as scored_at,
)
from .score_table import (
    note_of as note_of,
    rejected_rows as rejected_rows,
)
from .spark.engine import (
    score_spark as score_spark,
)
from .writers import (
    FORMATS as FORMATS,
)
from .writers.fhir import (
    fhir_resources as fhir_resources,
)
from .writers.formats import (
    INFUSION as INFUSION,
)
