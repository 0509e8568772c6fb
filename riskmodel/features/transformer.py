"""The features as a scikit-learn transformer."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.criteria import DEFAULT_DEFINITION, DEFAULT_RULE
from riskmodel.errors import SchemaError
from riskmodel.features.catalogue import Catalogue, load_catalogue
from riskmodel.features.feature import Stage
from riskmodel.features.matrix import matrix, prediction_hours
from riskmodel.features.records import Records


class FeatureBuilder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Build the feature matrix of a cohort at one prediction time.

    It learns nothing from a cohort, so transforming before cross-validation leaks nothing. What is
    transformed is a Cohort or the folder of one, never an array; one patient is one row.

    Parameters
    ----------
    prediction_time : str
        ``pre-infusion`` or ``day-1`` to ``day-29``. Records after it change nothing.
    catalogue : Catalogue, Path or str, optional
        Its features of the stage, in its order; a path is that of a TOML file. By default the
        features of the shipped catalogue that models get.
    definition, cytopenia_rule : str
        The definition whose signs the criteria-derived features read.

    Notes
    -----
    A cohort is no array, so scikit-learn's checks that hand over arrays do not apply; its tags say
    so. Its patients are the rows that `cross_val_score`, `GridSearchCV` and the like split.

    Examples
    --------
    >>> from pathlib import Path
    >>> from riskmodel import cohort
    >>> case = cohort.read_cohort(Path(cohort.__file__).parent / "published_case")
    >>> early = FeatureBuilder(prediction_time="day-9").fit_transform(case)
    >>> early[["ferritin_last_log10", "crs_grade"]].round(2).to_numpy().tolist()
    [[5.34, 3.0]]
    """

    def __init__(
        self,
        prediction_time: str = "pre-infusion",
        catalogue: Catalogue | Path | str | None = None,
        definition: str = DEFAULT_DEFINITION,
        cytopenia_rule: str = DEFAULT_RULE,
    ) -> None:
        self.prediction_time = prediction_time
        self.catalogue = catalogue
        self.definition = definition
        self.cytopenia_rule = cytopenia_rule

    def fit(self, X: Cohort | Path | str, y: Any = None) -> Self:
        """Check the parameters and that `X` is a cohort; learn nothing.

        Raises
        ------
        SchemaError
            When the prediction time or the catalogue is wrong, or `X` is no cohort.
        """
        self._chosen()
        _cohort(X)
        return self

    def transform(self, X: Cohort | Path | str) -> pd.DataFrame:
        """Features of every patient.

        Parameters
        ----------
        X : Cohort, Path or str
            A cohort, or its folder; a folder's rejected rows are left out (see `read_cohort`).

        Returns
        -------
        DataFrame of shape (patients, features)
            float64, NaN where unknown, indexed by ``patient_id`` in the order of the cohort.

        Raises
        ------
        SchemaError
            As for `fit`.
        """
        catalogue, hours = self._chosen()
        cohort = _cohort(X)
        records = Records(cohort.until(hours), self.definition, self.cytopenia_rule)
        built = matrix(records, catalogue, hours)
        return built.set_index("patient_id")[catalogue.names]

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Names of the columns; `input_features` is ignored, a cohort has none."""
        return np.asarray(self._chosen()[0].names, dtype=object)

    def _chosen(self) -> tuple[Catalogue, float]:
        """The features to build, and the hours of the prediction time."""
        hours = prediction_hours(str(self.prediction_time))
        stage: Stage = "early" if hours > 0 else "pre_infusion"
        if self.catalogue is None:
            return load_catalogue().stage(stage).for_model(), hours
        given = self.catalogue
        catalogue = given if isinstance(given, Catalogue) else load_catalogue(Path(given))
        return catalogue.stage(stage), hours

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        return tags


def _cohort(found: object) -> Cohort:
    if isinstance(found, Cohort):
        return found
    if isinstance(found, (str, Path)):
        return read_cohort(Path(found))
    raise SchemaError(
        f"FeatureBuilder was given a {type(found).__name__}. It takes a Cohort or the folder of "
        "one; read yours with riskmodel.read_cohort."
    )
