"""The audit log: who was scored when, with hashed identifiers; lines are only ever added."""

import hashlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from riskmodel.errors import SchemaError

KEY_VARIABLE = "RISKMODEL_AUDIT_KEY"


class AuditLog:
    """One JSON object a line; each carries the SHA-256 of the line before it.

    Identifiers are keyed hashes. The key is that of the environment variable
    ``RISKMODEL_AUDIT_KEY``; without it a new one is made at each start, so that a patient can be
    followed within one run of the server only. The key is never written.

    Parameters
    ----------
    path : Path or None
        None writes nothing.

    Raises
    ------
    SchemaError
        When the file cannot be opened, or its last line is not one of an audit log.
    """

    def __init__(self, path: Path | None) -> None:
        given = os.environ.get(KEY_VARIABLE, "")
        self._key = given.encode() if given else secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._file: int | None = None
        self._last = ""
        if path is not None:
            self._last = _last_line(path)
            try:
                self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            except OSError as error:
                raise SchemaError(
                    f"Audit log '{path}' cannot be opened: {error.strerror}."
                ) from None
            self.note("start", lasting_key=bool(given))

    def note(self, door: str, patients: Iterable[str] = (), **facts: Any) -> None:
        """Add one line.

        Parameters
        ----------
        door : str
            What was asked for.
        patients : iterable of str
            Identifiers; only their hashes are written.
        **facts
            JSON types; no value of a patient.
        """
        if self._file is None:
            return
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "door": door,
            "patients": [self._hashed(name) for name in patients],
            **facts,
        }
        with self._lock:
            previous = hashlib.sha256(self._last.encode()).hexdigest() if self._last else ""
            self._last = json.dumps({**entry, "previous": previous}, sort_keys=True)
            os.write(self._file, f"{self._last}\n".encode())

    def _hashed(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()[:32]

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _last_line(path: Path) -> str:
    if not path.exists():
        return ""
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines:
        return ""
    try:
        told = json.loads(lines[-1])
    except ValueError:
        told = None
    if not isinstance(told, dict) or "previous" not in told:
        raise SchemaError(
            f"'{path}' does not end as an audit log does. It was left as it is: name another file."
        )
    return lines[-1]
