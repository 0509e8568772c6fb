"""Cells of a dataset's part as text."""

import pandas as pd


def text_of(part: pd.DataFrame, name: str) -> pd.Series:
    """A column as text, empty where missing; all empty where it is absent.

    Examples
    --------
    >>> text_of(pd.DataFrame({"AESEQ": [7.0, None]}), "AESEQ").tolist()
    ['7', '']
    """
    if name not in part:
        return pd.Series("", index=part.index, dtype="str")
    column = part[name]
    if pd.api.types.is_float_dtype(column.dtype):
        column = column.map(lambda number: f"{number:.15g}", na_action="ignore")
    return column.astype("str").fillna("").str.strip()


def texts_of(part: pd.DataFrame, *names: str) -> list[list[str]]:
    """Some columns as lists of text."""
    return [text_of(part, name).tolist() for name in names]
