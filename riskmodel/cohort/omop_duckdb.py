"""OMOP tables of a DuckDB database file, attached read only."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.cohort.omop_source import Where, literal, locate, quoted
from riskmodel.cohort.rejection import Rejections
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class DuckDBSource:
    """A DuckDB database file, attached read only."""

    def __init__(
        self,
        path: Path,
        connection: "DuckDBPyConnection",
        wanted: Sequence[str],
        schemas: tuple[str | None, str | None],
    ):
        import duckdb

        self.name = path.stem
        self._relations: dict[str, str] = {}
        self.tables: dict[str, list[str]] = {}
        try:
            connection.execute(f"ATTACH {literal(str(path))} AS source (READ_ONLY, TYPE duckdb)")
        except duckdb.Error:
            raise SchemaError(
                f"File '{path}' is no DuckDB database that can be opened for reading. Close other "
                "programs that write to it, or give a folder or a database URL."
            ) from None
        found = connection.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
            "WHERE database_name = 'source' AND NOT internal ORDER BY ALL"
        ).fetchall()
        seen: dict[str, dict[str, dict[str, str]]] = {}
        for schema, table, column in found:
            seen.setdefault(schema, {}).setdefault(table, {})[column.lower()] = column
        for table, (schema, charted) in locate(seen, wanted, schemas).items():
            self.tables[table] = list(seen[schema][charted])
            self._relations[table] = f"source.{quoted(schema)}.{quoted(charted)}"

    def scan(
        self,
        table: str,
        columns: Sequence[str],
        *,
        where: Where | None = None,
        people: Sequence[str] | None = None,
    ) -> Iterator[str]:
        """The whole table: the workspace filters while it reads."""
        yield self._relations[table]

    def count(self, table: str) -> int | None:
        """All rows come through `scan`."""
        return None

    def finish(self, rejections: Rejections) -> None:
        """Nothing is left out."""
