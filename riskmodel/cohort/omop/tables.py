"""Small OMOP tables of any source: frames of text, when their rows happened, what they mean."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.arrays import Floats
from riskmodel.cohort.omop.source import Source, Where, literal, quoted, squeezed
from riskmodel.cohort.written.times import parse_times

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def key_sql(column: str) -> str:
    """An identifier as text: ``7`` for 7, 7.0 and ' 7 '."""
    return rf"regexp_replace(trim(CAST({quoted(column)} AS VARCHAR)), '^(-?\d+)\.0+$', '\1')"


def id_sql(column: str) -> str:
    """A concept id, 0 where there is none."""
    return f"coalesce(TRY_CAST({quoted(column)} AS BIGINT), 0)"


def text_sql(column: str) -> str:
    """Stripped text, NULL where empty."""
    return f"nullif(trim(CAST({quoted(column)} AS VARCHAR)), '')"


class Tables:
    """Small tables of a source, read as text through the workspace."""

    def __init__(self, source: Source, connection: "DuckDBPyConnection") -> None:
        self.source = source
        self.connection = connection

    def has(self, table: str, *columns: str) -> bool:
        """Whether the source has the table with all these columns."""
        return (
            set(columns) <= set(self.source.tables.get(table, ())) and table in self.source.tables
        )

    def read(
        self,
        table: str,
        columns: Sequence[str],
        *,
        where: Where | None = None,
        people: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """The columns that exist, the others empty; ``*_id`` columns of concepts as numbers."""
        there = [name for name in columns if name in self.source.tables[table]]
        parts = []
        for relation in self.source.scan(table, there, where=where, people=people):
            cells = ", ".join(f"{self._cell(name)} AS {quoted(name)}" for name in there)
            query = f"SELECT {cells} FROM {relation} WHERE {self._filter(table, where)}"
            if people is not None:
                query += f" AND {key_sql('person_id')} IN (SELECT unnest(?))"
            given = [list(people)] if people is not None else []
            parts.append(self.connection.execute(query, given).df())
        frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=there)
        for name in columns:
            if name not in frame:
                frame[name] = 0 if _is_concept(name) else None
        return frame

    @staticmethod
    def _cell(name: str) -> str:
        if name in ("person_id", "care_site_id"):
            return key_sql(name)
        return id_sql(name) if _is_concept(name) else text_sql(name)

    def _filter(self, table: str, where: Where | None) -> str:
        if where is None:
            return "true"
        any_of = ["false"]
        for name, values in where.among.items():
            if values and name in self.source.tables[table]:
                listed = ", ".join(literal(value) for value in values)
                any_of.append(f"upper(CAST({quoted(name)} AS VARCHAR)) IN ({listed})")
        for name, values in where.containing.items():
            if name in self.source.tables[table]:
                text = f"upper(replace(replace(CAST({quoted(name)} AS VARCHAR), ' ', ''), '.', ''))"
                any_of += [f"contains({text}, {literal(squeezed(value))})" for value in values]
        return "(" + " OR ".join(any_of) + ")"


def _is_concept(name: str) -> bool:
    return name.endswith("concept_id")


def moment(frame: pd.DataFrame, stem: str) -> pd.Series:
    """The ``_datetime`` of each row, else its ``_date``."""
    exact, day = frame[f"{stem}_datetime"], frame[f"{stem}_date"]
    found: pd.Series = exact.where(exact.notna(), day)
    return found


def meaning(
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


def hours_until(frame: pd.DataFrame, stem: str, chosen: pd.DataFrame) -> Floats:
    """Hours from each row's patient's infusion, NaN where the time is missing."""
    zero = pd.Series(parse_times(chosen["infusion_time"])[0], index=chosen["patient_id"])
    zero = zero[~zero.index.duplicated()]
    at = parse_times(moment(frame, stem))[0]
    start = zero.reindex(frame["person_id"]).to_numpy("datetime64[us]")
    return np.asarray((at - start) / np.timedelta64(1, "h"), dtype=np.float64)
