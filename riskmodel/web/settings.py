"""What a server is told when it starts, and what it takes at most."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from riskmodel.errors import SchemaError

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Limits:
    """The most that one request may ask for.

    Attributes
    ----------
    body_bytes : int
        Of a request's body.
    patients, rows : int
        Patients of one request, and its results and events together.
    cell_characters : int
        Of one text.
    body_seconds : float
        Until a request's body has arrived.
    parallel : int
        Connections at a time; one more is told to come back.
    threads : int
        Requests worked on at a time; the others wait.
    """

    body_bytes: int = 8_000_000
    patients: int = 500
    rows: int = 50_000
    cell_characters: int = 500
    body_seconds: float = 20.0
    parallel: int = 128
    threads: int = 4


@dataclass(frozen=True)
class Settings:
    """Where to listen, who may ask, and what is written down.

    Attributes
    ----------
    host, port : str, int
    token : str
        Asked of every request where it is not empty.
    behind_proxy : bool
        Whether a proxy in front decides who may ask.
    allowed_hosts : tuple of str
        Names, beside `host` and those of the machine itself, that a request may be addressed to.
    audit_log : Path or None
        Where requests are noted, with hashed identifiers; nowhere by default.
    limits : Limits
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str = ""
    behind_proxy: bool = False
    allowed_hosts: tuple[str, ...] = ()
    audit_log: Path | None = None
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        """Refuse a server that anyone on a network could ask."""
        if not is_loopback(self.host) and not self.token and not self.behind_proxy:
            raise SchemaError(
                f"Host '{self.host}' can be reached from other machines. Give --token (or "
                "RISKMODEL_TOKEN), or say --behind-proxy where a proxy decides who may ask."
            )
        if self.token and len(self.token) < 16:
            raise SchemaError(
                f"The token has {len(self.token)} characters; 16 are the fewest. Make one with: "
                "python -c 'import secrets; print(secrets.token_urlsafe())'."
            )

    @property
    def hosts(self) -> frozenset[str]:
        """Names that a request may be addressed to, without ports."""
        own = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset(name.casefold() for name in (*LOOPBACK_NAMES, own, *self.allowed_hosts))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
