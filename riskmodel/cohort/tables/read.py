"""Read a cohort folder: patients, labs and events as CSV or Parquet."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from riskmodel.cohort.frames import read_frames
from riskmodel.cohort.notation import PLAIN, Notation, notation_of, stated_decimal
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import Cohort
from riskmodel.cohort.tables.events import clean_events
from riskmodel.cohort.tables.labs import clean_labs
from riskmodel.cohort.tables.patients import clean_patients


def read_cohort(folder: Path | str, *, decimal: str = "", thousands: str = "") -> Cohort:
    """Read, validate and align a cohort folder.

    Parameters
    ----------
    folder : path
        Holds ``patients``, ``labs`` and ``events``, each as ``.csv`` or ``.parquet``, in the
        form of the cohort contract.
    decimal, thousands : str
        Signs in the numbers of the files, where they do not tell them: see `Notation`.

    Returns
    -------
    Cohort
        Times in hours from the infusion, analytes in their canonical units. Rows and cells
        that cannot be used stand in ``rejected`` with a reason; they stop nobody else.

    Raises
    ------
    SchemaError
        When the folder, a table or a needed column is missing, a file is unreadable, or the
        patients table is empty. All such faults are named at once.
    """
    folder = Path(folder)
    rejections = Rejections()
    stated = stated_decimal(decimal, thousands)
    frames = read_frames(folder, rejections)
    return assemble(frames, rejections, folder.name, notation_of(frames, stated, folder))


def assemble(
    frames: Mapping[str, pd.DataFrame],
    rejections: Rejections,
    name: str,
    notation: Notation = PLAIN,
) -> Cohort:
    """Clean and align charted tables: where every reader ends.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        ``patients``, ``labs`` and ``events`` with the columns of the cohort contract, as charted.
    rejections : Rejections
        May already hold what the reader itself had to leave out.
    name : str
        Where the cohort came from, for messages.
    notation : Notation
        How the tables write their numbers and dates, decided from all of their rows: these may be
        some patients' only. Without it, a text that can be read in two ways is refused.
    """
    patients = clean_patients(frames["patients"], rejections, notation)
    labs = clean_labs(frames["labs"], patients, rejections, notation)
    events = clean_events(frames["events"], patients, rejections, notation)
    return Cohort(
        patients=patients.table,
        labs=labs,
        events=events,
        rejected=rejections.frame(),
        notes=rejections.notes,
        name=name,
    )
