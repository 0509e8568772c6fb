"""Statements that read the measurement table of an OMOP source into the table ``lab``."""

from collections.abc import Mapping, Sequence

from riskmodel.cohort.omop.source import literal, quoted
from riskmodel.cohort.omop.tables import id_sql, key_sql, text_sql
from riskmodel.cohort.vocabulary.specimens import not_blood_pattern

_STAMP = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?"


def time_sql(there: Sequence[str], types: Mapping[str, str]) -> str:
    """The datetime; where it is only a midnight, or missing, the date with the clock beside it."""

    def cell(name: str) -> str:
        if name not in there:
            return "NULL"
        if types[name] == "TIMESTAMP WITH TIME ZONE":
            return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ')"
        return text_sql(name)

    whole, day = cell("measurement_datetime"), cell("measurement_date")
    # Also at the end of a datetime, as some conversions write it into this column.
    told = cell("measurement_time")
    clock = rf"regexp_extract({told}, '(?:^|[T ])(\d\d?:\d\d(?::\d\d(?:\.\d+)?)?)$', 1)"
    joined = f"'T' || lpad({clock}, greatest(length({clock}), 5)::INTEGER, '0')"
    zone = rf"regexp_extract({whole}, '[T ]00:00(?::00(?:\.0+)?)?(.*)$', 1)"
    midnight = rf"regexp_matches({whole}, '[T ]00:00(:00(\.0+)?)?([+-].*)?$')"
    return (
        f"CASE WHEN {whole} IS NULL AND {clock} <> '' THEN left({day}, 10) || {joined} "
        f"WHEN {whole} IS NULL THEN {day} "
        f"WHEN {clock} <> '' AND {midnight} THEN left({whole}, 10) || {joined} || {zone} "
        f"ELSE {whole} END"
    )


def insert_sql(
    relation: str, there: Sequence[str], types: Mapping[str, str], only: Sequence[int] = ()
) -> str:
    """The statement that adds the rows of `relation` to the table ``lab`` of the workspace.

    It joins the tables ``people``, ``by_id`` and ``by_code`` of the workspace.

    Parameters
    ----------
    relation : str
        Text for a FROM clause.
    there : sequence of str
        Those columns of a measurement that it has.
    types : mapping of str to str
        SQL type of each of its columns, in lower case.
    only : sequence of int
        Numbers of what is read, everything where empty; of a table with `only`,
        nothing else is counted either.
    """

    def of(name: str, expression: str, otherwise: str = "NULL::VARCHAR") -> str:
        return expression if name in there else otherwise

    def number(name: str) -> str:
        cast = f"TRY_CAST({text_sql(name)} AS DOUBLE)"
        if types.get(name) in ("DOUBLE", "BIGINT", "INTEGER"):
            cast = f"CAST({name} AS DOUBLE)"
        return of(name, f"CASE WHEN NOT isnan({cast}) THEN {cast} END", "NULL::DOUBLE")

    def unread(name: str) -> str:
        if types.get(name) != "VARCHAR":
            return "false"
        digits = f"regexp_matches({text_sql(name)}, '[0-9]')"
        return of(name, f"({digits} AND {number(name)} IS NULL)", "false")

    def concept(name: str) -> str:
        return of(name, id_sql(name), "0")

    source = of("measurement_source_value", text_sql("measurement_source_value"))
    text = of("value_source_value", text_sql("value_source_value"))
    spare = of("value_as_number", text_sql("value_as_number"))
    kept = {
        "id": of("measurement_id", "TRY_CAST(measurement_id AS BIGINT)", "NULL::BIGINT"),
        "moment": time_sql(there, types),
        "number": number("value_as_number"),
        "text": text,
        "spare": spare,
        "operator": concept("operator_concept_id"),
        "unit_concept": concept("unit_concept_id"),
        "unit_source": of("unit_source_value", text_sql("unit_source_value")),
        "low": number("range_low"),
        "high": number("range_high"),
        "unread": " OR ".join(map(unread, ("range_low", "range_high"))),
    }
    of_kept = ", ".join(
        f"CASE WHEN analyte IS NOT NULL THEN {expression} END AS {name}"
        for name, expression in kept.items()
    )
    kind = "observation" if only else "measurement"
    wanted = f"analyte IN ({', '.join(map(str, only))}) AND person IS NOT NULL" if only else "true"
    asked = ", ".join(f"m.{quoted(name)}" for name in there if name != "person_id")
    return f"""
        INSERT INTO lab
        WITH cells AS (
            SELECT {key_sql("person_id")} AS key_, {source} AS source_,
                {concept("measurement_concept_id")} AS concept_,
                {concept("measurement_source_concept_id")} AS source_concept_, {asked}
            FROM {relation} m
        ), found AS (
            SELECT p.person, cells.*, CASE WHEN p.person IS NOT NULL
                THEN coalesce(o.analyte, a.analyte, b.analyte) END AS analyte,
                CASE WHEN o.analyte IS NOT NULL OR p.person IS NULL
                        OR coalesce(a.analyte, b.analyte) IS NULL THEN NULL
                    WHEN x.id IS NOT NULL OR y.id IS NOT NULL OR a.analyte <> b.analyte
                        OR regexp_full_match(source_, '[0-9]{{1,5}}-[0-9]') THEN 'code_conflict'
                    WHEN regexp_matches(lower(source_), {literal(not_blood_pattern())})
                        THEN 'not_blood' END AS conflict
            FROM cells
            LEFT JOIN people p ON p.key = cells.key_
            LEFT JOIN by_id a ON a.id = cells.concept_
            LEFT JOIN by_id b ON b.id = cells.source_concept_
            LEFT JOIN by_code o ON o.code = cells.source_
            LEFT JOIN other_loinc x ON x.id = cells.concept_
            LEFT JOIN other_loinc y ON y.id = cells.source_concept_
        ), read AS (
            SELECT person, analyte, conflict,
                CASE WHEN analyte IS NULL AND person IS NOT NULL THEN concept_ END AS concept,
                CASE WHEN analyte IS NULL AND person IS NOT NULL AND concept_ = 0
                    THEN left(source_, 60) END AS source,
                {of_kept}
            FROM found
        )
        SELECT person, analyte, concept, source, id,
            CASE WHEN regexp_full_match(moment, {literal(_STAMP)})
                THEN TRY_CAST(moment AS TIMESTAMP) END AS instant,
            CASE WHEN instant IS NULL THEN moment END,
            number,
            CASE WHEN number IS NULL THEN coalesce(text, spare)
                WHEN TRY_CAST(text AS DOUBLE) IS DISTINCT FROM number THEN text END,
            operator, unit_concept, unit_source, low, high, {literal(kind)}, conflict, unread
        FROM read WHERE {wanted}
    """
