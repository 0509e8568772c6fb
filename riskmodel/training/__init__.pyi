from .design import (
    Design as Design,
    load_design as load_design,
)
from .promote import (
    promote as promote,
    rollback as rollback,
)
from .rows import (
    training_examples as training_examples,
)
from .run import (
    TrainingResult as TrainingResult,
    train as train,
)
