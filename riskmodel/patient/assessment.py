"""The assessment of one patient: signs judged once, features built once, every time scored once.

Report, pages, timeline, cards and the interface for programs are views of it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from riskmodel.cohort import Cohort, first_event
from riskmodel.features import Records
from riskmodel.models import RiskModel
from riskmodel.patient.criteria_status import Standing, standing_of
from riskmodel.patient.factors import Factor, factors_of
from riskmodel.scoring import Findings, OutOfScope, Scored, check_stage, scored_at


@dataclass(frozen=True)
class Assessment:
    """What is known of one patient at a prediction time.

    Attributes
    ----------
    patient : Cohort
        One patient, with the records up to the prediction time.
    model : RiskModel
    hours : float
        The prediction time, in hours from the infusion.
    records : Records
        The patient's records as features read them, and the signs.
    days : tuple of Scored
        At each whole day up to the prediction time where the course was asked for, the prediction
        time last; else that alone.
    before : Scored or None
        By a model of the time before the infusion.
    """

    patient: Cohort
    model: RiskModel
    hours: float
    records: Records
    days: tuple[Scored, ...]
    before: Scored | None = None

    @property
    def row(self) -> pd.Series:
        """The score row, with contributions."""
        return self.days[-1].rows.iloc[0]

    @property
    def features(self) -> pd.DataFrame:
        """The features, one row."""
        return self.days[-1].X

    @property
    def findings(self) -> Findings:
        """What there is to say of the row."""
        return self.days[-1].findings[0]

    @cached_property
    def factors(self) -> list[Factor]:
        """Every clinical factor, in the catalogue's order."""
        return factors_of(self.features.iloc[0], self.model, self.row)

    @cached_property
    def standing(self) -> Standing:
        """How the patient stands against the definition whose signs the model reads."""
        return standing_of(self.patient, self.records.signs, self.hours)

    @cached_property
    def adjudicated(self) -> float | None:
        """When a human recorded the onset, in hours; None where nobody did by now."""
        return adjudicated_hours(self.patient)

    @property
    def not_at_risk(self) -> OutOfScope | None:
        """Why no risk can be given, None where one is."""
        return scope_of(self.findings)


def assess_patient(
    patient: Cohort,
    model: RiskModel,
    at: str,
    *,
    before: RiskModel | None = None,
    course: bool = False,
    records: Records | None = None,
) -> Assessment:
    """Assess one patient at a prediction time by records up to it.

    Parameters
    ----------
    patient : Cohort
        One patient; later records are left aside.
    model : RiskModel
    at : str
        ``pre-infusion`` or ``day-K``, of the model's stage.
    before : RiskModel, optional
        A model of the time before the infusion, for day 0 of the course.
    course : bool
        Also score each earlier day.
    records : Records, optional
        Of the same patient, later ones among them, with the signs of the model: they spare a
        second judgement.

    Raises
    ------
    SchemaError
        When the model does not fit the prediction time.
    """
    hours = check_stage(model, at)
    known = patient.until(hours)
    records = records or Records(known, *model.signs)
    days = range(1, round(hours / 24)) if course and model.stage == "early" else ()
    times = [*(24.0 * day for day in days), hours]
    zero = None
    if before is not None and course:
        zero = scored_at(Records(known.until(0.0), *before.signs), before, [0.0])[0]
    return Assessment(known, model, hours, records, tuple(scored_at(records, model, times)), zero)


def scope_of(findings: Findings) -> OutOfScope | None:
    """Why a patient is not at risk, None where it is."""
    return next((found for found in findings if isinstance(found, OutOfScope)), None)


def adjudicated_hours(patient: Cohort, until: float = np.inf) -> float | None:
    """When a human recorded the onset, None where nobody did by then."""
    hours = float(first_event(patient, ("iec_hs",), until=until)[0])
    return hours if np.isfinite(hours) else None
