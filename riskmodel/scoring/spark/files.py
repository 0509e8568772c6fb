"""Folders and files of an output on whatever file system Spark writes to."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def _hadoop(session: "SparkSession", path: str) -> tuple[Any, Any, Any]:
    """Java's class of paths, this path and its file system."""
    jvm: Any = session.sparkContext._jvm
    make = jvm.org.apache.hadoop.fs.Path
    there = make(path)
    return make, there, there.getFileSystem(session.sparkContext._jsc.hadoopConfiguration())


def check_folders(session: "SparkSession", folders: Sequence[str]) -> None:
    """Refuse an output folder that holds what Spark did not write.

    Raises
    ------
    SchemaError
    """
    for folder in folders:
        make, there, files = _hadoop(session, folder)
        if files.exists(there) and not files.exists(make(there, "_SUCCESS")):
            raise SchemaError(
                f"'{folder}' exists and was not written by Spark. It was left as it is: choose "
                "another folder."
            )


def remove(session: "SparkSession", folders: Sequence[str]) -> None:
    """Remove folders that may be there."""
    for folder in folders:
        _, there, files = _hadoop(session, folder)
        files.delete(there, True)


def replace_folders(session: "SparkSession", folders: Mapping[str, str]) -> None:
    """Put complete folders in place, the earlier ones away; on object stores a rename is a copy.

    Raises
    ------
    SchemaError
        When the file system refuses.
    """
    from py4j.protocol import Py4JError

    for partial, out in folders.items():
        make, there, files = _hadoop(session, out)
        old = make(f"{out}.old")
        files.delete(old, True)
        try:
            moved = not files.exists(there) or files.rename(there, old)
            done = moved and files.rename(make(partial), there)
        except Py4JError:
            done = False
        if not done:
            raise SchemaError(
                f"'{partial}' could not be renamed to '{out}'. It is complete: rename it by hand; "
                f"what stood there before may be '{out}.old'."
            )
        files.delete(old, True)


def write_text(session: "SparkSession", path: str, text: str) -> None:
    """Write a text file."""
    _, there, files = _hadoop(session, path)
    stream = files.create(there, True)
    stream.write(bytearray(text, "utf-8"))
    stream.close()
