"""Columns of text: stripped, with empty cells told apart, and each distinct text held once.

A cohort of millions of results repeats a few hundred names, units and identifiers. What is done to
a text is done to each distinct one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes, Flags


def _plain_number(value: float) -> str:
    """A number as a person writes it: whole ones without a decimal point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def text_column(table: pd.DataFrame, name: str) -> pd.Series:
    """A column as stripped text with NaN for empty; all empty where it is absent."""
    if name not in table:
        return pd.Series(np.nan, index=table.index, dtype="str")
    return _stripped(table[name])


def _stripped(column: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(column.dtype):
        column = column.map(_plain_number, na_action="ignore")
    text = column.astype("str").str.strip()
    return text.mask(text == "")


@dataclass(frozen=True)
class Texts:
    """A column as `text_column` reads it, each distinct text once.

    Attributes
    ----------
    codes : int64 array of shape (n,)
        Position in `words`, -1 where the cell is empty.
    words : str array of shape (m,)
        Distinct, none empty.
    """

    codes: Codes
    words: npt.NDArray[np.object_]

    @property
    def empty(self) -> Flags:
        """Whether each cell is empty."""
        return self.codes < 0

    def at(self, positions: Codes) -> npt.NDArray[np.object_]:
        """Texts of some rows, the empty text where the cell is empty."""
        return self._or("")[self.codes[positions]]

    def cells(self) -> npt.NDArray[np.object_]:
        """Text of every row, None where the cell is empty."""
        return self._or(None)[self.codes]

    def _or(self, empty: str | None) -> npt.NDArray[np.object_]:
        """The words, and last, for code -1, what stands for an empty cell."""
        return np.concatenate([self.words, np.array([empty], dtype=object)])

    def each(self, meaning: Callable[[str], Any], empty: Any) -> npt.NDArray[np.object_]:
        """What each distinct text means; the last entry, code -1, is that of an empty cell."""
        found = np.empty(len(self.words) + 1, dtype=object)
        found[:-1] = [meaning(word) for word in self.words]
        found[-1] = empty
        return found


def texts(table: pd.DataFrame, name: str) -> Texts:
    """A column's distinct texts; all cells empty where the column is absent."""
    if name not in table:
        return Texts(np.full(len(table), -1, dtype=np.int64), np.zeros(0, dtype=object))
    codes, distinct = distinct_cells(table[name])
    if distinct.dtype != "str":
        distinct = _stripped(distinct).fillna("")
    place: dict[str, int] = {"": -1}
    words = [place.setdefault(word.strip(), len(place) - 1) for word in distinct]
    del place[""]
    return Texts(np.array([*words, -1], dtype=np.int64)[codes], np.array([*place], dtype=object))


def distinct_cells(column: pd.Series, *, keep_numbers: bool = False) -> tuple[Codes, pd.Series]:
    """Code of each cell, -1 where it is missing, and the distinct cells as charted.

    A column of objects becomes text, but for its numbers where they are to be kept.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(column.cat.codes, dtype=np.int64), pd.Series(column.cat.categories)
    if column.dtype == object:
        # 1, True and "1" are one cell to a dictionary, and three texts.
        text = column.astype("str")
        is_number = column.map(lambda cell: isinstance(cell, int | float)) & column.notna()
        if keep_numbers and is_number.any():
            codes, distinct = pd.factorize(text.mask(is_number))
            values, numbers = pd.factorize(column[is_number].astype("float64"))
            codes[is_number.to_numpy()] = values + len(distinct)
            return np.asarray(codes, dtype=np.int64), pd.Series([*distinct, *numbers], dtype=object)
        column = text
    codes, distinct = pd.factorize(column)
    return np.asarray(codes, dtype=np.int64), pd.Series(distinct)


def matches(column: pd.Series, pattern: str, *, whole: bool = False) -> Flags:
    """Whether each text of a column holds a pattern, or is one as a whole; empty cells do not.

    By the expressions of RE2, which a column of millions takes in a blink.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = pa.array(column, pa.large_string(), from_pandas=True)
    found = pc.match_substring_regex(cells, f"^(?:{pattern})$" if whole else pattern)
    return np.asarray(pc.fill_null(found, False).to_numpy(zero_copy_only=False), dtype=bool)
