"""Bodies of requests: the three tables of the cohort contract as JSON."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from riskmodel.cohort import (
    EVENTS,
    PATIENT_CHOICES,
    PATIENT_FLAGS,
    PATIENT_NUMBERS,
    PATIENT_TEXT,
    analytes,
)
from riskmodel.criteria import DEFAULT_DEFINITION
from riskmodel.features import LAST_LANDMARK_DAY
from riskmodel.patient import number
from riskmodel.web.settings import Limits

_LIMITS = Limits()
Text = Annotated[str, Field(max_length=_LIMITS.cell_characters)]
Name = Annotated[str, Field(max_length=200)] | int
Number = Annotated[float, Field(allow_inf_nan=False)]
Cell = Number | Text
"""A cell that holds a number. Other text is a cell that cannot be used, named in `rejected`: one
row of many never costs the others their score."""
TIMES = ("pre-infusion", *(f"day-{day}" for day in range(1, LAST_LANDMARK_DAY + 1)))
Time = Literal[TIMES]  # type: ignore[valid-type]


class Strict(BaseModel):
    """A body in which an unknown field is an error: mistyped, it would be missing in silence."""

    model_config = ConfigDict(extra="forbid")


def _patient_fields() -> dict[str, Any]:
    fields: dict[str, Any] = {
        "infusion_time": (Text | None, Field(None, description="ISO 8601; needed for `time`.")),
    }
    for name in PATIENT_TEXT:
        fields[name] = (Text | None, None)
    fields["product"] = (
        Text | None,
        Field(None, description="Generic or brand name; fills target and domain where empty."),
    )
    for name, allowed in PATIENT_CHOICES.items():
        said = f"One of {', '.join(allowed)}, or a usual spelling."
        fields[name] = (Text | None, Field(None, description=said))
    for name, (low, high) in PATIENT_NUMBERS.items():
        within = f"{number(low)} to {number(high)}"
        said = f"{within}; beyond that the cell is left empty and named in `rejected`."
        fields[name] = (Cell | None, Field(None, description=said))
    for name in PATIENT_FLAGS:
        fields[name] = (bool | Text | None, Field(None, description="true, false, or as charted."))
    return fields


Patient: type[BaseModel] = create_model(
    "Patient",
    __base__=Strict,
    __doc__="One infusion. Unknown is null or absent, never 0.",
    patient_id=(Name, ...),
    **_patient_fields(),
)


class Result(Strict):
    """One laboratory result."""

    patient_id: Name
    hours_from_infusion: Cell | None = Field(None, description="The infusion is 0.")
    time: Text | None = Field(None, description="ISO 8601, where the infusion_time is given.")
    analyte: Text | None = Field(None, description=f"One of {', '.join(analytes())}.")
    loinc_code: Text | None = None
    value: Cell = Field(description="A number, or text such as `<5`.")
    comparator: Text | None = Field(None, description="`<`, `<=`, `>` or `>=`.")
    unit: Text | None = Field(None, description="UCUM or a common spelling.")
    reference_low: Cell | None = None
    reference_high: Cell | None = Field(None, description="ULN, in the row's own unit.")


class Event(Strict):
    """One clinical event."""

    patient_id: Name
    event: Text = Field(
        description=f"One of {', '.join(name for names in EVENTS.values() for name in names)}."
    )
    hours_from_infusion: Cell | None = None
    time: Text | None = None
    grade: Cell | None = Field(None, description="1 to 5, for crs, icans, iec_hs.")
    value: Text | None = None


class Records(Strict):
    """The three tables of the cohort contract."""

    patients: Annotated[
        list[Patient],  # type: ignore[valid-type]
        Field(min_length=1, max_length=_LIMITS.patients),
    ]
    labs: Annotated[list[Result], Field(max_length=_LIMITS.rows)] = []
    events: Annotated[list[Event], Field(max_length=_LIMITS.rows)] = []


_AT = Field(
    None,
    description="pre-infusion by default, where no record comes after the infusion; else needed.",
)


class ScoreRequest(Records):
    """What to score, when, and with which of the loaded models."""

    at: Time | None = _AT
    model: Text | None = Field(None, description="Name of a loaded model; by default by `at`.")
    explain: bool = Field(False, description="Add contributions by clinical factor, in log-odds.")


class ExplainRequest(Records):
    """One patient to explain."""

    patients: Annotated[
        list[Patient],  # type: ignore[valid-type]
        Field(min_length=1, max_length=1),
    ]
    at: Time | None = _AT
    model: Text | None = None


class LabelRequest(Records):
    """What to label, and by which definition."""

    definition: Text = DEFAULT_DEFINITION
    cytopenia_rule: Literal["recovery", "infusion", "worsening", "any"] | None = "worsening"
    horizon_days: Annotated[float, Field(gt=0, le=365, allow_inf_nan=False)] = 14.0
