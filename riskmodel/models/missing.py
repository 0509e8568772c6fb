"""What is missing: how far it could move a risk, and which test would narrow that most."""

from collections.abc import Container

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags, Floats, expit
from riskmodel.models.risk_model import RiskModel, model_catalogue, numeric_features

DRAWS = 200
"""Plausible versions of a patient. The range moves by a few percent of its width with the draw."""

RANGE = (10.0, 90.0)
"""Percentiles of the risk over the plausible versions: the range that is shown."""

_SEED = 20240614
_AT_ONCE = 50


def missing_range(
    model: RiskModel, X: pd.DataFrame, askable: Container[str] | None = None
) -> pd.DataFrame:
    """Range of each risk over plausible values of its missing inputs, and the test to ask for.

    Plausible is what the training patients with such known inputs have: each missing feature
    between its 5th and 95th percentile, together with the others as in training. The same rows
    give the same answer, alone or among others.

    Parameters
    ----------
    model : RiskModel
    X : DataFrame of shape (n, any)
        Feature columns; absent ones count as unknown.
    askable : container of str, optional
        Features that a test asked for now would fill; all by default. The range is over everything
        that is missing, the advice over these.

    Returns
    -------
    DataFrame of shape (n, 6), indexed as X
        ``n_missing``;
        ``risk_if_low, risk_if_high``, 10th and 90th percentile of the risk over the plausible
        values, never without the risk itself; both the risk where nothing is missing;
        ``most_useful_feature``, of the missing features the one whose value would narrow the
        range most, what it tells of the others included, or empty;
        ``most_useful_test``, the analyte, patient column or event it comes from, or its own name
        where the catalogue names none; a test fills all its features at once;
        ``narrowing``, the share of the variance of the log-odds that this test would remove,
        0 to 1.
    """
    rows = numeric_features(model, X)
    values = rows.to_numpy(np.float64)
    tests = tests_of(model)
    fills = np.array([askable is None or name in askable for name in model.features], dtype=bool)
    noise = np.random.default_rng(_SEED).standard_normal((DRAWS // 2, len(tests)))
    noise = np.concatenate([noise, -noise])
    found = []
    for start in range(0, len(values), _AT_ONCE):
        part = values[start : start + _AT_ONCE]
        drawn = [model.classifier.plausible_.draw(row, noise) for row in part]
        everything = pd.DataFrame(np.concatenate([part, *drawn]), columns=model.features)
        log_odds = model.classifier.decision_function(everything)
        for k, row in enumerate(part):
            versions = log_odds[len(part) + k * DRAWS :][:DRAWS]
            found.append(
                _described(row, drawn[k], float(log_odds[k]), versions, tests, fills, model)
            )
    columns = [
        "n_missing", "risk_if_low", "risk_if_high",
        "most_useful_feature", "most_useful_test", "narrowing",
    ]  # fmt: skip
    return pd.DataFrame(found, columns=columns, index=X.index)


def _described(
    row: Floats,
    drawn: Floats,
    own: float,
    versions: Floats,
    tests: list[str],
    fills: Flags,
    model: RiskModel,
) -> tuple[int, float, float, str, str, float]:
    missing = np.isnan(row)
    low, high = np.percentile(versions, RANGE)
    low, high = min(float(low), own), max(float(high), own)
    ends = expit(np.array([low, high]))
    asked = np.flatnonzero(missing & fills & ~np.isnan(drawn[0]))
    asked = asked[np.ptp(drawn[:, asked], axis=0) > 0]
    nothing = (int(missing.sum()), float(ends[0]), float(ends[1]), "", "", 0.0)
    if not len(asked) or np.ptp(versions) < 1e-12:
        return nothing
    told = {
        test: _told(drawn[:, [j for j in asked if tests[j] == test]], versions)
        for test in dict.fromkeys(tests[j] for j in asked)
    }
    best = max(told, key=lambda test: told[test])
    single = {j: _told(drawn[:, [j]], versions) for j in asked.tolist() if tests[j] == best}
    feature = model.features[max(single, key=lambda j: single[j])]
    return (*nothing[:3], feature, best, told[best])


def _told(columns: Floats, versions: Floats) -> float:
    """Adjusted share of the variance of the log-odds that these columns explain, 0 to 1."""
    centred = columns - columns.mean(axis=0)
    centred = centred / centred.std(axis=0)
    target = versions - versions.mean()
    fitted = centred @ np.linalg.lstsq(centred, target, rcond=1e-8)[0]
    left = float(((target - fitted) ** 2).sum() / (target**2).sum())
    n, k = columns.shape
    return float(np.clip(1.0 - left * (n - 1) / max(n - k - 1, 1), 0.0, 1.0))


def tests_of(model: RiskModel) -> list[str]:
    """The test that each feature of the model comes from, in order of its features.

    That is the analyte, patient column or event that the catalogue names for it, or the feature's
    own name. Models without a stored catalogue text have one test a feature.
    """
    if "text" not in model.catalogue:
        return list(model.features)
    return [feature.of or feature.name for feature in model_catalogue(model)]
