"""SAS transport files (XPT), version 5 and 8: one table a member, read a part at a time.

The layout is that of SAS's record specification: cards of 80 bytes, numbers as IBM hexadecimal
floating point.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Floats
from riskmodel.errors import SchemaError

CARD = 80
ROWS = 50_000
_MOST_COLUMNS = 5_000
_LONGEST_ROW = 1 << 22


class _Column(NamedTuple):
    name: str
    numeric: bool
    start: int
    length: int


def _damaged(path: Path, said: str) -> SchemaError:
    return SchemaError(
        f"File '{path.name}' cannot be read as a SAS transport file: {said}. Write it again as "
        "XPT version 5 or 8, Dataset-JSON or CSV."
    )


def ibm_numbers(cells: npt.NDArray[np.uint8]) -> Floats:
    """IBM hexadecimal numbers as float64, NaN for SAS's missing values.

    Parameters
    ----------
    cells : uint8 array of shape (n, length), length 2 to 8

    Examples
    --------
    >>> ibm_numbers(np.array([[0x41, 0x10, 0, 0], [0x2E, 0, 0, 0]], dtype=np.uint8)).tolist()
    [1.0, nan]
    """
    whole = np.zeros((len(cells), 8), dtype=np.uint8)
    whole[:, : cells.shape[1]] = cells
    bits = whole.view(">u8").ravel().astype(np.uint64)
    sign = np.where(bits >> np.uint64(63), -1.0, 1.0)
    exponent = ((bits >> np.uint64(56)) & np.uint64(0x7F)).astype(np.int64) - 64
    fraction = (bits & np.uint64(0x00FFFFFFFFFFFFFF)).astype(np.float64)
    value = sign * np.ldexp(fraction, 4 * exponent - 56)
    first, rest = whole[:, 0], whole[:, 1:].any(axis=1)
    letters = (first >= ord("A")) & (first <= ord("Z"))
    missing = ~rest & ((first == ord(".")) | (first == ord("_")) | letters)
    return np.asarray(np.where(missing, np.nan, value))


def _card(source: IO[bytes], path: Path) -> bytes:
    card = source.read(CARD)
    if len(card) < CARD:
        raise _damaged(path, "it breaks off")
    return card


def _columns(source: IO[bytes], path: Path) -> list[_Column]:
    """The columns of the next member, after whose header the rows begin."""
    size = 140
    for _ in range(100):
        card = _card(source, path)
        kind = card[20:28].strip()
        if kind in (b"MEMBER", b"MEMBV8"):
            size = int(card[74:78].strip() or b"140")
        if kind in (b"NAMESTR", b"NAMSTV8"):
            break
    else:
        raise _damaged(path, "it has no list of columns")
    digits = card[54:58].strip()
    count = int(digits) if digits.isdigit() else 0
    if not 0 < count <= _MOST_COLUMNS or size not in (136, 140):
        raise _damaged(path, "its number of columns is none")
    block = source.read(-(-count * size // CARD) * CARD)
    if len(block) < count * size:
        raise _damaged(path, "it breaks off")
    found = []
    for k in range(count):
        name = block[k * size : (k + 1) * size]
        kind_code, _, length = struct.unpack(">hhh", name[:6])
        (start,) = struct.unpack(">i", name[84:88])
        short, long = name[8:16], name[88:120] if card[20:28].strip() == b"NAMSTV8" else b""
        text = (long.strip(b"\0 ") or short.strip(b"\0 ")).decode("ascii", "replace")
        if length <= 0 or start < 0 or start + length > _LONGEST_ROW:
            raise _damaged(path, "a column has no place")
        if kind_code == 1 and not 2 <= length <= 8:
            raise _damaged(path, "a number has an unknown length")
        found.append(_Column(text.upper(), kind_code == 1, start, length))
    for _ in range(2 * count + 100):
        if _card(source, path)[20:28].strip() in (b"OBS", b"OBSV8"):
            return found
    raise _damaged(path, "it has no rows")


def _decoded(cells: npt.NDArray[np.uint8]) -> pd.Series:
    width = cells.shape[1]
    raw = np.ascontiguousarray(cells).view(f"S{width}").ravel()
    codes, distinct = pd.factorize(raw.astype(object))
    words = []
    for one in distinct:
        try:
            text = bytes(one).decode("utf-8")
        except UnicodeDecodeError:
            text = bytes(one).decode("cp1252", "replace")
        words.append(text.strip())
    return pd.Series(np.array([*words, ""], dtype=object)[codes], dtype="str")


def read_xpt(path: Path) -> Iterator[pd.DataFrame]:
    """The rows of the first member, a part at a time; columns in upper case.

    Raises
    ------
    SchemaError
        When it is no such file, or breaks off before its rows.
    """
    with path.open("rb") as source:
        head = _card(source, path)
        if not head.startswith(b"HEADER RECORD*******") or b"LIB" not in head[20:28]:
            raise _damaged(path, "it does not begin as one")
        try:
            columns = _columns(source, path)
        except (struct.error, ValueError):
            raise _damaged(path, "its header is damaged") from None
        width = max(column.start + column.length for column in columns)
        rest = b""
        while chunk := source.read(width * ROWS):
            chunk = rest + chunk
            end = chunk.find(b"HEADER RECORD*******MEMB")
            if end >= 0:
                chunk = chunk[:end]
            whole = len(chunk) // width
            rest = chunk[whole * width :]
            rows = np.frombuffer(chunk, dtype=np.uint8, count=whole * width).reshape(whole, width)
            # The last card is filled up with spaces; a row of the table is never all spaces.
            rows = rows[(rows != ord(" ")).any(axis=1)]
            yield pd.DataFrame(
                {
                    c.name: ibm_numbers(rows[:, c.start : c.start + c.length])
                    if c.numeric
                    else _decoded(rows[:, c.start : c.start + c.length])
                    for c in columns
                }
            )
            if end >= 0:
                return
