"""Stays in intensive care of an OMOP source."""

from collections.abc import Sequence

import pandas as pd

from riskmodel.cohort.omop.rows import moment
from riskmodel.cohort.omop.tables import Tables
from riskmodel.cohort.vocabulary.clinical_names import icu_concepts, is_intensive_care


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


def stays(tables: Tables, people: Sequence[str]) -> list[pd.DataFrame]:
    """Each stay as ``icu_admission``: ``person_id, event, time, value``.

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
        found.append(
            rows.assign(event="icu_admission", value=None, time=moment(rows, f"{stem}_start"))
        )
    return found
