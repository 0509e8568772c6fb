"""Bodies of CDS Hooks 2.0 (https://cds-hooks.hl7.org/2.0/)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(min_length=1, max_length=200)]
_MOST_PREFETCHED = 20


class Loose(BaseModel):
    """A body that may carry more than is read, as the specification allows."""

    model_config = ConfigDict(extra="ignore")


class Context(Loose):
    """What the hook is about."""

    userId: Id | None = None  # noqa: N815
    patientId: Id  # noqa: N815
    encounterId: Id | None = None  # noqa: N815
    selections: Annotated[list[Id], Field(max_length=200)] | None = None
    draftOrders: dict[str, Any] | None = None  # noqa: N815


class HookRequest(Loose):
    """A call of a service. No server is called back: what is not prefetched is missing."""

    hook: Id
    hookInstance: Id  # noqa: N815
    context: Context
    prefetch: Annotated[dict[str, Any], Field(max_length=_MOST_PREFETCHED)] | None = None


class Coding(Loose):
    """A code."""

    code: Annotated[str, Field(max_length=200)] | None = None
    system: Annotated[str, Field(max_length=500)] | None = None
    display: Annotated[str, Field(max_length=500)] | None = None


class OverrideReason(Loose):
    """Why a card was dismissed; the user's comment is not kept."""

    reason: Coding | None = None
    userComment: str | None = None  # noqa: N815


class Feedback(Loose):
    """What became of a card."""

    card: Id
    outcome: Literal["accepted", "overridden"]
    outcomeTimestamp: Id  # noqa: N815
    overrideReason: OverrideReason | None = None  # noqa: N815


class FeedbackRequest(Loose):
    """What became of some cards."""

    feedback: Annotated[list[Feedback], Field(max_length=500)]
