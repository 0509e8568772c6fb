"""Tables of TOML as models: every fault of a file at once, told in sentences of ours.

A room declares a `Table` for each table that people write, with `must` where a type alone does not
say what is allowed, and turns each `Fault` into its own sentence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    WrapValidator,
)
from pydantic_core import PydanticCustomError


class Table(BaseModel):
    """A table of TOML: no key without a use, nothing converted but a whole number to a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=True)


Model = TypeVar("Model", bound=BaseModel)
_KINDS = {
    "string_type": "str",
    "float_type": "int or float",
    "int_type": "int",
    "bool_type": "bool",
    "list_type": "list",
    "dict_type": "dict",
    "model_type": "dict",
    "model_attributes_type": "dict",
}
"""What a value must be by its type alone, by pydantic's name of the fault."""


@dataclass(frozen=True)
class Fault:
    """One fault of a table.

    Attributes
    ----------
    path : tuple of str or int
        Keys and positions that lead to it, the last one its own key; empty for a fault of the
        table as a whole.
    kind : {"missing", "unknown", "wrong"}
    words : str
        What `must` says of a wrong value, else the type that it must have; empty for the others.
    seen : object
        The wrong value; None for the others.
    """

    path: tuple[str | int, ...]
    kind: Literal["missing", "unknown", "wrong"]
    words: str = ""
    seen: object = None

    @property
    def key(self) -> str:
        """Its path with points, such as ``gate.slope``."""
        return ".".join(map(str, self.path))


def must(words: str, check: Callable[[Any], bool] | None = None) -> WrapValidator:
    """Say every fault of a value, whatever it is, in `words`.

    Parameters
    ----------
    words : str
        Such as ``is not a positive number``, or what the value must be: the room that writes the
        sentence decides which.
    check : callable or None
        What a value of the right type must hold besides.

    Examples
    --------
    >>> from typing import Annotated
    >>> class Dose(Table):
    ...     per_kg: Annotated[float, must("is not above 0", lambda dose: dose > 0)]
    >>> [(fault.key, fault.words) for fault in faults(Dose, {"per_kg": -1.0, "drug": "x"})]
    [('per_kg', 'is not above 0'), ('drug', '')]
    """

    def validate(value: Any, inner: Callable[[Any], Any]) -> Any:
        try:
            found = inner(value)
        except ValidationError:
            raise PydanticCustomError("must", "{words}", {"words": words}) from None
        if check is not None and not check(found):
            raise PydanticCustomError("must", "{words}", {"words": words})
        return found

    return WrapValidator(validate)


def holds(words: str, check: Callable[[Any], bool]) -> AfterValidator:
    """Say in `words` what a value of the right type does not hold; faults within keep their own."""

    def validate(value: Any) -> Any:
        if not check(value):
            raise refuse(words)
        return value

    return AfterValidator(validate)


def one_of(allowed: Callable[[], Sequence[str]]) -> BeforeValidator:
    """One of these texts, and no other value; a function, for some stand in files."""

    def validate(value: Any) -> Any:
        if value not in allowed():
            raise refuse(f"is '{value}', allowed: {', '.join(allowed())}")
        return value

    return BeforeValidator(validate)


def whole(fewest: int) -> WrapValidator:
    """A whole number from `fewest` on."""
    return must(f"is not a whole number from {fewest}", lambda value: value >= fewest)


def refuse(words: str) -> PydanticCustomError:
    """What a validator of a table raises, such as where two of its keys do not go together."""
    return PydanticCustomError("must", "{words}", {"words": words})


def faults(
    model: type[BaseModel], table: Any, context: Mapping[str, Any] | None = None
) -> list[Fault]:
    """Every fault of a parsed table; none for one that the model reads."""
    try:
        model.model_validate(table, context=context)
    except ValidationError as error:
        return faults_of(error)
    return []


def faults_of(error: ValidationError) -> list[Fault]:
    """What pydantic found, in the order of the fields, unknown keys last."""
    found = []
    for entry in error.errors(include_url=False):
        path = tuple(entry["loc"])
        if entry["type"] == "missing":
            found.append(Fault(path, "missing"))
        elif entry["type"] == "extra_forbidden":
            found.append(Fault(path, "unknown"))
        else:
            words = entry.get("ctx", {}).get("words") or _KINDS.get(entry["type"], entry["msg"])
            words = str(words)
            found.append(Fault(path, "wrong", words, entry["input"]))
    return found


def read(
    model: type[Model],
    table: Any,
    tell: Callable[[list[Fault]], Exception],
    context: Mapping[str, Any] | None = None,
) -> Model:
    """The table as its model.

    Parameters
    ----------
    model : type
    table : mapping
        Parsed TOML.
    tell : callable
        Makes the error of all faults, in the words of the room.
    context : mapping or None
        What validators of the model ask besides, such as names that stand elsewhere in the file.

    Raises
    ------
    Exception
        What `tell` makes, where there is a fault.
    """
    try:
        return model.model_validate(table, context=context)
    except ValidationError as error:
        raise tell(faults_of(error)) from None
