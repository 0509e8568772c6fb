"""OMOP tables as files: CSV (also gzipped, or split into parts), Parquet, or a DuckDB file."""

import gzip
from collections.abc import Callable, Sequence
from csv import reader as header_reader
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import pandas as pd

from riskmodel.cohort.omop.source import WholeTables, folder_of, literal, locate, quoted
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.record import note_files
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ENDINGS = (".csv", ".csv.gz", ".parquet")
_HEADER_BYTES = 65536


def _files_by_table(
    folder: Path, wanted: Sequence[str]
) -> tuple[dict[str, list[Path]], list[Path]]:
    """Files of each wanted table, and files that speak of one and are none of its.

    A table is a file of its name, or the files in a folder of its name, wherever they stand;
    where one stands at several depths, those least deep.
    """
    places: dict[str, dict[int, list[Path]]] = {}
    others: list[Path] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        inside = path.relative_to(folder)
        if any(part.startswith(".") for part in inside.parts):
            continue
        lower = path.name.lower()
        ending = next((e for e in reversed(_ENDINGS) if lower.endswith(e)), None)
        within = next((p.lower() for p in inside.parts[:-1] if p.lower() in wanted), None)
        table = within if within is not None else lower.removesuffix(ending or "")
        if ending is not None and table in wanted:
            depth = len(inside.parts) - (2 if within is not None else 1)
            places.setdefault(table, {}).setdefault(depth, []).append(path)
        elif any(name in lower for name in wanted if len(name) > len("concept")):
            others.append(path)
    found = {table: depths[min(depths)] for table, depths in places.items()}
    used = {path for paths in found.values() for path in paths}
    deeper = [p for depths in places.values() for paths in depths.values() for p in paths]
    return found, [*others, *(path for path in deeper if path not in used)]


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _open_gzip(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path))


def _csv_header(path: Path) -> tuple[list[str], str]:
    """Column names in lower case, and the delimiter."""
    open_file: Callable[[Path], IO[bytes]] = _open_gzip if path.suffix.lower() == ".gz" else _open
    try:
        with open_file(path) as stream:
            head = stream.read(_HEADER_BYTES)
        line = head.splitlines()[0].decode("utf-8-sig") if head else ""
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile):
        raise SchemaError(f"File '{path.name}' is not text in UTF-8.") from None
    if "\0" in line or not line.strip():
        raise SchemaError(f"File '{path.name}' has no header line of text.")
    delimiter = max(",\t;|", key=line.count)
    names = [name.strip().lower() for name in next(header_reader([line], delimiter=delimiter))]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SchemaError(f"File '{path.name}' has column '{twice[0]}' twice.")
    return names, delimiter


class Folder:
    """A folder of CSV (also gzipped, or split into parts) or Parquet files."""

    def __init__(self, folder: Path, connection: "DuckDBPyConnection", wanted: Sequence[str]):
        self.name = folder.name
        self._connection = connection
        self._relations: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self.files: list[Path] = []
        self._links = folder_of(connection) / "source"
        self._links.mkdir()
        self.tables: dict[str, list[str]] = {}
        faults = []
        tables, self._unread = _files_by_table(folder, wanted)
        self._folder = folder
        for table, paths in tables.items():
            try:
                self.tables[table] = self._add(table, paths)
            except SchemaError as error:
                faults.append(str(error))
        if faults:
            raise SchemaError(
                f"OMOP folder '{folder}' cannot be read: {' '.join(faults)} Export them again."
            )

    def _linked(self, path: Path) -> Path:
        """A link in the workspace: its name holds nothing that DuckDB reads as a pattern."""
        ending = next(e for e in reversed(_ENDINGS) if path.name.lower().endswith(e))
        link = self._links / f"{len(self._names)}{ending}"
        link.symlink_to(path.resolve())
        self.files.append(path.resolve())
        self._names[str(link)] = path.name
        return link

    def _add(self, table: str, paths: list[Path]) -> list[str]:
        import duckdb

        if len({path.suffix.lower() == ".parquet" for path in paths}) == 2:
            raise SchemaError(f"Table '{table}' is there both as CSV and as Parquet.")
        listed = "[" + ", ".join(literal(str(self._linked(path))) for path in paths) + "]"
        if paths[0].suffix.lower() == ".parquet":
            relation = f"read_parquet({listed}, union_by_name=true, hive_partitioning=false)"
            try:
                described = self._connection.execute(f"DESCRIBE SELECT * FROM {relation}")
            except duckdb.Error:
                raise SchemaError(f"File '{paths[0].name}' is not readable Parquet.") from None
            self._relations[table] = relation
            return [str(row[0]).lower() for row in described.fetchall()]
        headers = [_csv_header(path) for path in paths]
        if any(header != headers[0] for header in headers):
            raise SchemaError(f"The parts of table '{table}' have different headers.")
        names, delimiter = headers[0]
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
        quote = "" if delimiter == "\t" else '"'
        self._relations[table] = (
            f"read_csv({listed}, columns={{{columns}}}, auto_detect=false, header=true, "
            f"delim={literal(delimiter)}, quote={literal(quote)}, escape={literal(quote)}, "
            "store_rejects=true, rejects_limit=0, hive_partitioning=false)"
        )
        return names

    @property
    def source(self) -> WholeTables:
        """What the workspace reads."""
        return WholeTables(self.name, self.tables, self._relations, self.finish)

    def finish(self, rejections: Rejections) -> None:
        """Record the lines that do not fit their header, and files that were left unread."""
        note_files(rejections, self._unread, self._folder)
        made = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'"
        if not self._connection.execute(made).fetchall()[0][0]:
            return
        lines = self._connection.execute(
            "SELECT DISTINCT s.file_path, e.line FROM reject_errors e "
            "JOIN reject_scans s USING (scan_id, file_id) ORDER BY ALL"
        ).df()
        for path, rows in lines.groupby("file_path"):
            name = self._names.get(str(path), "")
            line = rows["line"].to_numpy(dtype="int64") - 2
            empty = pd.Series("", index=range(int(line.max()) + 1))
            rejections.add("labs", line.clip(0), empty, "malformed_row", detail=f"file {name}")


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
