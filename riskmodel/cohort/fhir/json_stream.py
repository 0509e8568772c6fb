"""JSON in pieces: members and elements of a text one by one, with faults passed over.

The parser of the standard library does the work on slices of bounded length; what it cannot
read is measured without recursion, so that the next piece can be found.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*+")
# Group 1 is empty where a string never ends.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+("?)|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NEAR = 2**16


class BrokenError(ValueError):
    """A piece of JSON that cannot be used, with the reason code of its rejection."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BrokenError("duplicate_key")
    return found


def _check_texts(value: Any, source: str) -> None:
    """Refuse half a surrogate pair: no file that is written afterwards could hold it."""
    if _SURROGATE.search(source) is not None:
        try:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except (UnicodeEncodeError, RecursionError):
            raise BrokenError("wrong_encoding") from None


_DECODER = json.JSONDecoder(object_pairs_hook=_object)


def decode(text: str) -> Any:
    """Value of a whole text.

    Raises
    ------
    BrokenError
        When it is not JSON, nests too deeply, names a key twice or holds an endless number.
    """
    try:
        value = _DECODER.decode(text)
        _check_texts(value, text)
        return value
    except BrokenError:
        raise
    except (ValueError, RecursionError):
        raise BrokenError("malformed_json") from None


class Cursor:
    """A position in a JSON text that moves on piece by piece.

    Attributes
    ----------
    text : str
    at : int
        Position of the next character to read.
    longest : int
        Characters that one piece may have.
    """

    def __init__(self, text: str, longest: int) -> None:
        self.text, self.at, self.longest = text, 0, longest
        self._broken_off = False
        self._line, self._counted = 1, 0
        self.skip_space()

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.text)

    def skip_space(self) -> None:
        """Move to the next character that is not white space."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def opens(self, sign: str) -> bool:
        """Whether `sign` stands here."""
        return self.text.startswith(sign, self.at)

    def take(self, sign: str) -> bool:
        """Move past `sign` and white space if it stands here."""
        if not self.opens(sign):
            return False
        self.at += len(sign)
        self.skip_space()
        return True

    def line(self) -> int:
        """Line of the present position, from 1."""
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def _lost(self) -> BrokenError:
        self.at, self._broken_off = len(self.text), True
        return BrokenError("file_cut_off")

    def _end(self) -> int | None:
        """Position after the string, object or array that opens here, None where none closes."""
        depth = 0
        for token in _TOKEN.finditer(self.text, self.at):
            seen = token[0]
            if token.start() == self.at and seen[0] == '"':
                return token.end() if token[1] else None
            if depth == 0 and token.start() != self.at:
                break
            if seen in ("{", "["):
                depth += 1
            elif seen in ("}", "]"):
                depth -= 1
                if depth <= 0:
                    return token.end()
            elif not token[1]:
                break
        return None

    def value(self) -> Any:
        """Read one value and white space; `BrokenError` instead of one that cannot be used."""
        near = self.text[self.at : self.at + _NEAR]
        try:
            found, length = _DECODER.raw_decode(near)
            _check_texts(found, near[:length])
        except (ValueError, RecursionError):
            start, end = self.at, self._end()
            if end is None:
                return self._lost()
            self.at = end
            self.skip_space()
            if end - start > self.longest:
                return BrokenError("record_too_long")
            try:
                return decode(self.text[start:end])
            except BrokenError as error:
                return error
        self.at += length
        self.skip_space()
        return found

    def elements(self) -> Iterator[tuple[int, Any]]:
        """Line and value of each element of the array that opens here."""
        self.take("[")
        while not self.take("]"):
            line = self.line()
            yield line, self.value()
            if not self.take(",") and not self.opens("]"):
                if not self._broken_off:
                    yield line, self._lost()
                return

    def members(self) -> Iterator[tuple[int, str, Any]]:
        """Line, key and value of each member of the object that opens here.

        The elements of an array ``entry`` come one by one with the key ``entry[]``.
        """
        if not self.take("{"):
            yield self.line(), "", self._lost()
            return
        while not self.take("}"):
            line = self.line()
            key = self.value() if self.opens('"') else None
            if not isinstance(key, str) or not self.take(":"):
                yield line, "", self._lost()
                return
            if key == "entry" and self.opens("["):
                for where, value in self.elements():
                    yield where, "entry[]", value
            else:
                yield line, key, self.value()
            if not self.take(",") and not self.opens("}"):
                if not self._broken_off:
                    yield line, "", self._lost()
                return
