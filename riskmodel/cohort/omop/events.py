"""Infusions and clinical events of an OMOP source."""

from collections.abc import Sequence

import pandas as pd

from riskmodel.cohort.omop.concepts import Concepts, only_ordered
from riskmodel.cohort.omop.source import Where
from riskmodel.cohort.omop.tables import Tables, meaning, moment
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.acts import INFUSION
from riskmodel.cohort.source.zones import CHECK
from riskmodel.cohort.vocabulary.clinical_names import icu_concepts, is_intensive_care
from riskmodel.cohort.vocabulary.infusions import InfusionCodes
from riskmodel.cohort.written.times import parse_times

_ACTS = (
    ("drug_exposure", "drug", "drug_exposure_start"),
    ("procedure_occurrence", "procedure", "procedure"),
    ("device_exposure", "device", "device_exposure_start"),
)
"""Tables of treatments, with the stems of their code and time columns."""

COLUMNS = ("patient_id", "kind", "time", "value", "source", "passed_over")


def infusion_records(tables: Tables, concepts: Concepts, known: InfusionCodes) -> pd.DataFrame:
    """Recorded infusions of everybody, and what was passed over, as `COLUMNS`."""
    ids = [str(key) for key in concepts.infusion_ids(known)]
    texts = [text.upper() for text in (*known.codes, *concepts.product_texts())]
    found = []
    for table, stem, start in _ACTS[:2]:
        if not tables.has(table, "person_id"):
            continue
        where = Where(
            among={f"{stem}_concept_id": ids, f"{stem}_source_concept_id": ids},
            containing={f"{stem}_source_value": texts},
        )
        rows = _acts(tables, concepts, known, (table, stem, start), where=where)
        found.append(rows[(rows["kind"] == INFUSION).to_numpy()])
    return _joined(found)


def _acts(
    tables: Tables,
    concepts: Concepts,
    known: InfusionCodes,
    acts: tuple[str, str, str],
    where: Where | None = None,
    people: Sequence[str] | None = None,
    rejections: Rejections | None = None,
) -> pd.DataFrame:
    """What the rows of one table mean, as `COLUMNS`: infusions and treatments.

    `rejections` is told how many treatments are known from an order alone.
    """
    table, stem, start = acts
    drug = table == "drug_exposure"
    columns = [f"{stem}_concept_id", f"{stem}_source_concept_id", f"{stem}_source_value"]
    columns += ["person_id", f"{start}_datetime", f"{start}_date", f"{stem}_type_concept_id"]
    rows = tables.read(table, columns, where=where, people=people)
    meant = meaning(rows, stem, lambda c, source: concepts.act(known, c, source, given=drug))
    rows, meant = rows[meant.notna().to_numpy()], meant[meant.notna().to_numpy()]
    infusion = pd.Series([one.kind == INFUSION for one in meant], index=rows.index, dtype=bool)
    product = pd.Series([one.product for one in meant], index=rows.index, dtype="str")
    passed = pd.Series([one.passed_over for one in meant], index=rows.index, dtype="str")
    if not drug:
        # A procedure is an infusion by its code alone: its text may speak of collecting cells.
        named = [one.kind == INFUSION and not one.coded for one in meant]
        passed = passed.mask(pd.Series(named, index=rows.index) & (passed == ""), "no code of one")
    ordered = rows[f"{stem}_type_concept_id"].isin(only_ordered())
    passed = passed.mask(infusion & ordered & (passed == ""), "order")
    if rejections is not None:
        told = "treatments in a record of an order or prescription, read as given"
        rejections.note(CHECK, told, int((ordered & ~infusion).sum()))
    rows["value"] = product.where(infusion, meaning(rows, stem, concepts.shown).astype("str"))
    kind = pd.Series([one.kind for one in meant], index=rows.index, dtype="str")
    charted = _charted(rows, kind, moment(rows, start), table)
    return charted.assign(passed_over=passed)


def _charted(
    rows: pd.DataFrame, kind: str | pd.Series, time: pd.Series, table: str
) -> pd.DataFrame:
    given = {"patient_id": rows["person_id"], "kind": kind, "time": time}
    value = rows["value"] if "value" in rows else pd.Series("", index=rows.index)
    return pd.DataFrame({**given, "value": value.fillna(""), "source": table})


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    empty = pd.DataFrame({name: [] for name in COLUMNS}, dtype="str")
    joined = pd.concat([empty, *frames], ignore_index=True)
    return joined.astype("str").fillna("")


def recorded_events(
    tables: Tables,
    people: Sequence[str],
    concepts: Concepts,
    known: InfusionCodes,
    rejections: Rejections,
) -> pd.DataFrame:
    """Deaths, treatments and stays in intensive care of some people, as `COLUMNS`."""
    read = (
        _acts(tables, concepts, known, acts, people=people, rejections=rejections)
        for acts in _ACTS
        if tables.has(acts[0], "person_id")
    )
    found = [acts[(acts["kind"] != INFUSION).to_numpy()] for acts in read]
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
