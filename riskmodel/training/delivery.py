"""Where a training run goes: a model folder, an evaluation, MLflow."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.errors import SchemaError
from riskmodel.evaluation import ABOUT_FILE, Evaluation, calibration_svg, write_evaluation
from riskmodel.files import check_output_folder, write_text
from riskmodel.models import MODEL_FILE, RiskModel, save_model
from riskmodel.training.card import CALIBRATION_FILE, card_as_file
from riskmodel.training.design import Design
from riskmodel.training.record import mean_contributions
from riskmodel.training.validation_run import main_figures

if TYPE_CHECKING:
    from riskmodel.tracking import TrainingRun

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Destinations:
    """What a run is asked to write.

    Attributes
    ----------
    model, evaluation : Path or None
        Folders.
    register : str or None
        Name in the registry.
    track : bool
        Whether the run is logged in MLflow.
    """

    model: Path | None
    evaluation: Path | None
    register: str | None
    track: bool

    @classmethod
    def of(
        cls,
        model: Path | str | None,
        evaluation: Path | str | None,
        register: str | None,
        track: bool,
    ) -> "Destinations":
        """From what a caller gave."""
        return cls(
            None if model is None else Path(model),
            None if evaluation is None else Path(evaluation),
            register,
            track,
        )

    def check(self, stage: str, *, force: bool = False) -> None:
        """Refuse, before any work, what could not be written at its end.

        `force` registers a stage under a name that holds the other.

        Raises
        ------
        SchemaError
        """
        if self.register is not None and not self.track:
            raise SchemaError("A model cannot be registered without tracking. Drop one of the two.")
        if self.model is not None:
            check_output_folder(self.model, MODEL_FILE)
        if self.evaluation is not None:
            check_output_folder(self.evaluation, ABOUT_FILE)
        if self.track:
            from riskmodel.tracking import check_registration, check_store

            check_store()
            if self.register is not None:
                check_registration(self.register, stage, force=force)

    @contextmanager
    def run(self, name: str) -> "Iterator[TrainingRun | None]":
        """The run in MLflow that lasts as long as the training; None where it is not tracked."""
        if not self.track:
            yield None
            return
        from riskmodel.tracking import training_run

        with training_run(name) as opened:
            yield opened

    def deliver(
        self,
        model: RiskModel,
        X: pd.DataFrame,
        plan: Design,
        evaluation: Evaluation,
        run: "TrainingRun | None",
        progress: Progress,
    ) -> str | None:
        """Write the folders and log the run.

        Parameters
        ----------
        model : RiskModel
        X : DataFrame
            The rows that it was fitted to: their mean contributions are logged.
        plan : Design
        evaluation : Evaluation
        run : TrainingRun or None
            Of `run`.
        progress : callable
            Told what is being done.

        Returns
        -------
        str or None
            The version in the registry, where it was registered.
        """
        if self.evaluation is not None:
            progress("write the evaluation")
            write_evaluation(evaluation, self.evaluation)
        if self.model is not None:
            progress("write the model folder")
            save_model(model, self.model)
            _write_card(model.card.text, evaluation, self.model)
        if run is None:
            return None
        progress("log and register in MLflow")
        with tempfile.TemporaryDirectory() as temporary:
            written = Path(temporary) / "evaluation"
            write_evaluation(evaluation, written)
            return run.log(
                model,
                plan.as_dict(),
                main_figures(evaluation),
                register_as=self.register,
                rows=X,
                folds=evaluation.tables["folds"],
                importance=mean_contributions(model.classifier, X),
                evaluation=written,
            )


def _write_card(card: str, evaluation: Evaluation, folder: Path) -> None:
    """The card beside the model, with its calibration picture where there is one."""
    picture = calibration_svg(evaluation)
    if picture is not None:
        write_text(folder / CALIBRATION_FILE, picture)
    write_text(folder / "model_card.md", card_as_file(card, picture is not None))
