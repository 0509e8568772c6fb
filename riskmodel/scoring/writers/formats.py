"""The formats that `--format` names, and what each needs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from riskmodel.errors import SchemaError
from riskmodel.scoring.writers.adam import adam_rows
from riskmodel.scoring.writers.fhir import fhir_resources
from riskmodel.scoring.writers.meds import meds_rows, unlabelled_rows
from riskmodel.scoring.writers.omop import omop_rows

INFUSION, OUTCOME, PLACE = "__infusion_time", "__outcome", "__place"
"""Columns that score rows carry for the writers and that no table shows."""


class Format(NamedTuple):
    """One form of the output.

    Attributes
    ----------
    endings : sequence of str
    table : callable or None
        Score rows to the rows of a table.
    resources : callable or None
        Score rows to JSON resources.
    aside : callable or None
        Score rows to a second table, written beside the first as ``NAME.unlabelled``.
    dated : bool
        Whether a row needs a date, so that a patient without one cannot be written.
    numbered : bool
        Whether patients are whole numbers there.
    outcomes : bool
        Whether it holds what became of the patient, where that is known.
    """

    endings: Sequence[str]
    table: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    resources: Callable[[pd.DataFrame], Iterator[dict[str, Any]]] | None = None
    aside: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    dated: bool = False
    numbered: bool = False
    outcomes: bool = False


def _as_they_are(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(columns=[INFUSION, OUTCOME, PLACE], errors="ignore")


_TABLE = (".csv", ".parquet")
FORMATS: Mapping[str, Format] = {
    "cohort": Format(_TABLE, table=_as_they_are),
    "meds": Format(
        _TABLE, table=meds_rows, aside=unlabelled_rows, dated=True, numbered=True, outcomes=True
    ),
    "omop": Format(_TABLE, table=omop_rows, dated=True, numbered=True),
    "adam": Format((*_TABLE, ".xpt"), table=adam_rows),
    "fhir": Format((".ndjson", ".json"), resources=fhir_resources),
}


def check_output(out: Path, name: str) -> None:
    """Refuse an ending that the format does not have, and a place that holds a folder.

    Raises
    ------
    SchemaError
    """
    endings = FORMATS[name].endings
    if out.suffix.lower() not in endings:
        raise SchemaError(
            f"Output '{out}' ends in '{out.suffix}'. Endings of format '{name}': "
            f"{', '.join(endings)}. Rename the output."
        )
    if out.is_dir():
        raise SchemaError(f"'{out}' is a folder. Give the name of a file.")
