"""What a simulated cohort shows, read as a centre's cohort is read: arrays for the statistics."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats, Texts
from riskmodel.cohort import Cohort, Rejections, assemble
from riskmodel.simulation.cohort import SimulatedCohort

CASE, CRS_ONLY, NO_CRS = "IEC-HS", "CRS only", "no CRS"


@dataclass(frozen=True)
class Observed:
    """One simulated cohort, read.

    Attributes
    ----------
    cohort : Cohort
        The tables as every reader leaves them, in canonical units.
    onset : float array of shape (n,)
        Latent onset, days, NaN where it never comes.
    chosen : bool array of shape (n,)
        The patients that the figures are about.
    """

    cohort: Cohort
    onset: Floats
    chosen: Flags

    def __len__(self) -> int:
        return len(self.onset)

    def among(self, patients: Flags) -> "Observed":
        """The same cohort, with the figures about these patients only."""
        return replace(self, chosen=self.chosen & patients)

    @cached_property
    def labs(self) -> Mapping[str, pd.DataFrame]:
        """Results of each analyte after lymphodepletion began: ``patient, day, value``."""
        labs = self.cohort.labs
        table = pd.DataFrame(
            {
                "analyte": labs["analyte"],
                "patient": labs["patient"],
                "day": labs["hours"] / 24,
                "value": labs["value"],
            }
        )
        return {str(name): part for name, part in table.groupby("analyte", observed=True)}

    def first(self, event: str, least_grade: int = 0) -> Floats:
        """Day of the first such event of each patient, NaN where there is none."""
        events = self.cohort.events
        rows = events["event"].to_numpy() == event
        if least_grade:
            rows &= (events["grade"] >= least_grade).fillna(False).to_numpy(dtype=bool)
        part = events[rows]
        day = (part["hours"] / 24).groupby(part["patient"]).min()
        return np.asarray(day.reindex(range(len(self))), dtype=float)

    def highest(self, event: str) -> Codes:
        """Highest grade of each patient, 0 without one."""
        events = self.cohort.events
        part = events[(events["event"] == event).to_numpy()]
        grade = part["grade"].astype(float).groupby(part["patient"]).max()
        return np.asarray(grade.reindex(range(len(self))).fillna(0), dtype=np.int64)

    @cached_property
    def crs(self) -> Codes:
        """Highest CRS grade."""
        return self.highest("crs")

    @cached_property
    def end(self) -> Floats:
        """Last day of observation."""
        return np.asarray(np.fmin(self.first("death"), np.inf)).clip(
            max=np.nan_to_num(self.first("last_follow_up"), nan=np.inf)
        )

    @cached_property
    def words(self) -> Texts:
        """Group of each patient: IEC-HS at any time, else by CRS."""
        other = np.where(self.crs > 0, CRS_ONLY, NO_CRS)
        return np.where(np.isnan(self.onset), other, CASE).astype(object)

    def group(self, name: str) -> Flags:
        """Which patients belong to a group of the published tables."""
        never = np.isnan(self.onset)
        groups: Mapping[str, Flags] = {
            "all": np.ones(len(self), dtype=bool),
            CASE: ~never,
            "no IEC-HS": never,
            CRS_ONLY: never & (self.crs > 0),
            NO_CRS: never & (self.crs == 0),
            "CRS 3-4": never & (self.crs >= 3),
            "CRS 0-2": never & (self.crs < 3),
            "CRS": self.crs > 0,
        }
        return np.asarray(groups[name] & self.chosen)


def observe(drawn: SimulatedCohort, disease: str | None = None) -> Observed:
    """Read a drawn cohort; `disease` chooses the patients that the figures are about."""
    frames = {
        name: getattr(drawn, name).astype(str).replace("nan", "")
        for name in ("patients", "labs", "events")
    }
    cohort = assemble(frames, Rejections(), "simulated")
    onset = drawn.truth["onset_hours"].to_numpy(dtype=float) / 24
    known = np.ones(len(onset), dtype=bool)
    if disease is not None:
        known = drawn.patients["disease"].to_numpy() == disease
    return Observed(cohort=cohort, onset=onset, chosen=known)
