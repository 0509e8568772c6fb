"""Problems as problem+json (RFC 9457): what, which field, allowed, next step; no value sent."""

from collections.abc import Mapping, Sequence

MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """A request that is refused.

    Parameters
    ----------
    status : int
    detail : str
        One sentence or two.
    errors : sequence of mapping, optional
        Each with ``field`` and ``detail``.
    headers : mapping, optional
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
