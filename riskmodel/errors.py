"""The two exceptions of the package.

A message says what, where, seen, allowed and the next step, and never holds a
patient's values beyond the key that finds the row.
"""


class SchemaError(ValueError):
    """Material that cannot be used: a cohort, catalogue, design or model folder."""


class UnitError(SchemaError):
    """A unit that is unknown, or that does not belong to its analyte."""
