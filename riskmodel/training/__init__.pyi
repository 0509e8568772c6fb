from .design import (
    Design as Design,
    load_design as load_design,
)
from .promote import (
    promote as promote,
    rollback as rollback,
)
from .run import (
    TrainingResult as TrainingResult,
    train as train,
)
