"""From the body of a request to a cohort, and what of it could not be used."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from pydantic import BaseModel

from riskmodel.cohort import REASONS, Cohort, cohort_of, rejected_cells
from riskmodel.features import LAST_LANDMARK_DAY
from riskmodel.web.api.bodies import Records
from riskmodel.web.problems import ProblemError
from riskmodel.web.settings import Limits


def cohort_of_records(records: Records, limits: Limits) -> Cohort:
    """The cohort of a request's body.

    Raises
    ------
    ProblemError
        When it has more rows than one request may have.
    """
    total = len(records.labs) + len(records.events)
    if total > limits.rows:
        raise ProblemError(
            413,
            f"The request has {total:,} results and events; one request takes {limits.rows:,}. "
            "Send some patients at a time.",
        )
    return cohort_of(*map(_rows, (records.patients, records.labs, records.events)))


def asked_at(at: str | None, cohort: Cohort) -> str:
    """The prediction time of a request; the default only where it leaves no record out unseen.

    Raises
    ------
    ProblemError
        When none was given and records come after the infusion.
    """
    if at is not None:
        return at
    last = float(pd.concat([cohort.labs["hours"], cohort.events["hours"]]).max())
    if last > 0:
        day = max(1, min(int(last // 24), LAST_LANDMARK_DAY))
        said = (
            "'at' is needed: there are records after the infusion, of which a risk before it would "
            f"use none. Send at: day-{day} to use those up to that day, or pre-infusion."
        )
        raise ProblemError(422, said, errors=[{"field": "at", "detail": said}])
    return "pre-infusion"


def _rows(rows: Iterable[BaseModel]) -> list[dict[str, Any]]:
    return [row.model_dump(exclude_none=True) for row in rows]


def rejected(cohort: Cohort) -> list[dict[str, Any]]:
    """Rows and cells of a request that could not be used, with their field and reason."""
    return [
        {
            "field": f"{table}[{int(row) - 1}]" + (f".{column}" if column else ""),
            "reason": reason,
            "detail": f"It {REASONS[reason]}" + (f" ({detail})." if detail else "."),
        }
        for table, row, column, reason, detail in rejected_cells(cohort.rejected)
    ]
