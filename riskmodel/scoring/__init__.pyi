from .batch.run import (
    Batch as Batch,
    score_batch as score_batch,
)
from .find import (
    find_model as find_model,
    model_folder as model_folder,
    shipped_models as shipped_models,
)
from .score import (
    check_stage as check_stage,
    model_catalogue as model_catalogue,
    note_of as note_of,
    score as score,
    unlike_training as unlike_training,
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
