"""MEDS predictions: what the meds-evaluation package reads."""

import numpy as np
import pandas as pd

from riskmodel.scoring.writers.subjects import subject_ids

HIGH = "high"
"""Risk group that counts as a predicted event."""


def meds_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Predictions of the scored patients in the types of the MEDS prediction schema.

    Parameters
    ----------
    rows : DataFrame
        Score rows with ``__infusion_time`` and ``__outcome``. Rows without a risk or without an
        infusion time have no place here.

    Returns
    -------
    DataFrame
        ``subject_id`` (int64), ``prediction_time`` (timestamp, microseconds), ``boolean_value``
        (whether the onset came before the horizon by the model's own label; null while that is
        not known), ``predicted_boolean_value`` (whether the risk group is high) and
        ``predicted_boolean_probability`` (float32, as the schema has it).

    References
    ----------
    MEDS 0.4 ``LabelSchema``; meds-evaluation 0.0.6 ``PredictionSchema``.
    """
    kept = rows[rows["risk"].notna() & rows["__infusion_time"].notna()].reset_index(drop=True)
    outcome = kept["__outcome"]
    known = pd.Series(pd.NA, index=kept.index, dtype="boolean")
    known[(outcome == "event").to_numpy(dtype=bool)] = True
    known[outcome.isin(("no_event", "competing")).to_numpy(dtype=bool)] = False
    return pd.DataFrame(
        {
            "subject_id": subject_ids(kept["patient_id"]),
            "prediction_time": prediction_times(kept),
            "boolean_value": known,
            "predicted_boolean_value": (kept["risk_group"] == HIGH).to_numpy(dtype=bool),
            "predicted_boolean_probability": kept["risk"].to_numpy(np.float32),
        }
    )


def prediction_times(rows: pd.DataFrame) -> pd.Series:
    """Instant of each prediction, datetime64[us]: UTC where the cohort's times name a zone."""
    after = pd.to_timedelta(rows["prediction_time_hours"] * 3600, unit="s")
    times: pd.Series = (rows["__infusion_time"] + after).astype("datetime64[us]")
    return times
