"""Lab results of an OMOP source: filtered in the workspace, handed out by groups of patients."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes
from riskmodel.cohort.omop.concepts import Concepts, operators
from riskmodel.cohort.omop.lab_sql import insert_sql
from riskmodel.cohort.omop.source import quoted
from riskmodel.cohort.omop.specimens import mark_other_specimens
from riskmodel.cohort.omop.tables import Tables
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.record import say_unread
from riskmodel.cohort.source.values import read_values
from riskmodel.cohort.source.zones import CHECK
from riskmodel.cohort.units import recorded

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RESULTS = tuple(recorded())
"""What is read of the measurement table, by the number that stands for it."""

NEEDED = (
    ("person_id",),
    ("measurement_concept_id", "measurement_source_value", "measurement_source_concept_id"),
    ("measurement_datetime", "measurement_date"),
    ("value_as_number", "value_source_value"),
)
_COLUMNS = (
    "measurement_id",
    "person_id",
    "measurement_concept_id",
    "measurement_source_concept_id",
    "measurement_source_value",
    "measurement_datetime",
    "measurement_date",
    "measurement_time",
    "operator_concept_id",
    "value_as_number",
    "value_source_value",
    "unit_concept_id",
    "unit_source_value",
    "range_low",
    "range_high",
)
_OBSERVED = {
    "observation_id": "measurement_id",
    "person_id": "person_id",
    "observation_concept_id": "measurement_concept_id",
    "observation_source_concept_id": "measurement_source_concept_id",
    "observation_source_value": "measurement_source_value",
    "observation_datetime": "measurement_datetime",
    "observation_date": "measurement_date",
    "value_as_number": "value_as_number",
    "value_as_string": "value_source_value",
    "unit_concept_id": "unit_concept_id",
    "unit_source_value": "unit_source_value",
}
"""Columns of the observation table, as those of a measurement: body weight may stand there."""


class LabTable:
    """The results of some patients, in a table of the workspace: the `Rows` of an OMOP source.

    Parameters
    ----------
    tables : Tables
    concepts : Concepts
    people : sequence of str
        Patient ids.
    rejections : Rejections
        Gets what is not read.
    decimal : {"", ",", "."}
        See `read_omop`.
    """

    key = "person"

    def __init__(
        self,
        tables: Tables,
        concepts: Concepts,
        people: Sequence[str],
        rejections: Rejections,
        decimal: str = "",
    ) -> None:
        self._connection: DuckDBPyConnection = tables.connection
        self._concepts = concepts
        self._people = list(people)
        self._rejections = rejections
        self._decimal = decimal
        self._fill_maps()
        self._connection.execute(
            "CREATE TABLE lab (person INTEGER, analyte SMALLINT, concept BIGINT, source VARCHAR, "
            "id BIGINT, instant TIMESTAMP, charted_time VARCHAR, number DOUBLE, charted VARCHAR, "
            "operator BIGINT, unit_concept BIGINT, unit_source VARCHAR, low DOUBLE, high DOUBLE, "
            "file VARCHAR, conflict VARCHAR, unread_limit BOOLEAN)"
        )
        there = [name for name in _COLUMNS if name in tables.source.tables["measurement"]]
        for relation in tables.source.scan("measurement", there, people=self._people):
            self._insert(relation, there)
        self._note_unread(tables.source.count("measurement"))
        if tables.has("observation", "person_id", "observation_concept_id"):
            names = [name for name in _OBSERVED if name in tables.source.tables["observation"]]
            cells = ", ".join(f"{quoted(name)} AS {_OBSERVED[name]}" for name in names)
            only = [k for k, name in enumerate(RESULTS) if recorded()[name].internal]
            for relation in tables.source.scan("observation", names, people=self._people):
                as_measured = f"(SELECT {cells} FROM {relation})"
                self._insert(as_measured, [_OBSERVED[name] for name in names], only)
        mark_other_specimens(tables, self._people)
        self._choose_units()

    def _insert(self, relation: str, there: Sequence[str], only: Sequence[int] = ()) -> None:
        described = self._connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
        types = {str(row[0]).lower(): str(row[1]) for row in described}
        self._connection.execute(insert_sql(relation, there, types, only))

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
            "other_loinc": pd.DataFrame({"id": self._concepts.other_loinc_ids()}, dtype="int64"),
        }
        for name, frame in frames.items():
            self._connection.register("given", frame)
            self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
            self._connection.unregister("given")

    def _note_unread(self, everybody: int | None) -> None:
        """Count the rows that are not read: other people, and other measurements by concept."""
        rows = self._connection.execute(
            "SELECT concept, source, count(*) FROM lab "
            "WHERE person IS NOT NULL AND analyte IS NULL GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        unread: Counter[str] = Counter()
        for concept, source, count in rows:
            _, code, name = self._concepts.row(concept)
            shown = " ".join(text for text in (str(concept), code, name) if text)
            if concept == 0:
                shown = f"source code {source}" if source else "no code"
            self._rejections.note("measurements of other concepts, not read", shown, count)
            unread[shown] += count
        say_unread(self._rejections, unread)
        seen, others, limits = self._connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE person IS NULL), "
            "count(*) FILTER (WHERE unread_limit) FROM lab"
        ).fetchall()[0]
        told = "results whose range_low or range_high is no number: that limit was not read"
        self._rejections.note(CHECK, told, limits)
        if everybody is not None:
            others = everybody - seen
        self._rejections.note("measurements of people outside the cohort, not read", "rows", others)

    def _choose_units(self) -> None:
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
                self._rejections.note("flagged", f"{name}: {told}, '{spelling}' used", count)
            ratio = self._concepts.ratio(name, concept, source or "")
            chosen.append((analyte, concept, source, converted, spelling, ratio))
        names = ["analyte", "unit_concept", "unit_source", "converted", "unit", "ratio"]
        frame = pd.DataFrame(chosen, columns=names).astype({"unit_source": "str", "unit": "str"})
        self._connection.register("given", frame)
        self._connection.execute("CREATE TABLE units AS SELECT * FROM given")
        self._connection.unregister("given")

    def keys(self) -> tuple[list[str], Codes]:
        """The people, and how many results each has."""
        counted = self._connection.execute(
            "SELECT person, count(*) FROM lab WHERE analyte IS NOT NULL GROUP BY 1"
        ).fetchall()
        rows = np.zeros(len(self._people), dtype=np.int64)
        for person, count in counted:
            rows[person] = count
        return self._people, rows

    def batches(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Person and time of the results whose time is no plain timestamp."""
        told = self._connection.execute(
            "SELECT DISTINCT person, charted_time AS time FROM lab "
            "WHERE analyte IS NOT NULL AND charted_time IS NOT NULL"
        ).df()
        yield told.assign(person=self._categorical(told["person"])).astype({"time": "str"})

    def _categorical(self, person: pd.Series) -> pd.Categorical:
        known = pd.Index(self._people, dtype="str")
        return pd.Categorical.from_codes(person.to_numpy(dtype=np.int64), known)

    def groups(self, group: Codes, count: int) -> Iterator[pd.DataFrame]:
        """The charted results of each group of people, by their id."""
        names = pd.Series(RESULTS, dtype="str")
        self._connection.register(
            "given", pd.DataFrame({"part": group}).reset_index(names="person")
        )
        self._connection.execute("CREATE OR REPLACE TABLE parts AS SELECT * FROM given")
        self._connection.unregister("given")
        for part in range(count):
            rows = self._connection.execute(
                "SELECT lab.* EXCLUDE (concept, source, unit_source, unit_concept), "
                "units.unit, units.ratio "
                "FROM lab JOIN units ON units.analyte = lab.analyte "
                "AND units.unit_concept = lab.unit_concept "
                "AND units.unit_source IS NOT DISTINCT FROM lab.unit_source "
                "AND units.converted = (lab.number IS NOT NULL) "
                "JOIN parts ON parts.person = lab.person "
                "WHERE parts.part = ? AND lab.analyte IS NOT NULL ORDER BY file, id",
                [part],
            ).df()
            value, comparator, refusal = _values(rows, self._rejections, self._decimal)
            conflict = rows["conflict"].astype(object).fillna("").to_numpy(dtype=object)
            position = np.arange(1, len(rows) + 1)
            number = rows["id"].to_numpy(dtype=np.float64, na_value=np.nan)
            line = np.where(np.isnan(number), position, number).astype(np.int64)
            yield pd.DataFrame(
                {
                    "person": self._categorical(rows["person"]),
                    "time": _times(rows),
                    "analyte": names.take(rows["analyte"].to_numpy()).array,
                    "value": value,
                    "comparator": comparator,
                    "unit": rows["unit"].astype("str"),
                    "reference_low": rows["low"],
                    "reference_high": rows["high"],
                    "refusal": np.where(conflict == "", refusal, conflict),
                    "row": line - 1,
                    "file": rows["file"].astype("str"),
                    "line": line,
                    "entry": 0,
                }
            )


