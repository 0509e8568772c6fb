"""OMOP tables of a DuckDB database file, attached read only."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.cohort.omop.source import WholeTables, literal, locate, quoted
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def attached(
    path: Path,
    connection: "DuckDBPyConnection",
    wanted: Sequence[str],
    schemas: tuple[str | None, str | None],
) -> WholeTables:
    """The tables of a DuckDB file, which is opened read only.

    Parameters
    ----------
    path : Path
    connection : DuckDBPyConnection
        The workspace.
    wanted : sequence of str
        Tables that are read.
    schemas : (str or None, str or None)
        See `locate`.

    Raises
    ------
    SchemaError
        When it is no such file, or is open for writing elsewhere.
    """
    import duckdb

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
    tables, relations = {}, {}
    for table, (schema, charted) in locate(seen, wanted, schemas).items():
        tables[table] = list(seen[schema][charted])
        relations[table] = f"source.{quoted(schema)}.{quoted(charted)}"
    return WholeTables(path.stem, tables, relations)
