"""Read the keys of a definition's TOML so that none is mistyped, missing or without a use."""

from collections.abc import Mapping
from typing import Any

from riskmodel.cohort import analytes
from riskmodel.criteria.truth import COMPARISONS
from riskmodel.errors import SchemaError


class Keys:
    """The keys of one TOML table; each must be taken once, and `finish` refuses what is left.

    A table may say ``unverified = true``: what stands in it rests on memory, not on its source.

    Parameters
    ----------
    entries : mapping
        The parsed table; it is not changed.
    where : str
        How messages name the table.

    Examples
    --------
    >>> keys = Keys({"window_hours": 72, "windw": 1}, "astct-2024")
    >>> keys.number("window_hours")
    72.0
    >>> keys.finish()
    Traceback (most recent call last):
    ...
    riskmodel.errors.SchemaError: Definition 'astct-2024' has unknown keys: windw. Remove them.
    """

    def __init__(self, entries: Mapping[str, Any], where: str) -> None:
        self._left = dict(entries)
        self._where = where
        self._tables: list[Keys] = []
        self._unverified = self.flag("unverified")

    def text(self, key: str, allowed: tuple[str, ...] = ()) -> str:
        """A text, one of `allowed` where that is given."""
        value = self._take(key, str)
        if allowed and value not in allowed:
            raise self._wrong(key, f"one of {', '.join(allowed)}", value)
        return str(value)

    def texts(self, key: str, allowed: tuple[str, ...] = (), *, least: int = 0) -> tuple[str, ...]:
        """A list of at least `least` texts, each one of `allowed` where that is given."""
        value = self._take(key, list)
        if not all(isinstance(item, str) for item in value):
            raise self._wrong(key, "a list of texts", value)
        if allowed and not set(value) <= set(allowed):
            raise self._wrong(key, f"some of {', '.join(allowed)}", value)
        if len(value) < least:
            raise self._wrong(key, f"a list of at least {least}", value)
        return tuple(value)

    def number(self, key: str) -> float:
        """A number."""
        return float(self._take(key, (int, float)))

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of numbers."""
        value = self._take(key, list)
        if not all(isinstance(item, int | float) and not isinstance(item, bool) for item in value):
            raise self._wrong(key, "a list of numbers", value)
        return tuple(float(item) for item in value)

    def whole(self, key: str) -> int:
        """A positive whole number."""
        value = self._take(key, int)
        if value < 1:
            raise self._wrong(key, "a whole number from 1", value)
        return int(value)

    def flag(self, key: str) -> bool:
        """Whether the key stands there; its only value is ``true``."""
        if key not in self._left:
            return False
        value = self._take(key, bool)
        if not value:
            raise self._wrong(key, "true, or left out", value)
        return True

    def comparison(self, key: str) -> str:
        """One of ``<``, ``<=``, ``>``, ``>=``."""
        return self.text(key, COMPARISONS)

    def analyte(self, key: str, unit_key: str) -> str:
        """An analyte whose canonical unit stands under `unit_key`."""
        name = self.text(key, tuple(analytes()))
        self.text(unit_key, (analytes()[name].unit,))
        return name

    def table(self, key: str) -> "Keys":
        """A table inside this one."""
        inner = Keys(self._take(key, dict), f"{self._where}.{key}")
        self._tables.append(inner)
        return inner

    def names(self) -> tuple[str, ...]:
        """The keys not taken so far."""
        return tuple(self._left)

    def unverified(self) -> tuple[str, ...]:
        """Paths of the tables taken so far, this one included, that say ``unverified = true``.

        Examples
        --------
        >>> keys = Keys({"signs": {"fever": {"unverified": True}}}, "mine")
        >>> _ = keys.table("signs").table("fever")
        >>> keys.unverified()
        ('signs.fever',)
        """
        _, _, path = self._where.partition(".")
        own = (path or "all of it",) if self._unverified else ()
        return (*own, *(found for inner in self._tables for found in inner.unverified()))

    def finish(self) -> None:
        """Raise unless every key of this table and of those inside it was taken.

        Raises
        ------
        SchemaError
            Naming the table and the keys.
        """
        if self._left:
            raise SchemaError(
                f"Definition '{self._where}' has unknown keys: {', '.join(sorted(self._left))}. "
                "Remove them."
            )
        for inner in self._tables:
            inner.finish()

    def _take(self, key: str, kind: type | tuple[type, ...]) -> Any:
        if key not in self._left:
            raise SchemaError(f"Definition '{self._where}' has no key '{key}'. Add it.")
        value = self._left.pop(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            raise self._wrong(key, " or ".join(k.__name__ for k in kinds), value)
        return value

    def _wrong(self, key: str, allowed: str, seen: object) -> SchemaError:
        return SchemaError(
            f"Definition '{self._where}' has '{key}' = {seen!r}; it must be {allowed}. Correct it."
        )