def _times(rows: pd.DataFrame) -> pd.Series:
    """Timestamps, or text where any cell is no plain timestamp."""
    if rows["charted_time"].isna().all():
        return rows["instant"]
    instant = rows["instant"].dt.strftime("%Y-%m-%dT%H:%M:%S.%f").astype("str")
    return rows["charted_time"].astype("str").where(rows["instant"].isna(), instant)


def _values(
    rows: pd.DataFrame, rejections: Rejections, decimal: str = ""
) -> tuple[pd.Series, pd.Series, npt.NDArray[np.object_]]:
    """Values (numbers, or text where text alone was charted), comparators, refusals.

    `value_source_value` beside `value_as_number` has to say the same number, in its own unit or
    in that of the number, and gives its comparator where the operator says nothing.
    """
    known = {0: "", **operators()}
    ids, operator = np.unique(rows["operator"].to_numpy(), return_inverse=True)
    signs = [known.get(int(key), f"concept {key}") for key in ids]
    comparator = pd.Series(np.array(signs, dtype=object)[operator], dtype="str")
    value: pd.Series = rows["number"]
    text = rows["charted"]
    refusal = np.full(len(rows), "", dtype=object)
    if text.notna().any():
        value = rows["number"].astype(object).where(rows["number"].notna(), text)
        both = np.flatnonzero((rows["number"].notna() & text.notna()).to_numpy())
        number, ratio = (rows[n].to_numpy(dtype=np.float64)[both] for n in ("number", "ratio"))
        found = read_values(number, text.iloc[both], ratio, decimal)
        silent = comparator.iloc[both].isin(("", "=")).to_numpy()
        refusal[both] = found.refusal
        value.iloc[both] = found.value
        other = ~silent & (found.comparator != "") & (found.comparator != comparator.iloc[both])
        refusal[both[other]] = "value_conflict"
        taken = silent & (found.comparator != "")
        comparator.iloc[both[taken]] = found.comparator[taken]
        rejections.note("comparator read from value_source_value", "labs", int(taken.sum()))
        rejections.note("text beside a number (not used)", "labs", found.remarks)
    return value, comparator, refusal
