"""From the body of a request to a cohort, and what of it could not be used."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from riskmodel.cohort import REASONS, Cohort, cohort_of, rejected_cells
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
