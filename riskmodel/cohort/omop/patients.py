"""Patients of an OMOP source."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Floats
from riskmodel.cohort.omop.concepts import Concepts, sexes
from riskmodel.cohort.omop.tables import Tables, hours_until, meaning
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.vocabulary.products import choice
from riskmodel.cohort.written.times import parse_times

DAYS_PER_YEAR = 365.25


def _ages(
    people: pd.DataFrame, infusion: npt.NDArray[np.datetime64], rejections: Rejections
) -> Floats:
    """Age in years at the infusion; from the year of birth alone where there is no month."""
    year, month, day = (
        pd.to_numeric(people[f"{name}_of_birth"], errors="coerce").to_numpy(dtype=np.float64)
        for name in ("year", "month", "day")
    )
    exact = parse_times(people["birth_datetime"])[0]
    first = exact == exact.astype("datetime64[Y]").astype(exact.dtype)
    use_exact = ~np.isnat(exact) & (~first | np.isnan(year)) & np.isnan(month)
    parts = pd.DataFrame({"year": year, "month": month, "day": np.where(np.isnan(day), 15, day)})
    built = pd.to_datetime(parts, errors="coerce").to_numpy("datetime64[us]")
    birth = np.where(use_exact, exact, built)
    lived = (infusion - birth).astype("timedelta64[s]")
    age = np.where(np.isnat(lived), np.nan, lived.astype(np.float64) / 86400 / DAYS_PER_YEAR)
    infusion_year = infusion.astype("datetime64[Y]").astype(float) + 1970
    by_year = np.isnan(age) & ~np.isnan(year) & ~np.isnat(infusion)
    rejections.note("age from the year of birth alone", "patients", int(by_year.sum()))
    return np.asarray(np.where(by_year, infusion_year - year, age), dtype=np.float64)


def patients_frame(
    tables: Tables, chosen: pd.DataFrame, concepts: Concepts, rejections: Rejections
) -> pd.DataFrame:
    """The charted patients table; people of the list that the source does not know are rejected."""
    columns = ["person_id", "gender_concept_id", "gender_source_value", "birth_datetime"]
    columns += [f"{name}_of_birth" for name in ("year", "month", "day")]
    ids = chosen["patient_id"]
    people = tables.read("person", columns, people=ids.tolist()).drop_duplicates()
    unknown = ~ids.isin(set(people["person_id"]))
    where = "not in the person table"
    rejections.add("patients", unknown.to_numpy(), ids, "unknown_patient", detail=where)
    joined = chosen[~unknown].merge(
        people, left_on="patient_id", right_on="person_id", how="left", sort=False
    )
    infusion = parse_times(joined["infusion_time"])[0]
    sex = joined["gender_concept_id"].map(sexes())
    charted = joined["gender_source_value"].map(lambda x: choice("sex", x), na_action="ignore")
    known = sex.where(sex.notna(), charted)
    rejections.note("sex not recognised, left empty", "patients", int(known.isna().sum()))
    return pd.DataFrame(
        {
            "patient_id": joined["patient_id"],
            "infusion_time": joined["infusion_time"],
            "product": joined["product"],
            "prior_car_t": joined["prior_car_t"],
            "sex": known,
            "age_years": _ages(joined, infusion, rejections),
            "disease": _diseases(tables, joined, concepts, rejections),
        }
    )


def _diseases(
    tables: Tables, chosen: pd.DataFrame, concepts: Concepts, rejections: Rejections
) -> pd.Series:
    """Disease of each patient by the conditions recorded up to the infusion; unknown if several."""
    if not tables.has("condition_occurrence", "person_id"):
        return pd.Series(np.nan, index=chosen.index, dtype="str")
    columns = ["person_id", "condition_concept_id", "condition_source_concept_id"]
    columns += ["condition_source_value", "condition_start_datetime", "condition_start_date"]
    ids = chosen["patient_id"].tolist()
    rows = tables.read("condition_occurrence", columns, people=ids)
    rows["disease"] = meaning(rows, "condition", concepts.disease)
    rows = rows[rows["disease"].notna().to_numpy()]
    rows = rows[hours_until(rows, "condition_start", chosen) <= 0]
    counted = rows.groupby("person_id")["disease"].agg(["nunique", "first"])
    several = counted.index[counted["nunique"] > 1]
    rejections.note("several diseases recorded, left empty", "patients", len(several))
    one = counted.loc[counted["nunique"] == 1, "first"]
    return chosen["patient_id"].map(one.to_dict()).astype("str")
