"""Rows of clinical OMOP tables: when they happened, and what their codes mean."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort.times import parse_times


def moment(frame: pd.DataFrame, stem: str) -> pd.Series:
    """The ``_datetime`` of each row, else its ``_date``."""
    exact, day = frame[f"{stem}_datetime"], frame[f"{stem}_date"]
    found: pd.Series = exact.where(exact.notna(), day)
    return found


def meaning(
    frame: pd.DataFrame, stem: str, decide: Callable[[tuple[int, int], str], object]
) -> pd.Series:
    """What each row means, decided once for every combination of its codes."""
    columns = [f"{stem}_concept_id", f"{stem}_source_concept_id", f"{stem}_source_value"]
    seen = frame[columns].drop_duplicates()
    decided = {
        (standard, source, text): decide((int(standard), int(source)), text or "")
        for standard, source, text in seen.fillna("").itertuples(index=False, name=None)
    }
    keys = zip(*(frame[name].fillna("") for name in columns), strict=True)
    return pd.Series([decided[key] for key in keys], index=frame.index, dtype=object)


def hours_until(frame: pd.DataFrame, stem: str, chosen: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Hours from each row's patient's infusion, NaN where the time is missing."""
    zero = pd.Series(parse_times(chosen["infusion_time"])[0], index=chosen["patient_id"])
    zero = zero[~zero.index.duplicated()]
    at = parse_times(moment(frame, stem))[0]
    start = zero.reindex(frame["person_id"]).to_numpy("datetime64[us]")
    return np.asarray((at - start) / np.timedelta64(1, "h"), dtype=np.float64)
