"""Which measurements of an OMOP source are of another specimen than blood, by their records of it.

A measurement names its specimen through FACT_RELATIONSHIP, in either direction, or, since CDM 5.4,
through ``measurement_event_id``.
"""

from collections.abc import Sequence

import pandas as pd

from riskmodel.cohort.omop.source import Where, quoted
from riskmodel.cohort.omop.tables import Tables, id_sql, key_sql
from riskmodel.cohort.vocabulary.specimens import is_not_blood

_MEASUREMENT, _SPECIMEN = 21, 36
"""Concept ids of the domains; 1147049 and its like, of fields, are found by their name."""

_FIELD = "specimen.specimen_id"
_TEXTS = ("specimen_source_value", "anatomic_site_source_value")
_CONCEPTS = ("specimen_concept_id", "anatomic_site_concept_id")


def mark_other_specimens(tables: Tables, people: Sequence[str]) -> None:
    """Write ``not_blood`` into the table ``lab`` of the workspace where a specimen says so.

    Parameters
    ----------
    tables : Tables
        Whose workspace holds ``lab`` already.
    people : sequence of str
        Patient ids.
    """
    if not tables.has("specimen", "specimen_id", "person_id"):
        return
    other = _other_specimens(tables, people)
    if other.empty:
        return
    connection = tables.connection
    connection.register("given", pd.DataFrame({"key": other}))
    connection.execute("CREATE TABLE other_specimen AS SELECT * FROM given")
    connection.unregister("given")
    connection.execute("CREATE TABLE other_measurement (id BIGINT)")
    names = ["domain_concept_id_1", "fact_id_1", "domain_concept_id_2", "fact_id_2"]
    if tables.has("fact_relationship", *names):
        for relation in tables.source.scan("fact_relationship", names):
            for of, to in (("1", "2"), ("2", "1")):
                _link(tables, relation, f"fact_id_{of}", f"fact_id_{to}", (
                    (f"domain_concept_id_{of}", [_SPECIMEN]),
                    (f"domain_concept_id_{to}", [_MEASUREMENT]),
                ))  # fmt: skip
    names = ["measurement_id", "measurement_event_id", "meas_event_field_concept_id"]
    fields = _ids_named(tables, _FIELD) if tables.has("measurement", *names) else []
    if fields:
        for relation in tables.source.scan("measurement", names):
            _link(tables, relation, names[1], names[0], ((names[2], fields),))
    connection.execute(
        "UPDATE lab SET conflict = 'not_blood' WHERE conflict IS NULL AND analyte IS NOT NULL "
        "AND file = 'measurement' AND id IN (SELECT id FROM other_measurement)"
    )


def _link(
    tables: Tables,
    relation: str,
    specimen: str,
    measurement: str,
    among: Sequence[tuple[str, Sequence[int]]],
) -> None:
    wanted = " AND ".join(f"{id_sql(n)} IN ({', '.join(map(str, ids))})" for n, ids in among)
    tables.connection.execute(
        f"INSERT INTO other_measurement SELECT TRY_CAST({quoted(measurement)} AS BIGINT) "
        f"FROM {relation} WHERE {wanted} "
        f"AND {key_sql(specimen)} IN (SELECT key FROM other_specimen)"
    )


def _other_specimens(tables: Tables, people: Sequence[str]) -> pd.Series:
    """Ids of the specimens that are not blood, as text."""
    read = tables.read("specimen", ["specimen_id", "person_id", *_CONCEPTS, *_TEXTS], people=people)
    ids = sorted({int(key) for name in _CONCEPTS for key in read[name].unique()} - {0})
    told: dict[int, tuple[str, str]] = {}
    if ids and tables.has("concept", "concept_id", "concept_name", "concept_code"):
        where = Where(among={"concept_id": [str(key) for key in ids]}, containing={})
        names = ["concept_id", "concept_name", "concept_code"]
        rows = tables.read("concept", names, where=where).fillna("")
        told = {int(key): (name, code) for key, name, code in rows.itertuples(index=False)}
    kinds = read[[*_CONCEPTS, *_TEXTS]].fillna("")
    known = {}
    for row in kinds.drop_duplicates().itertuples(index=False, name=None):
        concepts = [told.get(int(key), ("", "")) for key in row[: len(_CONCEPTS)]]
        texts = [*(name for name, _ in concepts), *row[len(_CONCEPTS) :]]
        known[row] = is_not_blood(" / ".join(texts), *(code for _, code in concepts))
    other = [known[row] for row in kinds.itertuples(index=False, name=None)]
    keys: pd.Series = read.loc[other, "specimen_id"].astype("str")
    return keys.str.replace(r"\.0+$", "", regex=True)


def _ids_named(tables: Tables, name: str) -> list[int]:
    """Concept ids of a name."""
    if not tables.has("concept", "concept_id", "concept_name"):
        return []
    where = Where(among={"concept_name": [name.upper()]}, containing={})
    rows = tables.read("concept", ["concept_id", "concept_name"], where=where)
    return [int(key) for key in rows["concept_id"]]
