"""What an OMOP source is, and the workspace that reads it.

Each source names its tables and columns in lower case and gives a table as a relation of one
DuckDB connection, the workspace, which filters it before anything reaches pandas.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from riskmodel.cohort.rejections import Rejections
from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_LIMIT = "600MB"


@dataclass(frozen=True)
class Where:
    """Rows of which any named column is one of these texts, or contains one.

    Upper case is compared; `containing` also leaves out spaces and dots.
    """

    among: Mapping[str, Sequence[str]] = field(default_factory=dict)
    containing: Mapping[str, Sequence[str]] = field(default_factory=dict)


def squeezed(text: str) -> str:
    """Upper case without spaces and dots: what `Where.containing` compares."""
    return text.upper().replace(" ", "").replace(".", "")


class Source(Protocol):
    """The tables of one OMOP source."""

    @property
    def name(self) -> str:
        """Name for people."""

    @property
    def tables(self) -> Mapping[str, Sequence[str]]:
        """Columns of each table, in lower case."""

    def scan(
        self,
        table: str,
        columns: Sequence[str],
        *,
        where: Where | None = None,
        people: Sequence[str] | None = None,
    ) -> Iterator[str]:
        """Relations of the workspace (text for a FROM clause) that together hold the rows.

        They may hold more rows than `where` and `people` ask for, never fewer.
        """

    def count(self, table: str) -> int | None:
        """Rows of a table where `scan` leaves out other people, None where it gives them all."""

    @property
    def finish(self) -> Callable[[Rejections], None]:
        """Records what could not be read."""


@dataclass(frozen=True)
class WholeTables:
    """A source whose tables the workspace reads itself, filtering while it reads.

    Attributes
    ----------
    name : str
    tables : mapping of str to sequence of str
        Columns of each table, in lower case.
    relations : mapping of str to str
        Text for a FROM clause of the workspace, by table.
    finish : callable(Rejections)
        Records what could not be read.
    """

    name: str
    tables: Mapping[str, Sequence[str]]
    relations: Mapping[str, str]
    finish: Callable[[Rejections], None] = lambda _: None

    def scan(
        self,
        table: str,
        columns: Sequence[str],
        *,
        where: Where | None = None,
        people: Sequence[str] | None = None,
    ) -> Iterator[str]:
        """The whole table."""
        yield self.relations[table]

    def count(self, table: str) -> int | None:
        """All rows come through `scan`."""
        return None


def quoted(name: str) -> str:
    """An SQL identifier, whatever characters it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL text, whatever characters it holds."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def workspace() -> Iterator["DuckDBPyConnection"]:
    """A DuckDB connection on a private temporary folder, which is removed at the end."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="riskmodel-omop-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": folder,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": False,
        }
        connection = duckdb.connect(str(Path(folder) / "work.duckdb"), config=settings)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()


def folder_of(connection: "DuckDBPyConnection") -> Path:
    """The folder of a workspace."""
    return Path(connection.execute("SELECT current_setting('temp_directory')").fetchall()[0][0])


def seal(connection: "DuckDBPyConnection", files: Sequence[Path] = ()) -> None:
    """Let SQL of the source (a view of a database, say) open no file but these."""
    allowed = ", ".join(literal(str(path)) for path in files)
    connection.execute(f"SET allowed_paths = [{allowed}]")
    connection.execute(f"SET allowed_directories = [{literal(str(folder_of(connection)))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def locate(
    seen: Mapping[str, Mapping[str, object]],
    wanted: Sequence[str],
    schemas: tuple[str | None, str | None],
) -> dict[str, tuple[str, str]]:
    """Schema and name of each wanted table of a database.

    Parameters
    ----------
    seen : mapping
        Tables by schema, as named there.
    schemas : (str or None, str or None)
        Schemas of the clinical tables and of ``concept``, None to look for them: the one schema
        with ``person``, and for ``concept`` the same or else the one schema that has it.

    Raises
    ------
    SchemaError
        When more than one schema could be meant, or a named one is not there.
    """

    def having(table: str) -> list[str]:
        return [s for s, tables in seen.items() if table in {t.lower() for t in tables}]

    clinical, vocabulary = schemas
    for name in (clinical, vocabulary):
        if name is not None and name not in seen:
            shown = ", ".join(sorted(seen)) or "none"
            raise SchemaError(f"The database has no schema '{name}' (schemas seen: {shown}).")
    if clinical is None:
        found = having("person")
        if len(found) > 1:
            raise SchemaError(
                f"The schemas {', '.join(sorted(found))} all have a table 'person'. Name one in a "
                'mapping file: [source] schema = "...".'
            )
        clinical = found[0] if found else next(iter(seen), "")
    if vocabulary is None:
        found = having("concept")
        vocabulary = clinical if clinical in found or len(found) != 1 else found[0]
    places = {}
    for table in wanted:
        schema = vocabulary if table == "concept" else clinical
        named = [t for t in seen.get(schema, {}) if t.lower() == table]
        if len(named) > 1:
            raise SchemaError(f"Schema '{schema}' has the tables {' and '.join(named)}. Keep one.")
        if named:
            places[table] = (schema, named[0])
    return places
