"""OMOP tables behind a database URL: any dialect of SQLAlchemy, read only, in chunks."""

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskmodel.cohort.omop.source import Where, locate, squeezed
from riskmodel.cohort.rejections import Rejections
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from sqlalchemy import URL, ColumnElement, Connection, TableClause

ROWS = 50_000
PEOPLE = 500


def _shown(url: "URL") -> str:
    """The URL without user, password and options."""
    host = f"{url.host}{f':{url.port}' if url.port else ''}" if url.host else ""
    return f"{url.drivername}://{host}/{url.database or ''}"


@contextmanager
def connected(text: str) -> Iterator["Connection"]:
    """A connection that can only read.

    Raises
    ------
    SchemaError
        When the URL cannot be read, its driver is not installed or the database does not
        answer. The message never holds the user, the password or the driver's own text.
    """
    import sqlalchemy as sa

    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise SchemaError(
            "The database URL cannot be read. Allowed: dialect://user:password@host:port/database, "
            "with special characters of the password written as %XX."
        ) from None
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).is_file()):
        raise SchemaError(f"Database file '{url.database or ''}' does not exist.")
    try:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
    except (sa.exc.ArgumentError, ImportError, TypeError, ValueError) as error:
        missing = getattr(error, "name", None) or url.drivername
        raise SchemaError(
            f"The database {_shown(url)} needs the Python driver '{missing}', which is not "
            "installed, or does not take these options. Install it (PostgreSQL: the extra "
            "riskmodel-iechs[postgres]), or correct the URL."
        ) from None
    try:
        connection = engine.connect()
    except (sa.exc.SQLAlchemyError, OSError, UnicodeError, TypeError, ValueError) as error:
        raise SchemaError(
            f"The database {_shown(url)} does not answer ({type(error).__name__}). Check host, "
            "port, database name, user and password."
        ) from None
    try:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA query_only = ON")
        elif engine.dialect.name == "postgresql":
            connection = connection.execution_options(postgresql_readonly=True)
        yield connection
    finally:
        connection.rollback()
        connection.close()
        engine.dispose()


def _text(value: Any) -> str | None:
    """A database value as text that reads back to the same value."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


class DatabaseSource:
    """The tables behind a connection, copied into the workspace chunk by chunk."""

    def __init__(
        self,
        connection: "Connection",
        duckdb: "DuckDBPyConnection",
        wanted: Sequence[str],
        schemas: tuple[str | None, str | None],
    ):
        import sqlalchemy as sa

        self.name = Path(connection.engine.url.database or "database").stem
        self._connection = connection
        self._duckdb = duckdb
        inspector = sa.inspect(connection)
        seen: dict[str, dict[str, object]] = {}
        try:
            for schema in inspector.get_schema_names():
                if schema in ("information_schema", "pg_catalog"):
                    continue
                names = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
                seen[schema] = dict.fromkeys(names)
            places = locate(seen, wanted, schemas)
            self._tables = {}
            self._columns: dict[str, dict[str, Any]] = {}
            self._numeric: set[str] = set()
            for table, (schema, charted) in places.items():
                listed = inspector.get_columns(charted, schema)
                self._columns[table] = {c["name"].lower(): c["name"] for c in listed}
                columns: list[Any] = [sa.column(c["name"]) for c in listed]
                self._tables[table] = sa.table(charted, *columns, schema=schema)
                if any(
                    c["name"].lower() == "person_id" and isinstance(c["type"], sa.Integer)
                    for c in listed
                ):
                    self._numeric.add(table)
        except sa.exc.SQLAlchemyError as error:
            raise SchemaError(
                f"The tables of the database cannot be listed ({type(error).__name__}). Check the "
                "rights of the user."
            ) from None
        self.tables = {table: list(columns) for table, columns in self._columns.items()}

    def _column(self, table: str, name: str) -> "ColumnElement[Any]":
        found: TableClause = self._tables[table]
        column: ColumnElement[Any] = found.c[self._columns[table][name]]
        return column

    def _condition(self, table: str, where: Where) -> "ColumnElement[bool]":
        import sqlalchemy as sa

        any_of: list[ColumnElement[bool]] = []
        for name, values in where.among.items():
            if name in self._columns[table]:
                text = sa.func.upper(sa.cast(self._column(table, name), sa.String))
                any_of.append(text.in_(list(values)))
        for name, values in where.containing.items():
            if name in self._columns[table]:
                cell = sa.cast(self._column(table, name), sa.String)
                text = sa.func.upper(sa.func.replace(sa.func.replace(cell, " ", ""), ".", ""))
                any_of += [text.contains(squeezed(value), autoescape=True) for value in values]
        return sa.or_(sa.false(), *any_of)

    def _batches(self, table: str, people: Sequence[str] | None) -> Iterator[list[Any] | None]:
        if people is None:
            yield None
            return
        if table not in self._numeric:
            ids: list[Any] = list(people)
        else:
            ids = [int(person) for person in people if person.lstrip("-").isdecimal()]
        for start in range(0, len(ids), PEOPLE):
            yield ids[start : start + PEOPLE]

    def scan(
        self,
        table: str,
        columns: Sequence[str],
        *,
        where: Where | None = None,
        people: Sequence[str] | None = None,
    ) -> Iterator[str]:
        """The rows asked for, as text, some ten thousand at a time."""
        import pyarrow as pa
        import sqlalchemy as sa

        query = sa.select(*[self._column(table, name) for name in columns])
        if where is not None:
            query = query.where(self._condition(table, where))
        try:
            for batch in self._batches(table, people):
                of_people = (
                    query
                    if batch is None
                    else query.where(self._column(table, "person_id").in_(batch))
                )
                streamed = self._connection.execution_options(stream_results=True)
                for rows in streamed.execute(of_people).partitions(ROWS):
                    cells = zip(*rows, strict=True)
                    arrays = [pa.array(map(_text, column), pa.string()) for column in cells]
                    self._duckdb.register("fetched", pa.table(arrays, names=list(columns)))
                    yield "fetched"
                    self._duckdb.unregister("fetched")
        except sa.exc.SQLAlchemyError as error:
            raise SchemaError(
                f"Table '{table}' of the database cannot be read ({type(error).__name__}). Check "
                "the rights of the user and the connection."
            ) from None

    def count(self, table: str) -> int | None:
        """Rows of the whole table."""
        import sqlalchemy as sa

        counted = sa.select(sa.func.count()).select_from(self._tables[table])
        return int(self._connection.execute(counted).scalar_one())

    def finish(self, rejections: Rejections) -> None:
        """Nothing is left out."""
