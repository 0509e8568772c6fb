"""Read and write files so that nothing is ever half-written, and find the shipped material.

A wheel carries the folders that people edit (features/, training/, models/) inside the package; a
checkout keeps them beside it.
"""

import secrets
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from riskmodel.errors import SchemaError

_PACKAGE = Path(__file__).resolve().parent


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file.

    Raises
    ------
    SchemaError
        When the file is absent, not UTF-8 or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SchemaError(f"File '{path}' does not exist.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SchemaError(f"File '{path}' is not valid TOML: {error}.") from None


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`, renamed onto it only when the block succeeds.

    Works for a file and for a folder. The ending of the name is kept, so that writers
    that look at it still choose the right format.
    """
    if path.is_dir() and path.suffix:
        raise SchemaError(f"'{path}' is a folder. Give the name of a file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(4)
    temporary = path.with_name(f".{path.stem}.{token}{path.suffix}")
    try:
        yield temporary
        if temporary.is_dir() and path.exists():
            old = path.with_name(f".{path.name}.{token}.old")
            path.rename(old)
            temporary.rename(path)
            shutil.rmtree(old)
        else:
            temporary.replace(path)
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary)
        else:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def check_output_folder(folder: Path, marker: str) -> None:
    """Refuse a folder that must not or cannot be written, or be replaced.

    Parameters
    ----------
    folder : Path
    marker : str
        A file that every folder of this kind holds: one with it may be replaced.

    Raises
    ------
    SchemaError
        When `folder` or one above it is a file, or it holds something of another kind.
    """
    files = [path for path in (folder, *folder.parents) if path.is_file()]
    if files:
        raise SchemaError(
            f"'{files[0]}' is a file, not a folder. It was left as it is: choose another."
        )
    if folder.is_dir() and any(folder.iterdir()) and not (folder / marker).exists():
        raise SchemaError(
            f"'{folder}' exists and holds no {marker}. It was left as it is: choose another "
            "folder, or empty it."
        )


def table_format(path: Path) -> str:
    """``"csv"`` or ``"parquet"`` by the ending of `path`.

    Raises
    ------
    SchemaError
        For any other ending.
    """
    ending = path.suffix.lower()
    if ending in (".csv", ".parquet"):
        return ending[1:]
    raise SchemaError(
        f"Output '{path}' ends in '{ending}'. Allowed endings: .csv, .parquet. Rename the output."
    )


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV or Parquet by its ending, complete or not at all."""
    kind = table_format(path)
    with replacing(path) as temporary:
        if kind == "csv":
            frame.to_csv(temporary, index=False, lineterminator="\n")
        else:
            frame.to_parquet(temporary, index=False)


def material(folder: str, *parts: str) -> Path:
    """Path of a file or folder of the shipped material.

    Parameters
    ----------
    folder : {"features", "training", "models"}
        The top folder.
    *parts : str
        Names below it.

    Raises
    ------
    SchemaError
        When it is neither in the wheel nor in a checkout.

    Examples
    --------
    >>> material("features", "baseline.toml").name
    'baseline.toml'
    """
    for root in (_PACKAGE / "_material", _PACKAGE.parent):
        path = root.joinpath(folder, *parts)
        if path.exists():
            return path
    raise SchemaError(
        f"The shipped material '{'/'.join((folder, *parts))}' was not found in the installed "
        "package nor in a checkout. Install riskmodel again."
    )
