"""Lab results of an OMOP measurement table: filtered in the workspace, handed out in chunks."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.cohort.numbers import parse_result
from riskmodel.cohort.omop.concepts import Concepts, operators
from riskmodel.cohort.omop.lab_sql import COLUMNS, insert_sql
from riskmodel.cohort.omop.tables import Tables
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import COMPARATORS, EXACT
from riskmodel.cohort.source.body_weight import WEIGHT
from riskmodel.cohort.units import analytes

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CHUNK_ROWS = 250_000
RESULTS = (*analytes(), WEIGHT)
"""What is read of the measurement table, by the number that stands for it."""

NEEDED = (
    ("person_id",),
    ("measurement_concept_id", "measurement_source_value", "measurement_source_concept_id"),
    ("measurement_datetime", "measurement_date"),
    ("value_as_number", "value_source_value"),
)
_SIGNS = {code: sign for sign, code in COMPARATORS.items()}


class LabTable:
    """The results of the chosen patients, in a table of the workspace.

    Parameters
    ----------
    tables : Tables
    concepts : Concepts
    people : sequence of str
        Patient ids; their order is the order of the chunks.
    """

    def __init__(self, tables: Tables, concepts: Concepts, people: Sequence[str]) -> None:
        self._connection: DuckDBPyConnection = tables.connection
        self._concepts = concepts
        self._people = list(people)
        self._fill_maps()
        there = [name for name in COLUMNS if name in tables.source.tables["measurement"]]
        self._connection.execute(
            "CREATE TABLE lab (person INTEGER, analyte SMALLINT, concept BIGINT, source VARCHAR, "
            "id BIGINT, instant TIMESTAMP, charted_time VARCHAR, number DOUBLE, charted VARCHAR, "
            "operator BIGINT, unit_concept BIGINT, unit_source VARCHAR, low DOUBLE, high DOUBLE)"
        )
        for relation in tables.source.scan("measurement", there, people=self._people):
            described = self._connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
            types = {str(row[0]).lower(): str(row[1]) for row in described}
            self._connection.execute(insert_sql(relation, there, types))
        self._everybody = tables.source.count("measurement")

    def _fill_maps(self) -> None:
        index = {name: k for k, name in enumerate(RESULTS)}
        ids = self._concepts.analyte_ids()
        own = self._concepts.analyte_codes()
        frames = {
            "people": pd.DataFrame({"key": self._people, "person": range(len(self._people))}),
            "by_id": pd.DataFrame({"id": ids.keys(), "analyte": [index[a] for a in ids.values()]}),
            "by_code": pd.DataFrame(
                {"code": own.keys(), "analyte": [index[a] for a in own.values()]}
            ),
        }
        for name, frame in frames.items():
            self._connection.register("given", frame)
            self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
            self._connection.unregister("given")

    def note_unread(self, rejections: Rejections) -> None:
        """Count the rows that are not read: other people, and other measurements by concept."""
        rows = self._connection.execute(
            "SELECT concept, source, count(*) FROM lab "
            "WHERE person IS NOT NULL AND analyte IS NULL GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        for concept, source, count in rows:
            _, code, name = self._concepts.row(concept)
            shown = " ".join(text for text in (str(concept), code, name) if text)
            if concept == 0:
                shown = f"source code {source}" if source else "no code"
            rejections.note("measurements of other concepts, not read", shown, count)
        seen, others = self._connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE person IS NULL) FROM lab"
        ).fetchall()[0]
        if self._everybody is not None:
            others = self._everybody - seen
        rejections.note("measurements of people outside the cohort, not read", "rows", others)

    def _choose_units(self, rejections: Rejections) -> None:
        rows = self._connection.execute(
            "SELECT analyte, unit_concept, unit_source, number IS NOT NULL AS converted, "
            "count(*) AS rows FROM lab WHERE analyte IS NOT NULL GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        chosen = []
        for analyte, concept, source, converted, count in rows:
            name = RESULTS[analyte]
            spelling, note = self._concepts.unit(name, concept, source or "", converted)
            if note:
                told = {
                    "conflict": "unit concept and source text differ by a factor",
                    "other": "unit concept and source text differ, one fits the analyte",
                }[note]
                rejections.note("flagged", f"{name}: {told}, '{spelling}' used", count)
            chosen.append((analyte, concept, source, converted, spelling))
        names = ["analyte", "unit_concept", "unit_source", "converted", "unit"]
        frame = pd.DataFrame(chosen, columns=names).astype({"unit_source": "str", "unit": "str"})
        self._connection.register("given", frame)
        self._connection.execute("CREATE TABLE units AS SELECT * FROM given")
        self._connection.unregister("given")

    def _bounds(self) -> list[tuple[int, int]]:
        """First and last person of each chunk."""
        counted = self._connection.execute(
            "SELECT person, count(*) FROM lab WHERE analyte IS NOT NULL GROUP BY 1"
        ).fetchall()
        rows = np.zeros(len(self._people), dtype=np.int64)
        for person, count in counted:
            rows[person] = count
        chunk = (np.cumsum(rows) - 1).clip(0) // CHUNK_ROWS
        ends = np.flatnonzero(np.append(np.diff(chunk) != 0, True))
        starts = np.append(0, ends[:-1] + 1)
        return list(zip(starts.tolist(), ends.tolist(), strict=True))

    def chunks(self, rejections: Rejections) -> Iterator[tuple[slice, pd.DataFrame, pd.Series]]:
        """The charted labs of a slice of the people, and the measurement id of each row.

        Yields
        ------
        (slice, DataFrame, Series)
            Which people; ``patient_id, time, analyte, value, comparator, unit, reference_low,
            reference_high``; the ids.
        """
        self._choose_units(rejections)
        names = pd.Series(RESULTS, dtype="str")
        people = pd.Series(self._people, dtype="str")
        for first, last in self._bounds():
            rows = self._connection.execute(
                "SELECT lab.* EXCLUDE (concept, source, unit_source, unit_concept), units.unit "
                "FROM lab JOIN units ON units.analyte = lab.analyte "
                "AND units.unit_concept = lab.unit_concept "
                "AND units.unit_source IS NOT DISTINCT FROM lab.unit_source "
                "AND units.converted = (lab.number IS NOT NULL) "
                "WHERE person BETWEEN ? AND ? AND lab.analyte IS NOT NULL ORDER BY id",
                [first, last],
            ).df()
            value, comparator = _values(rows, rejections)
            frame = pd.DataFrame(
                {
                    "patient_id": people.take(rows["person"].to_numpy()).array,
                    "time": _times(rows),
                    "analyte": names.take(rows["analyte"].to_numpy()).array,
                    "value": value,
                    "comparator": comparator,
                    "unit": rows["unit"].astype("str"),
                    "reference_low": rows["low"],
                    "reference_high": rows["high"],
                }
            )
            yield slice(first, last + 1), frame, rows["id"]


def _times(rows: pd.DataFrame) -> pd.Series:
    """Timestamps, or text where any cell is no plain timestamp."""
    if rows["charted_time"].isna().all():
        return rows["instant"]
    instant = rows["instant"].dt.strftime("%Y-%m-%dT%H:%M:%S.%f").astype("str")
    return rows["charted_time"].astype("str").where(rows["instant"].isna(), instant)


def _values(rows: pd.DataFrame, rejections: Rejections) -> tuple[pd.Series, pd.Series]:
    """Values (numbers, or text where text was charted) and comparators.

    A bound in `value_source_value` around the same number as `value_as_number` is kept even
    where the operator says nothing.
    """
    known = {0: "", **operators()}
    ids, operator = np.unique(rows["operator"].to_numpy(), return_inverse=True)
    signs = [known.get(int(key), f"concept {key}") for key in ids]
    comparator = pd.Series(np.array(signs, dtype=object)[operator], dtype="str")
    value: pd.Series = rows["number"]
    text = rows["charted"]
    if text.notna().any():
        value = rows["number"].astype(object).where(rows["number"].notna(), text)
        both = np.flatnonzero((rows["number"].notna() & text.notna()).to_numpy())
        codes, texts = pd.factorize(text.iloc[both].astype("str"))
        parsed = [parse_result(str(one)) or (np.nan, EXACT) for one in texts]
        bound = np.array([number for number, _ in parsed], dtype=np.float64)[codes]
        sign = np.array([_SIGNS[code] for _, code in parsed], dtype=object)[codes]
        silent = comparator.iloc[both].isin(("", "=")).to_numpy()
        same = silent & (sign != "") & (bound == rows["number"].to_numpy()[both])
        comparator.iloc[both[same]] = sign[same]
        kept = int(same.sum())
        rejections.note("comparator read from value_source_value", "labs", kept)
    return value, comparator
