"""The cohort in memory: the form in which every reader ends and that everything after trusts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.arrays import Codes
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import INFUSION_RECORDS, REJECTED_COLUMNS
from riskmodel.cohort.tables.data_frames import charted
from riskmodel.cohort.tables.events import clean_events
from riskmodel.cohort.tables.labs import clean_labs
from riskmodel.cohort.tables.patients import clean_patients
from riskmodel.cohort.written.notation import PLAIN, Notation, notation_of, stated_decimal


def _counted(n: int, what: str) -> str:
    first, *rest = what.split(" or ")
    plural = " or ".join(f"{word}s" for word in (first, *rest))
    return f"{n:,} {what if n == 1 else plural}"


def _no_rejections() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in REJECTED_COLUMNS})


def _no_infusions() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in INFUSION_RECORDS})


@dataclass(frozen=True, repr=False, eq=False)
class Cohort:
    """Patients, their lab results and their clinical events, aligned and in canonical units.

    Attributes
    ----------
    patients : DataFrame
        One row per infusion, index 0..n-1 (the *patient code* of the other tables), all
        columns of the cohort contract present: ``patient_id`` text; ``infusion_time``
        datetime64[us] with NaT, in UTC where a zone was given; numbers float64 with NaN;
        flags pandas ``boolean`` with NA; choices and text ``str`` with NaN. Target antigen and
        costimulatory domain are filled from the product where they were empty.
    labs : DataFrame
        ``patient`` (int64 code), ``hours`` from the infusion (float64), ``analyte``
        (categorical), ``value`` (float64, canonical unit of analytes.toml), ``comparator``
        (int8: -2 ``<``, -1 ``<=``, 0 exact, 1 ``>=``, 2 ``>``), ``reference_low`` and
        ``reference_high`` (float64, canonical unit, NaN where not given). Sorted by patient,
        hours, analyte, value, comparator. Exact duplicates are merged; results that differ at
        the same time both stay.
    events : DataFrame
        ``patient``, ``hours``, ``event`` (categorical), ``grade`` (float64, NaN), ``value``
        (str, empty where not given). A row of grade 0 ends its event: see `happened`. Sorted by
        patient, hours, event, grade, value.
    rejected : DataFrame
        One row per rejected row or cell: ``table, row, patient_id, column, reason, detail``;
        ``row`` counts data rows of the input file from 1.
    notes : mapping
        Counts of what was converted, merged, derived or flagged, by kind and key.
    name : str
        Where the cohort came from, for messages.
    infusions : DataFrame
        Of a source that holds whole records: each record about an infusion, and what became of
        it (`INFUSION_RECORDS`, text). Empty for tables.
    """

    patients: pd.DataFrame
    labs: pd.DataFrame
    events: pd.DataFrame
    rejected: pd.DataFrame = field(default_factory=_no_rejections)
    notes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    name: str = "cohort"
    infusions: pd.DataFrame = field(default_factory=_no_infusions)

    def __len__(self) -> int:
        return len(self.patients)

    @classmethod
    def from_frames(
        cls,
        patients: Any,
        labs: Any = None,
        events: Any = None,
        *,
        decimal: str = "",
        thousands: str = "",
        name: str = "frames",
    ) -> "Cohort":
        """A cohort of tables in memory, with the checks and the report of a folder's.

        Parameters
        ----------
        patients, labs, events : DataFrame (pandas or polars) or Arrow table
            In the form of the cohort contract; index, order of columns and further columns do
            not matter. Without `labs` or `events` there are none. They are not changed.
        decimal, thousands : str
            Signs in numbers that are text, where they do not tell them: see `Notation`.
        name : str
            For messages.

        Returns
        -------
        Cohort
            As `read_cohort` gives it: rows and cells that cannot be used stand in ``rejected``.

        Raises
        ------
        SchemaError
            When a needed column is missing or a table is no table: all such faults at once.

        Examples
        --------
        >>> patients = pd.DataFrame({"patient_id": ["A"], "product": ["Tecartus"]})
        >>> labs = pd.DataFrame({"patient_id": ["A"], "hours_from_infusion": [-24.0],
        ...     "analyte": ["ferritin"], "value": [812.0], "unit": ["ng/mL"]})
        >>> Cohort.from_frames(patients, labs)
        <Cohort 'frames': 1 patient, 1 lab result, 0 events, nothing rejected>
        """
        frames = charted({"patients": patients, "labs": labs, "events": events})
        notation = notation_of(frames, stated_decimal(decimal, thousands))
        return assemble(frames, Rejections(), name, notation)

    def __repr__(self) -> str:
        """How much there is; no patient's values."""
        left = _counted(len(self.rejected), "row or cell") + " rejected"
        return (
            f"<Cohort '{self.name}': {_counted(len(self), 'patient')}, "
            f"{_counted(len(self.labs), 'lab result')}, {_counted(len(self.events), 'event')}, "
            f"{left if len(self.rejected) else 'nothing rejected'}>"
        )

    @property
    def shape(self) -> tuple[int]:
        """One patient is one row, as scikit-learn counts them."""
        return (len(self),)

    def __getitem__(self, rows: Any) -> "Cohort":
        """Patients by position: a slice, whole numbers, or one true or false a patient.

        Examples
        --------
        >>> len(Cohort.from_frames(pd.DataFrame({"patient_id": ["A", "B", "C"]}))[1:])
        2
        """
        if isinstance(rows, tuple) and len(rows) == 2 and rows[1] is Ellipsis:
            rows = rows[0]  # as scikit-learn asks for the rows of an array
        return self.take(np.atleast_1d(np.arange(len(self))[rows]))

    @property
    def patient_id(self) -> npt.NDArray[np.object_]:
        """Identifiers in the order of the patient codes."""
        return self.patients["patient_id"].to_numpy(dtype=object)

    @property
    def happened(self) -> pd.DataFrame:
        """The events without the rows of grade 0, which say that one ended or was not there."""
        return self.events[(self.events["grade"] != 0).to_numpy(dtype=bool)]

    def take(self, codes: Codes) -> "Cohort":
        """The patients with these codes, in this order, as a cohort of their own."""
        position = np.full(len(self), -1, dtype=np.int64)
        position[codes] = np.arange(len(codes))

        def rows_of(frame: pd.DataFrame) -> pd.DataFrame:
            new = position[frame["patient"].to_numpy()]
            kept = frame.loc[new >= 0].assign(patient=new[new >= 0])
            ordered: pd.DataFrame = kept.sort_values("patient", kind="stable", ignore_index=True)
            return ordered

        return replace(
            self,
            patients=self.patients.iloc[codes].reset_index(drop=True),
            labs=rows_of(self.labs),
            events=rows_of(self.events),
        )

    def until(self, hours: float) -> "Cohort":
        """Only the records at or before `hours` from the infusion."""
        return replace(
            self,
            labs=self.labs[self.labs["hours"] <= hours].reset_index(drop=True),
            events=self.events[self.events["hours"] <= hours].reset_index(drop=True),
        )


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
