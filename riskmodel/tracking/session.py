"""A call of MLflow that leaves its caller's session as it was, and refuses in one sentence.

The store is MLflow's default (a SQLite file in the working folder) unless ``MLFLOW_TRACKING_URI``
or the caller says otherwise.
"""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskmodel.errors import SchemaError

if TYPE_CHECKING:
    from mlflow import MlflowClient

_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
_IMPATIENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
}
"""Of the one call that finds out whether a server answers at all."""
_ANSWERED: set[str] = set()
"""Servers that answered this process."""
_LOUD = ("alembic", "mlflow.store.db.utils", "mlflow.pyfunc")


@contextmanager
def session() -> Iterator[Any]:
    """MLflow, quiet; autologging rests, and environment and loggers are put back afterwards.

    Raises
    ------
    SchemaError
        When MLflow refuses inside; a password in the store's address is not shown.
    """
    levels = {name: logging.getLogger(name).level for name in _LOUD}
    with _environment(_QUIET):
        import mlflow
        from mlflow.exceptions import MlflowException
        from mlflow.utils.autologging_utils import disable_autologging
        from sqlalchemy.exc import SQLAlchemyError

        for name in _LOUD:
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            _ask(mlflow)
            with disable_autologging():
                yield mlflow
        except (MlflowException, SQLAlchemyError, OSError) as error:
            said = str(error).splitlines()[0].rstrip(".")[:300]
            raise SchemaError(
                f"MLflow at '{_address(mlflow)}' refused: {without_password(said)}. "
                "Check the name and MLFLOW_TRACKING_URI."
            ) from None
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


def _ask(mlflow: Any) -> None:
    """Whether a server answers, before anything waits for it through MLflow's many retries."""
    uri = str(mlflow.get_tracking_uri())
    if uri.startswith("http") and uri not in _ANSWERED:
        with _environment(_IMPATIENT):
            mlflow.search_experiments(max_results=1)
        _ANSWERED.add(uri)


def client() -> "MlflowClient":
    """A client of the store in use, within a `session`."""
    from mlflow import MlflowClient

    return MlflowClient()


def check_store() -> None:
    """Refuse, before any work and within seconds, a store that does not answer.

    Raises
    ------
    SchemaError
    """
    with session() as mlflow:
        mlflow.search_experiments(max_results=1)


def store() -> str:
    """Address of the store in use, without a password; a file from the working folder on."""
    with session() as mlflow:
        return _address(mlflow)


def _address(mlflow: Any) -> str:
    address = without_password(str(mlflow.get_tracking_uri()))
    return address.replace(f"sqlite:///{Path.cwd()}/", "sqlite:///")


def without_password(text: str) -> str:
    """A text without what stands before the host in an address.

    Examples
    --------
    >>> without_password("postgresql://me:secret@host/db is away")
    'postgresql://...@host/db is away'
    """
    return re.sub(r"//[^/@\s]*@", "//...@", text)


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Variables set where the user has not set them, and only here."""
    mine = [name for name in wanted if name not in os.environ]
    os.environ.update({name: wanted[name] for name in mine})
    try:
        yield
    finally:
        for name in mine:
            os.environ.pop(name, None)
