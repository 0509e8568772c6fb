"""What the model is measured beside, each on the same rows, weights and patients."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from bench_model_worlds import Rows
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from xgboost import XGBClassifier

from riskmodel.arrays import logit
from riskmodel.features import Stage, load_catalogue
from riskmodel.models import RidgeLogistic, RiskClassifier, priors
from riskmodel.models.learning.columns import learn_scale
from riskmodel.models.learning.folds import deal_folds, patient_codes
from riskmodel.models.learning.shrinkage import log_loss

Fit = Callable[[Rows, pd.DataFrame], np.ndarray]
"""Training rows and unseen features to log-odds."""

OURS, BASE_RATE = "riskmodel", "base rate"
FOLDS = 3
STRENGTHS = tuple(float(c) for c in np.logspace(-3, 0.5, 6))


def ours(stage: Stage) -> Fit:
    known = priors(load_catalogue().for_model().stage(stage))

    def fit(rows: Rows, unseen: pd.DataFrame) -> np.ndarray:
        model = RiskClassifier(**known).fit(rows.X, rows.y, rows.weight, rows.patient)
        return model.decision_function(unseen)

    return fit


def base_rate(rows: Rows, unseen: pd.DataFrame) -> np.ndarray:
    return np.full(len(unseen), float(logit(float(np.average(rows.y, weights=rows.weight)))))


def ridge(rows: Rows, unseen: pd.DataFrame) -> np.ndarray:
    fitted = RidgeLogistic().fit(rows.X, rows.y, rows.weight, rows.patient)
    return np.asarray(fitted.decision_function(unseen))


def elastic_net(rows: Rows, unseen: pd.DataFrame) -> np.ndarray:
    """Half lasso, half ridge; strength by cross-validated log-loss."""
    people = patient_codes(rows.patient, len(rows.y))
    fold = deal_folds(rows.y, people, FOLDS, np.random.default_rng(0))
    values = rows.X.to_numpy()
    weight = rows.weight * len(np.unique(people)) / rows.weight.sum()

    def fit(inside: np.ndarray, strength: float, X: np.ndarray) -> np.ndarray:
        scale = learn_scale(values[inside], weight[inside])
        model = LogisticRegression(
            C=strength, l1_ratio=0.5, solver="saga", max_iter=200, tol=1e-3, random_state=0
        )
        model.fit(scale.standardise(values[inside]), rows.y[inside], weight[inside])
        return np.asarray(model.decision_function(scale.standardise(X)))

    losses = []
    for strength in STRENGTHS:
        loss = 0.0
        for number in range(FOLDS):
            out = fold == number
            found = fit(~out, strength, values[out])
            loss += log_loss(rows.y[out], found, weight[out])
        losses.append(loss)
    best = STRENGTHS[int(np.argmin(losses))]
    return fit(np.ones(len(values), dtype=bool), best, unseen.to_numpy())


def boosted(make: Callable[[], Any]) -> Fit:
    """A gradient boosting library through its scikit-learn interface."""

    def fit(rows: Rows, unseen: pd.DataFrame) -> np.ndarray:
        weight = rows.weight / rows.weight.mean()
        X, new = rows.X.to_numpy(), unseen.to_numpy()
        model = make()
        if isinstance(model, HistGradientBoostingClassifier):
            # scikit-learn 1.9 fails on a column without two values; such a column tells nothing.
            told = [len(np.unique(column[~np.isnan(column)])) > 1 for column in X.T]
            X, new = X[:, told], new[:, told]
        model.fit(X, rows.y, sample_weight=weight)
        risk = model.predict_proba(new)[:, 1].astype(np.float64)
        return np.asarray(logit(np.clip(risk, 1e-7, 1 - 1e-7)))

    return fit


def tuned_xgboost(rows: Rows, unseen: pd.DataFrame, trials: int = 30) -> np.ndarray:
    """XGBoost whose settings Optuna chooses by cross-validated log-loss."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    people = patient_codes(rows.patient, len(rows.y))
    fold = deal_folds(rows.y, people, FOLDS, np.random.default_rng(0))

    def settings(trial: Any) -> dict[str, Any]:
        return {
            "max_depth": trial.suggest_int("max_depth", 1, 6),
            "n_estimators": trial.suggest_int("n_estimators", 20, 400, log=True),
            "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.3, log=True),
            "reg_lambda": trial.suggest_float("reg_lambda", 0.1, 100.0, log=True),
            "min_child_weight": trial.suggest_float("min_child_weight", 0.1, 20.0, log=True),
            "subsample": trial.suggest_float("subsample", 0.4, 1.0),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.1, 1.0),
        }

    def loss(trial: Any) -> float:
        chosen, total = settings(trial), 0.0
        for number in range(FOLDS):
            out = fold == number
            fit = boosted(lambda: XGBClassifier(**chosen, n_jobs=1, random_state=0))
            found = fit(rows.take(~out), rows.X.loc[out])
            total += log_loss(rows.y[out], found, rows.weight[out])
        return total

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(loss, n_trials=trials)
    best = study.best_params
    return boosted(lambda: XGBClassifier(**best, n_jobs=1, random_state=0))(rows, unseen)


def ebm() -> Any:
    from interpret.glassbox import ExplainableBoostingClassifier

    return ExplainableBoostingClassifier(n_jobs=1, random_state=0)


def contenders(stage: Stage, full: bool) -> Mapping[str, Fit]:
    """The base rate, the model and its peers, by name."""
    regularised = {
        "max_depth": 2, "n_estimators": 150, "learning_rate": 0.05, "reg_lambda": 20.0,
        "subsample": 0.7, "colsample_bynode": 0.3,
    }  # fmt: skip
    quiet = {"verbose": False, "allow_writing_files": False, "thread_count": 1, "random_seed": 0}
    found = {
        BASE_RATE: base_rate,
        OURS: ours(stage),
        "ridge": ridge,
        "elastic net": elastic_net,
        "XGBoost": boosted(lambda: XGBClassifier(n_jobs=1, random_state=0)),
        "XGBoost, regularised": boosted(
            lambda: XGBClassifier(**regularised, n_jobs=1, random_state=0)
        ),
        "LightGBM": boosted(lambda: LGBMClassifier(n_jobs=1, random_state=0, verbose=-1)),
        "CatBoost": boosted(lambda: CatBoostClassifier(**quiet)),
        "HistGradientBoosting": boosted(lambda: HistGradientBoostingClassifier(random_state=0)),
    }
    if full:
        found |= {"EBM": boosted(ebm), "XGBoost, tuned": tuned_xgboost}
    return found


def large_sample(rows: Rows, unseen: pd.DataFrame) -> np.ndarray:
    """Mean log-odds of a logistic and a boosted model of very many patients."""
    scale = learn_scale(rows.X.to_numpy(), rows.weight)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        linear = LogisticRegression(C=1.0, solver="newton-cholesky", max_iter=100)
        linear.fit(scale.standardise(rows.X.to_numpy()), rows.y, rows.weight)
    straight = linear.decision_function(scale.standardise(unseen.to_numpy()))
    curved = boosted(
        lambda: HistGradientBoostingClassifier(
            max_iter=150, learning_rate=0.08, max_leaf_nodes=8, l2_regularization=10.0,
            min_samples_leaf=100, random_state=0,
        )
    )(rows, unseen)  # fmt: skip
    return np.asarray(0.5 * (straight + curved))
