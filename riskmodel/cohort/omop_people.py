"""Patients and clinical events of an OMOP source."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.cohort.infusions import InfusionCodes
from riskmodel.cohort.omop_concepts import Concepts, codes, sexes
from riskmodel.cohort.omop_source import Where
from riskmodel.cohort.omop_tables import Tables
from riskmodel.cohort.products import choice
from riskmodel.cohort.rejection import Rejections
from riskmodel.cohort.timeline import parse_times

DAYS_PER_YEAR = 365.25


def _moment(frame: pd.DataFrame, stem: str) -> pd.Series:
    """The ``_datetime`` of each row, else its ``_date``."""
    exact, day = frame[f"{stem}_datetime"], frame[f"{stem}_date"]
    found: pd.Series = exact.where(exact.notna(), day)
    return found


def _meaning(
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


def infusion_records(tables: Tables, concepts: Concepts, known: InfusionCodes) -> pd.DataFrame:
    """Recorded infusions of everybody: ``patient_id, infusion_time, product``."""
    found = []
    for table, stem, start, by_name in (
        ("procedure_occurrence", "procedure", "procedure", False),
        ("drug_exposure", "drug", "drug_exposure_start", True),
    ):
        if not tables.has(table, "person_id"):
            continue
        ids = [str(key) for key in concepts.infusion_ids(known, by_name=by_name)]
        texts = [*known.codes, *(concepts.product_texts() if by_name else ())]
        where = Where(
            among={f"{stem}_concept_id": ids, f"{stem}_source_concept_id": ids},
            containing={f"{stem}_source_value": [text.upper() for text in texts]},
        )
        columns = [f"{stem}_concept_id", f"{stem}_source_concept_id", f"{stem}_source_value"]
        columns += ["person_id", f"{start}_datetime", f"{start}_date"]
        rows = tables.read(table, columns, where=where)

        def product(pair: tuple[int, int], source: str, by_name: bool = by_name) -> str | None:
            return concepts.infusion(known, pair, source, by_name=by_name)

        products = _meaning(rows, stem, product)
        kept = rows[products.notna().to_numpy()]
        found.append(
            pd.DataFrame(
                {
                    "patient_id": kept["person_id"],
                    "infusion_time": _moment(kept, start),
                    "product": products[kept.index],
                }
            )
        )
    empty = pd.DataFrame({"patient_id": [], "infusion_time": [], "product": []}, dtype="str")
    return pd.concat([empty, *found], ignore_index=True)


def _ages(
    people: pd.DataFrame, infusion: npt.NDArray[np.datetime64], rejections: Rejections
) -> npt.NDArray[np.float64]:
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


def _until(frame: pd.DataFrame, stem: str, chosen: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Hours from each row's patient's infusion, NaN where the time is missing."""
    zero = pd.Series(parse_times(chosen["infusion_time"])[0], index=chosen["patient_id"])
    zero = zero[~zero.index.duplicated()]
    at = parse_times(_moment(frame, stem))[0]
    start = zero.reindex(frame["person_id"]).to_numpy("datetime64[us]")
    return np.asarray((at - start) / np.timedelta64(1, "h"), dtype=np.float64)


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
    rows["disease"] = _meaning(rows, "condition", concepts.disease)
    rows = rows[rows["disease"].notna().to_numpy()]
    rows = rows[_until(rows, "condition_start", chosen) <= 0]
    counted = rows.groupby("person_id")["disease"].agg(["nunique", "first"])
    several = counted.index[counted["nunique"] > 1]
    rejections.note("several diseases recorded, left empty", "patients", len(several))
    one = counted.loc[counted["nunique"] == 1, "first"]
    return chosen["patient_id"].map(one.to_dict()).astype("str")


def _treatments(
    tables: Tables, patients: pd.DataFrame, concepts: Concepts
) -> list[tuple[str, pd.DataFrame]]:
    columns = ["person_id", "drug_concept_id", "drug_source_concept_id", "drug_source_value"]
    columns += ["drug_exposure_start_datetime", "drug_exposure_start_date"]
    rows = tables.read("drug_exposure", columns, people=patients["patient_id"].tolist())
    meant = _meaning(rows, "drug", concepts.drug)
    rows["event"] = [event for event, _ in meant]
    rows["value"] = [name for _, name in meant]
    rows["time"] = _moment(rows, "drug_exposure_start")
    rows["hours"] = _until(rows, "drug_exposure_start", patients)
    rows = rows[rows["event"].notna().to_numpy()]
    conditioning = rows["event"] == "lymphodepletion"
    window = -24.0 * codes()["lymphodepletion"]["days"]
    before = rows[conditioning & (rows["hours"] >= window) & (rows["hours"] < 0)]
    first = before.sort_values("hours", kind="stable").drop_duplicates("person_id")
    first = first.assign(event="lymphodepletion_start")
    return [("treatment", rows[~conditioning]), ("lymphodepletion", first)]


def events_frame(
    tables: Tables, patients: pd.DataFrame, concepts: Concepts, rejections: Rejections
) -> pd.DataFrame:
    """The charted events: death, treatments, the end of the observation period."""
    ids = patients["patient_id"].tolist()
    found = []
    if tables.has("drug_exposure", "person_id"):
        found += [rows for _, rows in _treatments(tables, patients, concepts)]
    dead: set[str] = set()
    if tables.has("death", "person_id"):
        rows = tables.read("death", ["person_id", "death_datetime", "death_date"], people=ids)
        dead = set(rows["person_id"])
        found.append(rows.assign(event="death", value=None, time=_moment(rows, "death")))
    if tables.has("observation_period", "person_id", "observation_period_end_date"):
        stems = [f"observation_period_{end}_date" for end in ("start", "end")]
        rows = tables.read("observation_period", ["person_id", *stems], people=ids)
        zero = pd.Series(parse_times(patients["infusion_time"])[0], index=patients["patient_id"])
        day = zero[~zero.index.duplicated()].reindex(rows["person_id"])
        infused = day.to_numpy("datetime64[D]")
        start, end = (parse_times(rows[stem])[0].astype("datetime64[D]") for stem in stems)
        holds = ~(start > infused) & (end >= infused)
        rejections.note("observation periods without the infusion", "events", int((~holds).sum()))
        rows = rows[holds & ~rows["person_id"].isin(dead).to_numpy()]
        time = rows["observation_period_end_date"]
        found.append(rows.assign(event="last_follow_up", value=None, time=time))
    columns = ["person_id", "event", "time", "value"]
    empty = pd.DataFrame({name: [] for name in columns}, dtype="str")
    joined = pd.concat([empty, *(rows[columns] for rows in found)], ignore_index=True)
    return joined.rename(columns={"person_id": "patient_id"})
