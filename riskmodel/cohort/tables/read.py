"""Read a cohort folder: patients, labs and events as CSV or Parquet."""

from pathlib import Path

from riskmodel.cohort.frames import read_frames
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.tables.cohort import Cohort, assemble
from riskmodel.cohort.written.notation import notation_of, stated_decimal


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
