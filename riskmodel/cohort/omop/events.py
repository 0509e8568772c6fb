"""Infusions and clinical events of an OMOP source."""

from collections.abc import Sequence

import pandas as pd

from riskmodel.cohort.omop.concepts import Concepts
from riskmodel.cohort.omop.rows import meaning, moment
from riskmodel.cohort.omop.source import Where
from riskmodel.cohort.omop.stays import stays
from riskmodel.cohort.omop.tables import Tables
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.times import parse_times
from riskmodel.cohort.vocabulary.infusions import InfusionCodes

_ACTS = (
    ("drug_exposure", "drug", "drug_exposure_start"),
    ("procedure_occurrence", "procedure", "procedure"),
    ("device_exposure", "device", "device_exposure_start"),
)
"""Tables of treatments, with the stems of their code and time columns."""


def infusion_records(tables: Tables, concepts: Concepts, known: InfusionCodes) -> pd.DataFrame:
    """Recorded infusions of everybody: ``patient_id, infusion_time, product``."""
    found = []
    for table, stem, start in _ACTS[:2]:
        by_name = table == "drug_exposure"
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

        products = meaning(rows, stem, product)
        kept = rows[products.notna().to_numpy()]
        found.append(
            pd.DataFrame(
                {
                    "patient_id": kept["person_id"],
                    "infusion_time": moment(kept, start),
                    "product": products[kept.index],
                }
            )
        )
    empty = pd.DataFrame({"patient_id": [], "infusion_time": [], "product": []}, dtype="str")
    return pd.concat([empty, *found], ignore_index=True)


def _treatments(
    tables: Tables, people: Sequence[str], concepts: Concepts, table: str, stem: str, start: str
) -> pd.DataFrame:
    """Treatments of one table: ``person_id, event, time, value``."""
    columns = [f"{stem}_concept_id", f"{stem}_source_concept_id", f"{stem}_source_value"]
    columns += ["person_id", f"{start}_datetime", f"{start}_date"]
    rows = tables.read(table, columns, people=people)
    meant = meaning(rows, stem, concepts.treatment)
    rows["event"] = [event for event, _ in meant]
    rows["value"] = [name for _, name in meant]
    rows["time"] = moment(rows, start)
    return rows[rows["event"].notna().to_numpy()]


def events_frame(
    tables: Tables, patients: pd.DataFrame, concepts: Concepts, rejections: Rejections
) -> pd.DataFrame:
    """The charted events: death, treatments, stays in intensive care, the end of observation."""
    ids = patients["patient_id"].tolist()
    found = [
        _treatments(tables, ids, concepts, *acts)
        for acts in _ACTS
        if tables.has(acts[0], "person_id")
    ]
    found += stays(tables, ids)
    dead: set[str] = set()
    if tables.has("death", "person_id"):
        rows = tables.read("death", ["person_id", "death_datetime", "death_date"], people=ids)
        dead = set(rows["person_id"])
        found.append(rows.assign(event="death", value=None, time=moment(rows, "death")))
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
