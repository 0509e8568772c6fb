"""MEDS predictions: what the meds-evaluation package reads."""

import numpy as np
import pandas as pd

from riskmodel.scoring.writers.subjects import subject_ids

_EVENT = ["event"]
_NO_EVENT = ["no_event", "competing"]
HIGH = "high"
"""Risk group that counts as a predicted event."""


def meds_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Predictions whose outcome is known, in the types of the MEDS prediction schema.

    The schema allows no empty label, and a label that is not known yet is no "no event": such
    predictions are `unlabelled_rows`.

    Parameters
    ----------
    rows : DataFrame
        Score rows with ``__infusion_time`` and ``__outcome``. Rows without a risk or without an
        infusion time have no place here.

    Returns
    -------
    DataFrame
        ``subject_id`` (int64), ``prediction_time`` (timestamp, microseconds), ``boolean_value``
        (whether the onset came before the horizon by the model's own label),
        ``predicted_boolean_value`` (whether the risk group is high) and
        ``predicted_boolean_probability`` (float32, as the schema has it).

    References
    ----------
    MEDS 0.4 ``LabelSchema``; meds-evaluation 0.0.6 ``PredictionSchema``.
    """
    kept = rows[rows["__outcome"].isin(_EVENT + _NO_EVENT)]
    found = _predictions(kept)
    event = _usable(kept)["__outcome"].isin(_EVENT).to_numpy(dtype=bool)
    found.insert(2, "boolean_value", event)
    return found


def unlabelled_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Predictions whose outcome is not known: the columns of `meds_rows` but ``boolean_value``."""
    return _predictions(rows[~rows["__outcome"].isin(_EVENT + _NO_EVENT)])


def _usable(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["risk"].notna() & rows["__infusion_time"].notna()].reset_index(drop=True)


def _predictions(rows: pd.DataFrame) -> pd.DataFrame:
    kept = _usable(rows)
    return pd.DataFrame(
        {
            "subject_id": subject_ids(kept["patient_id"]),
            "prediction_time": prediction_times(kept),
            "predicted_boolean_value": (kept["risk_group"] == HIGH).to_numpy(dtype=bool),
            "predicted_boolean_probability": kept["risk"].to_numpy(np.float32),
        }
    )


def prediction_times(rows: pd.DataFrame) -> pd.Series:
    """Instant of each prediction, datetime64[us]: UTC where the cohort's times name a zone."""
    after = pd.to_timedelta(rows["prediction_time_hours"] * 3600, unit="s")
    times: pd.Series = (rows["__infusion_time"] + after).astype("datetime64[us]")
    return times
