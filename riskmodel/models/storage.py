"""A trained model as a folder of native XGBoost files and one JSON: checked, without pickle."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb
from scipy.special import ndtri

from riskmodel.errors import SchemaError
from riskmodel.files import check_output_folder, replacing
from riskmodel.models.card import ModelCard
from riskmodel.models.earlier import Earlier
from riskmodel.models.estimator import RiskClassifier
from riskmodel.models.imputation import LEVELS, Plausible
from riskmodel.models.learning.columns import Scale
from riskmodel.models.risk_model import RiskModel
from riskmodel.models.tree_shap import pack

FORMAT = 2
"""Version of the folder's layout. A reader refuses a newer one. Format 1 holds no quantiles and
correlations of the features: they are then taken as independent and normal."""

MODEL_FILE = "model.json"

_NUMBERS = re.compile(r"\[\n[-+.\w\s,]*\]")

_ABOUT = [f.name for f in fields(RiskModel) if f.name != "classifier"]


def save_model(model: RiskModel, folder: Path | str) -> None:
    """Write a model folder, complete or not at all.

    An existing model folder of this name is replaced.

    Raises
    ------
    SchemaError
        When `folder` holds something that is not a model, or the metadata holds what JSON cannot.
    """
    folder = Path(folder)
    check_output_folder(folder, MODEL_FILE)
    boosters = {
        _tree_file(member, draw): bytes(booster.save_raw("ubj"))
        for member, draws in enumerate(model.classifier.bag_)
        for draw, booster in enumerate(draws)
    }
    body = {
        "about": {key: getattr(model, key) for key in _ABOUT}
        | {"card": model.card.as_dict()}
        | {"earlier": None if model.earlier is None else model.earlier.model_dump()},
        "classifier": _classifier_state(model.classifier),
        "trees": {name: hashlib.sha256(raw).hexdigest() for name, raw in boosters.items()},
    }
    text = _json(body, f"Model '{model.name}'")
    # The hash is taken of what a reader will see, after tuples became lists.
    digest = _digest(json.loads(text))
    with replacing(folder) as temporary:
        temporary.mkdir()
        for name, raw in boosters.items():
            (temporary / name).write_bytes(raw)
        whole = _json({"format": FORMAT, "sha256": digest, **json.loads(text)}, "Model")
        (temporary / MODEL_FILE).write_text(whole + "\n", encoding="utf-8")


def load_model(folder: Path | str) -> RiskModel:
    """Read a model folder; its predictions are those of the model that was saved, to the last bit.

    Raises
    ------
    SchemaError
        When the folder or a file of it is missing, truncated, changed since it was written, or
        of a newer format.
    """
    folder = Path(folder)
    content = _read(folder)
    trees = content["trees"]
    raw = {name: _checked_bytes(folder, name, digest) for name, digest in trees.items()}
    try:
        classifier = _classifier(content["classifier"], raw)
        about = dict(content["about"])
        about["ranges"] = {name: (low, high) for name, (low, high) in about["ranges"].items()}
        about["card"] = ModelCard.model_validate(about.get("card", {}))
        earlier = about.get("earlier")
        about["earlier"] = None if earlier is None else Earlier.model_validate(earlier)
        _check_shapes(classifier)
        return RiskModel(classifier=classifier, **about)
    except (LookupError, TypeError, ValueError, AttributeError, xgb.core.XGBoostError) as error:
        raise SchemaError(
            f"Model folder '{folder}' does not hold a complete model ({type(error).__name__}). "
            "Copy the folder again, or train again."
        ) from None


def _read(folder: Path) -> dict[str, Any]:
    path = folder / MODEL_FILE
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"), parse_constant=_not_finite)
    except (FileNotFoundError, NotADirectoryError):
        raise SchemaError(
            f"'{folder}' is not a model folder: it holds no {MODEL_FILE}. Name a folder that "
            "'riskmodel train' wrote."
        ) from None
    except (ValueError, RecursionError):
        raise SchemaError(
            f"'{path}' is truncated or not JSON. Copy the model folder again."
        ) from None
    written_format = content.get("format") if isinstance(content, dict) else None
    if type(written_format) is not int or written_format < 1:
        raise SchemaError(f"'{path}' names no format. It is not a model of riskmodel.")
    if content["format"] > FORMAT:
        raise SchemaError(
            f"'{path}' has format {content['format']}. This version reads up to {FORMAT}. "
            "Install a newer riskmodel."
        )
    written = content.pop("sha256", None)
    del content["format"]
    if written != _digest(content) or set(content) != {"about", "classifier", "trees"}:
        raise SchemaError(
            f"'{path}' was changed after it was written: its checksum does not fit. "
            "Copy the model folder again."
        )
    found: dict[str, Any] = content
    return found


def _not_finite(text: str) -> float:
    raise ValueError(f"{text} is not a finite number")


def _check_shapes(model: RiskClassifier) -> None:
    """Raise ValueError unless every stored array fits the features."""
    p = len(model.names_)
    scale = model.scale_
    plausible = model.plausible_
    columns = (model.linear_coef_, model.spread_, scale.reference, scale.spread, scale.known)
    tables = ((plausible.quantiles, (p, len(LEVELS))), (plausible.correlation, (p, p)))
    if (
        any(column.shape != (p,) for column in (*columns, plausible.two_valued))
        or any(table.shape != shape for table, shape in tables)
        or model.bag_coef_.shape[1:] != (p + 1,)
    ):
        raise ValueError("arrays of another length than the features")


def _checked_bytes(folder: Path, name: str, digest: str) -> bytes:
    try:
        raw = (folder / name).read_bytes()
    except FileNotFoundError:
        raise SchemaError(
            f"Model folder '{folder}' lacks the file '{name}'. Copy the model folder again."
        ) from None
    if hashlib.sha256(raw).hexdigest() != digest:
        raise SchemaError(
            f"File '{name}' in model folder '{folder}' is truncated or was changed: its checksum "
            "does not fit. Copy the model folder again."
        )
    return raw


def _tree_file(member: int, draw: int) -> str:
    return f"trees-{member}-{draw:02d}.ubj"


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _json(content: Mapping[str, Any], owner: str) -> str:
    try:
        text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise SchemaError(
            f"{owner} holds what JSON cannot ({error}). Use text, finite numbers, lists and "
            "mappings only."
        ) from None
    # Numbers of a list share a line: a third of the bytes, and easier to compare.
    return _NUMBERS.sub(lambda found: "".join(found.group().split()), text)


def _classifier_state(model: RiskClassifier) -> dict[str, Any]:
    parameters = model.get_params(deep=False)
    del parameters["n_jobs"]
    a, b = model.calibration_
    return {
        "parameters": {key: _plain(value) for key, value in parameters.items()},
        "names": list(model.names_),
        "named": hasattr(model, "feature_names_in_"),
        "classes": model.classes_.tolist(),
        "members": model.weights_.index.tolist(),
        "weights": model.weights_.tolist(),
        "calibration": [a, b],
        "slope_sd": model.slope_sd_,
        "between": model.between_,
        "signal": model.signal_,
        "overruled": model.overruled_,
        "scale": {key: value.tolist() for key, value in asdict(model.scale_).items()},
        "intercept": model.linear_intercept_,
        "coefficients": model.linear_coef_.tolist(),
        "bag_coefficients": model.bag_coef_.tolist(),
        "bag_weights": model.bag_weights_,
        "spread": model.spread_.tolist(),
        "plausible": _plausible_state(model.plausible_),
        "patients": model.n_patients_,
        "events": model.n_events_,
        "folds": model.n_folds_,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, float) and not math.isfinite(value):
        raise SchemaError(f"A parameter of the classifier is {value}; it must be finite.")
    return value


def _classifier(state: Mapping[str, Any], raw: Mapping[str, bytes]) -> RiskClassifier:
    parameters = dict(state["parameters"])
    if parameters["evidence"] is not None:
        parameters["evidence"] = {k: tuple(v) for k, v in parameters["evidence"].items()}
    for key in ("evidence_strengths", "zero_strengths", "clock", "severity"):
        if parameters.get(key) is not None:
            parameters[key] = tuple(parameters[key])
    model = RiskClassifier(**parameters)
    names = list(state["names"])
    model.names_ = names
    model.n_features_in_ = len(names)
    if state["named"]:
        model.feature_names_in_ = np.array(names, dtype=object)
    model.classes_ = np.array(state["classes"])
    model.weights_ = pd.Series(state["weights"], index=state["members"], dtype=np.float64)
    model.calibration_ = (state["calibration"][0], state["calibration"][1])
    model.slope_sd_, model.between_ = state.get("slope_sd", 0.0), state.get("between", 0.0)
    model.signal_ = state.get("signal", 1.0)
    # An older model held its directions nowhere but in one tree member.
    model.overruled_ = state.get("overruled", True)
    scale = state["scale"]
    model.scale_ = Scale(
        np.array(scale["reference"], dtype=np.float64),
        np.array(scale["spread"], dtype=np.float64),
        np.array(scale["known"], dtype=np.bool_),
        np.array(scale["varied"], dtype=np.bool_),
        np.array(scale.get("clock", []), dtype=np.int64),
        np.array(scale.get("drift", []), dtype=np.float64).reshape(
            len(names) if scale.get("clock") else 0, -1 if scale.get("clock") else 0
        ),
    )
    model.linear_intercept_ = state["intercept"]
    model.linear_coef_ = np.array(state["coefficients"], dtype=np.float64)
    model.bag_coef_ = np.array(state["bag_coefficients"], dtype=np.float64)
    model.bag_weights_ = list(state["bag_weights"])
    model.spread_ = np.array(state["spread"], dtype=np.float64)
    model.plausible_ = _plausible(state.get("plausible"), model.scale_)
    model.n_patients_, model.n_events_ = state["patients"], state["events"]
    model.n_folds_ = state["folds"]
    model.bag_ = [
        [_booster(raw[_tree_file(member, draw)]) for draw in range(model.n_bags)]
        for member in range(len(model.bag_weights_))
    ]
    model.forest_ = pack(model.bag_, model.bag_weights_, len(names), model.n_bags)
    return model


def _plausible_state(plausible: Plausible) -> dict[str, Any]:
    """As JSON, which has no NaN: quantiles of features that have none are null.

    Of the correlations those above the diagonal, row by row.
    """
    known = plausible.known
    return {
        "quantiles": [
            row if kept else None
            for row, kept in zip(plausible.quantiles.tolist(), known.tolist(), strict=True)
        ],
        "two_valued": plausible.two_valued.tolist(),
        "correlation": plausible.correlation[np.triu_indices(len(known), 1)].tolist(),
    }


def _plausible(state: Mapping[str, Any] | None, scale: Scale) -> Plausible:
    p = len(scale.reference)
    if state is None:
        normal = scale.reference[:, None] + scale.spread[:, None] * ndtri(LEVELS)
        normal[~(scale.known & scale.varied)] = np.nan
        return Plausible(normal, np.zeros(p, dtype=np.bool_), np.eye(p))
    nothing = [math.nan] * len(LEVELS)
    quantiles = [nothing if row is None else row for row in state["quantiles"]]
    correlation = np.zeros((p, p))
    correlation[np.triu_indices(p, 1)] = state["correlation"]
    return Plausible(
        np.array(quantiles, dtype=np.float64),
        np.array(state["two_valued"], dtype=np.bool_),
        correlation + correlation.T + np.eye(p),
    )


def _booster(raw: bytes) -> xgb.Booster:
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(raw))
    return booster
