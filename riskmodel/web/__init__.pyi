from .serve import (
    Settings as Settings,
    serve as serve,
)
