"""The models that a server holds, and the one way in which it asks them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from riskmodel.cohort import Cohort, cohort_of
from riskmodel.features import LAST_LANDMARK_DAY, prediction_hours
from riskmodel.models import RiskModel
from riskmodel.scoring import find_model, model_folder, score
from riskmodel.web.problems import ProblemError

_PICTURE = "calibration.svg"
_LARGEST_PICTURE = 2_000_000  # bytes


@dataclass(frozen=True)
class Engine:
    """Loaded models, in the order in which they were named.

    Attributes
    ----------
    models : tuple of RiskModel
    pictures : mapping of int to bytes
        The picture of the calibration that stands in a model's folder, by the model's place.
    """

    models: tuple[RiskModel, ...]
    pictures: Mapping[int, bytes] = field(default_factory=dict)

    def of_stage(self, stage: str) -> RiskModel | None:
        """The first model of a stage, None without one."""
        return next((model for model in self.models if model.stage == stage), None)

    def last_day(self, stage: str = "early") -> int:
        """Last day that the model of a stage answers for; the last of all without one."""
        model = self.of_stage(stage)
        return LAST_LANDMARK_DAY if model is None else model.last_day

    def fitting(self, at: str, name: str | None = None) -> RiskModel:
        """The model to ask at a prediction time.

        Raises
        ------
        ProblemError
            When none is loaded for it, or none of that name.
        """
        loaded = ", ".join(model.name for model in self.models)
        if name is not None:
            named = [model for model in self.models if model.name == name]
            if not named:
                said = f"No model of that name is loaded. Loaded: {loaded}."
                raise ProblemError(422, said, errors=[{"field": "model", "detail": said}])
            return named[0]
        stage = "pre_infusion" if prediction_hours(at) == 0 else "early"
        found = self.of_stage(stage)
        if found is None:
            said = f"No model of stage '{stage}' is loaded. Loaded: {loaded}."
            raise ProblemError(422, said, errors=[{"field": "at", "detail": said}])
        return found

    def scores(self, cohort: Cohort, at: str, model: RiskModel, *, explain: bool) -> pd.DataFrame:
        """`riskmodel.scoring.score`, the function behind ``riskmodel score``."""
        return score(cohort, model, at, explain=explain)


def load_engine(names: Sequence[str]) -> Engine:
    """Load models and score a patient once, so that the first request finds everything ready.

    Raises
    ------
    SchemaError
        When a model cannot be loaded.
    """
    pictures = {number: picture for number, name in enumerate(names) if (picture := _picture(name))}
    engine = Engine(tuple(find_model(name) for name in names), pictures)
    nobody = cohort_of([{"patient_id": "nobody"}])
    for model in engine.models:
        at = "pre-infusion" if model.stage == "pre_infusion" else "day-1"
        engine.scores(nobody, at, model, explain=True)
    return engine


def _picture(name: str) -> bytes | None:
    """The picture in a model's folder; None of a model that is no folder here, or has none."""
    folder = model_folder(name)
    path = folder / _PICTURE if folder is not None else None
    if path is None or not path.is_file() or path.stat().st_size > _LARGEST_PICTURE:
        return None
    return path.read_bytes()
