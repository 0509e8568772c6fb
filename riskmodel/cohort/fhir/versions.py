"""Which version of a FHIR result counts."""

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags
from riskmodel.cohort.rejections import Rejections

_CORRECTING = ("amended", "corrected", "cancelled", "entered-in-error")
_DRAFT = ("preliminary", "registered")


def current(labs: pd.DataFrame, own: Rejections) -> Flags:
    """Which results no later version replaces.

    Parameters
    ----------
    labs : DataFrame of shape (n, any)
        ``patient_id, time, status``, ``key`` (of the resource's id) and ``other_key`` (of its
        identifiers), 0 where there is none, and ``stamp``, the age of the version.
    own : Rejections
        Gets the count of the others.

    Returns
    -------
    bool array of shape (n,)
    """
    if not any(labs.loc[labs[key] != 0, key].duplicated().any() for key in ("key", "other_key")):
        return np.ones(len(labs), dtype=bool)
    status = labs["status"].astype("str")
    rank = status.isin(_CORRECTING).astype("int8") - status.isin(_DRAFT).astype("int8")
    ordered = labs[["patient_id", "key", "other_key", "time", "stamp"]].assign(
        rank=rank, verified=rank >= 0
    )
    ordered = ordered.sort_values(["verified", "stamp", "rank"], kind="stable")
    named = ordered["key"] != 0
    replaced = ordered.duplicated(["patient_id", "key"], keep="last") & named
    ordered = ordered[~replaced]
    shared = ["patient_id", "other_key", "time"]
    corrected = ordered.duplicated(shared, keep="last") & (ordered["other_key"] != 0)
    if corrected.any():
        last = ordered.groupby(shared, observed=True)["rank"].transform("last")
        corrected &= last == 1
    gone = labs.index.isin(replaced.index[replaced]) | labs.index.isin(corrected.index[corrected])
    own.note("earlier versions of a result, replaced by the latest", "labs", int(gone.sum()))
    return np.asarray(~gone)
