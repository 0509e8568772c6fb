"""Infusions and clinical events of an OMOP source."""

from collections.abc import Sequence

import pandas as pd

from riskmodel.cohort.omop.concepts import Concepts
from riskmodel.cohort.omop.source import Where
from riskmodel.cohort.omop.tables import Tables, meaning, moment
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.record import INFUSION
from riskmodel.cohort.times import parse_times
from riskmodel.cohort.vocabulary.clinical_names import icu_concepts, is_intensive_care
from riskmodel.cohort.vocabulary.infusions import InfusionCodes

_ACTS = (
    ("drug_exposure", "drug", "drug_exposure_start"),
    ("procedure_occurrence", "procedure", "procedure"),
    ("device_exposure", "device", "device_exposure_start"),
)
"""Tables of treatments, with the stems of their code and time columns."""

COLUMNS = ("patient_id", "kind", "time", "value", "source")


def infusion_records(tables: Tables, concepts: Concepts, known: InfusionCodes) -> pd.DataFrame:
    """Recorded infusions of everybody: ``patient_id, kind, time, value, source``."""
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

        rows["value"] = meaning(rows, stem, product)
        rows = rows[rows["value"].notna().to_numpy()]
        found.append(_charted(rows, INFUSION, moment(rows, start), table))
    return _joined(found)


def _charted(
    rows: pd.DataFrame, kind: str | pd.Series, time: pd.Series, table: str
) -> pd.DataFrame:
    given = {"patient_id": rows["person_id"], "kind": kind, "time": time}
    value = rows["value"] if "value" in rows else pd.Series("", index=rows.index)
    return pd.DataFrame({**given, "value": value.fillna(""), "source": table})


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    empty = pd.DataFrame({name: [] for name in COLUMNS}, dtype="str")
    joined = pd.concat([empty, *frames], ignore_index=True)
    return joined.astype({"time": "str"}).fillna({"time": ""}).astype("str")


def _treatments(
    tables: Tables, people: Sequence[str], concepts: Concepts, table: str, stem: str, start: str
) -> pd.DataFrame:
    """Treatments of one table, as `COLUMNS`."""
    columns = [f"{stem}_concept_id", f"{stem}_source_concept_id", f"{stem}_source_value"]
    columns += ["person_id", f"{start}_datetime", f"{start}_date"]
    rows = tables.read(table, columns, people=people)
    meant = meaning(rows, stem, concepts.treatment)
    rows["kind"] = [event for event, _ in meant]
    rows["value"] = [name for _, name in meant]
    rows = rows[rows["kind"].notna().to_numpy()]
    return _charted(rows, rows["kind"], moment(rows, start), table)


def recorded_events(tables: Tables, people: Sequence[str], concepts: Concepts) -> pd.DataFrame:
    """Deaths, treatments and stays in intensive care of some people, as `COLUMNS`."""
    found = [
        _treatments(tables, people, concepts, *acts)
        for acts in _ACTS
        if tables.has(acts[0], "person_id")
    ]
    found += _stays(tables, people)
    if tables.has("death", "person_id"):
        rows = tables.read("death", ["person_id", "death_datetime", "death_date"], people=people)
        found.append(_charted(rows, "death", moment(rows, "death"), "death"))
    return _joined(found)


def follow_up(
    tables: Tables, patients: pd.DataFrame, dead: set[str], rejections: Rejections
) -> pd.DataFrame:
    """``last_follow_up`` of those not known dead: the end of the period that holds the infusion."""
    columns = ["patient_id", "event", "time", "value"]
    if not tables.has("observation_period", "person_id", "observation_period_end_date"):
        return pd.DataFrame({name: [] for name in columns}, dtype="str")
    stems = [f"observation_period_{end}_date" for end in ("start", "end")]
    ids = patients["patient_id"].drop_duplicates().tolist()
    rows = tables.read("observation_period", ["person_id", *stems], people=ids)
    zero = pd.Series(parse_times(patients["infusion_time"])[0], index=patients["patient_id"])
    day = zero[~zero.index.duplicated()].reindex(rows["person_id"])
    infused = day.to_numpy("datetime64[D]")
    start, end = (parse_times(rows[stem])[0].astype("datetime64[D]") for stem in stems)
    holds = ~(start > infused) & (end >= infused)
    rejections.note("observation periods without the infusion", "events", int((~holds).sum()))
    rows = rows[holds & ~rows["person_id"].isin(dead).to_numpy()]
    rows = rows.assign(event="last_follow_up", value="", time=rows[stems[1]].astype("str"))
    return rows.rename(columns={"person_id": "patient_id"})[columns]


def _units(tables: Tables) -> set[str]:
    """Ids of the care sites that are intensive care, by their name or their kind of place."""
    if not tables.has("care_site", "care_site_id"):
        return set()
    columns = ["care_site_id", "care_site_name", "place_of_service_concept_id"]
    columns += ["place_of_service_source_value"]
    rows = tables.read("care_site", columns)
    texts = rows["care_site_name"].fillna("") + " / "
    texts += rows["place_of_service_source_value"].fillna("")
    named = pd.Series([is_intensive_care(str(text)) for text in texts], dtype=bool)
    placed = rows["place_of_service_concept_id"].isin(icu_concepts())
    return set(rows.loc[(named | placed).to_numpy(), "care_site_id"].dropna())


def _stays(tables: Tables, people: Sequence[str]) -> list[pd.DataFrame]:
    """Each stay as ``icu_admission``, as `COLUMNS`.

    A visit, or a detail of one, is a stay by its concept, its source text or its care site. A
    visit that is only hospital, with details in intensive care, counts by those.
    """
    units = _units(tables)
    found = []
    for table, stem in (("visit_occurrence", "visit"), ("visit_detail", "visit_detail")):
        if not tables.has(table, "person_id"):
            continue
        # CDM 5.3 and 5.4 name the times of a visit visit_start, those of a detail likewise.
        columns = ["person_id", f"{stem}_concept_id", f"{stem}_source_concept_id"]
        columns += [f"{stem}_source_value", f"{stem}_start_datetime", f"{stem}_start_date"]
        rows = tables.read(table, [*columns, "care_site_id"], people=people)
        concept = rows[f"{stem}_concept_id"].isin(icu_concepts())
        concept |= rows[f"{stem}_source_concept_id"].isin(icu_concepts())
        named = [is_intensive_care(str(text)) for text in rows[f"{stem}_source_value"].fillna("")]
        there = rows["care_site_id"].isin(units)
        rows = rows[(concept | pd.Series(named, index=rows.index, dtype=bool) | there).to_numpy()]
        found.append(_charted(rows, "icu_admission", moment(rows, f"{stem}_start"), table))
    return found
