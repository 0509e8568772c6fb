"""Codes as sources spell them."""

import re


def fold_code(code: str) -> str:
    """A code without case, spaces and dots, and without the system before it.

    Examples
    --------
    >>> fold_code("PROCEDURE//ICD10PCS//xw0 33c3"), fold_code("ICD10PCS:XW033C3")
    ('XW033C3', 'XW033C3')
    """
    return re.sub(r"[\s.]", "", re.split(r"//|[:|]", code)[-1]).upper()
