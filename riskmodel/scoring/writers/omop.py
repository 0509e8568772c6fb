"""OMOP CDM 5.4 observations: a score as rows of the OBSERVATION table."""

import hashlib

import numpy as np
import pandas as pd

from riskmodel import RESEARCH_USE
from riskmodel.scoring.score_table import GRADE, graded
from riskmodel.scoring.writers.meds import prediction_times
from riskmodel.scoring.writers.subjects import subject_ids

NO_CONCEPT = 0
"""OMOP's concept of what has no standard concept: this risk has none. The concepts of unit and
provenance are left at it too; what they would say stands in the source values."""

SOURCE = "riskmodel IEC-HS{graded} before day {horizon:g}: {quantity}"
_QUANTITIES = ("risk", "risk_low", "risk_high")


def omop_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of OBSERVATION: risk and both ends of its interval, or the status without a risk.

    Parameters
    ----------
    rows : DataFrame
        Score rows with ``__infusion_time``; rows without one have no place here, as
        ``observation_date`` must be filled.

    Returns
    -------
    DataFrame
        The columns of OBSERVATION in their order. ``observation_id`` follows from patient, time,
        model and quantity; ``value_as_string`` is the risk group or the status and its reason,
        ``qualifier_source_value`` the stage, ``value_source_value`` the model.

    References
    ----------
    OMOP CDM 5.4, table OBSERVATION.
    """
    dated = rows[rows["__infusion_time"].notna() & rows["prediction_time_hours"].notna()]
    dated = dated.reset_index(drop=True)
    scored = dated["risk"].notna().to_numpy(dtype=bool)
    parts = [
        _observations(dated[~scored if quantity == "status" else scored], quantity)
        for quantity in (*_QUANTITIES, "status")
    ]
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)


def _observations(rows: pd.DataFrame, quantity: str) -> pd.DataFrame:
    at, rows = rows.index, rows.reset_index(drop=True)
    n = len(rows)
    when = prediction_times(rows)
    group = rows["risk_group"].where(rows["risk_group"] != "", "group cannot be told")
    said = rows["status"] + ": " + rows["reason"] if quantity == "status" else group
    number = np.full(n, np.nan) if quantity == "status" else rows[quantity].to_numpy(np.float64)
    empty = pd.Series(pd.NA, index=range(n), dtype="Int64")
    horizon = rows["horizon_days"].fillna(0.0)
    source = [
        SOURCE.format(horizon=h, quantity=quantity, graded=graded(grade))
        for h, grade in zip(horizon, rows.get(GRADE, empty), strict=True)
    ]
    model = rows["model_name"] + " " + rows["model_version"] + ", " + RESEARCH_USE
    return pd.DataFrame(
        {
            "observation_id": _numbers(rows, quantity),
            "person_id": subject_ids(rows["patient_id"]),
            "observation_concept_id": _none(n),
            "observation_date": when.dt.strftime("%Y-%m-%d").astype("str"),
            "observation_datetime": when,
            "observation_type_concept_id": _none(n),
            "value_as_number": number,
            "value_as_string": said.astype("str"),
            "value_as_concept_id": _none(n),
            "qualifier_concept_id": _none(n),
            "unit_concept_id": _none(n),
            "provider_id": empty,
            "visit_occurrence_id": empty,
            "visit_detail_id": empty,
            "observation_source_value": pd.Series(source, index=range(n), dtype="str"),
            "observation_source_concept_id": _none(n),
            "unit_source_value": pd.Series("probability", index=range(n), dtype="str"),
            "qualifier_source_value": rows["stage"].astype("str"),
            "value_source_value": model.astype("str"),
            "observation_event_id": empty,
            "obs_event_field_concept_id": empty,
        }
    ).set_axis(at, axis="index")


def _none(n: int) -> pd.Series:
    return pd.Series(np.full(n, NO_CONCEPT, dtype=np.int64))


def _numbers(rows: pd.DataFrame, quantity: str) -> pd.Series:
    """A positive number of each row that is the same in every run."""
    keys = zip(
        rows["patient_id"],
        rows["prediction_time_hours"],
        rows["model_name"],
        rows["model_version"],
        strict=True,
    )
    found = [
        int.from_bytes(hashlib.sha256(repr((*key, quantity)).encode()).digest()[:8], "big") >> 1
        for key in keys
    ]
    return pd.Series(found, index=range(len(rows)), dtype="int64")
