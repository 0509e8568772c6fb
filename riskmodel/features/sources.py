"""What the composed features of each patient rest on: for people who check a figure."""

import pandas as pd

from riskmodel.arrays import Texts
from riskmodel.cohort import Cohort
from riskmodel.features.builders.burden import burden_and_source
from riskmodel.features.builders.published import SCORES, missing_items
from riskmodel.features.catalogue import Catalogue, load_catalogue
from riskmodel.features.records import Records


def feature_sources(
    cohort: Cohort | Records, prediction_time: float = 0.0, catalogue: Catalogue | None = None
) -> pd.DataFrame:
    """The measure behind each tumor burden, and what each published score misses.

    Parameters
    ----------
    cohort : Cohort or Records
    prediction_time : float
        Hours from the infusion; the scores of the early stage are left out at 0.
    catalogue : Catalogue, optional
        The shipped one by default.

    Returns
    -------
    DataFrame of n rows of str, in the order of the cohort
        ``patient_id``; ``tumor_burden_source``: ``marrow_blasts_percent``,
        ``metabolic_tumor_volume_ml``, ``sum_product_diameters_cm2``, ``m_protein_g_per_l``,
        ``tumor_burden`` (the centre's own call) or ``ldh``, empty where none is known or the
        catalogue has no such feature; then ``<score>_missing`` of each published score: the
        analytes or items without a usable result, joined by ``"; "``, empty where none is.

    Examples
    --------
    >>> from pathlib import Path
    >>> from riskmodel import cohort
    >>> case = Path(cohort.__file__).parent / "published_case"
    >>> feature_sources(cohort.read_cohort(case))["tumor_burden_source"].tolist()
    ['']
    """
    records = cohort if isinstance(cohort, Records) else Records(cohort)
    chosen = (catalogue or load_catalogue()).stage(
        "early" if prediction_time > 0 else "pre_infusion"
    )
    source: str | Texts = ""
    for feature in [f for f in chosen if f.builder == "tumor_burden"][:1]:
        source = burden_and_source(records, feature, prediction_time)[1]
    missing = {
        f"{f.name}_missing": missing_items(records, f, prediction_time)
        for f in chosen
        if f.builder in SCORES
    }
    columns = {"patient_id": records.cohort.patient_id, "tumor_burden_source": source, **missing}
    return pd.DataFrame(columns, index=range(records.patients)).astype("str")
