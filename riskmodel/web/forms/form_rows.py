"""From what was typed into a form to rows of the contract, and back to the field at fault."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from riskmodel.cohort import (
    CELL_REASONS,
    REASONS,
    TWO_WAYS,
    Cohort,
    analytes,
    cohort_of,
    common_sign,
    date_order,
    iso_time,
    plain_number,
    rejected_cells,
    split_zone,
    with_zone,
)
from riskmodel.web.forms.fields import PATIENT, Field, fields
from riskmodel.web.forms.lab_table import Table, hours_of_day

EVENT_ROWS = 8
_SAID = {**REASONS, **CELL_REASONS}
"""Of a cohort a cell is left empty; a form is sent back instead."""
_NEXT = {
    "no_infusion_time": " Fill in when the infusion began, or give days instead of dates.",
    "time_zone_mismatch": " Write the time zone after the infusion's time as well, as in +01:00.",
    "time_unreadable": " Write it as 2026-03-31 14:30.",
}
"""What to do about a time that cannot be used."""
_DAYS = " Give the day after the infusion, such as 3 or 3.5."

Answers = Mapping[str, str]


@dataclass
class Faults:
    """What a form cannot use: by field, and of the whole form."""

    fields: dict[str, str] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything typed into a field, or the whole form, cannot be used."""
        return bool(self.fields or self.whole)


@dataclass(frozen=True)
class Entered:
    """The cohort of one form, and what of it cannot be used.

    Attributes
    ----------
    cohort : Cohort
        One patient.
    faults : Faults
    notes : tuple of str
        What was used but should be looked at again.
    """

    cohort: Cohort
    faults: Faults
    notes: tuple[str, ...]


def patient_row(answers: Answers, page: str) -> dict[str, str]:
    """The row of the patients table."""
    row = {"patient_id": PATIENT}
    for asked in fields(page):
        if asked.kind == "lab":
            continue
        column = answers.get("cell_dose_unit", "") if asked.kind == "dose" else asked.name
        if column and answers.get(asked.name, ""):
            row[column] = answers[asked.name]
    if answers.get("infusion_time"):
        typed = answers["infusion_time"]
        row["infusion_time"] = iso_time(typed, date_order([typed])) or typed
    return row


def _in_the_zone_of(table: Table, patient: dict[str, str]) -> list[str]:
    """Read an infusion's time without a zone in the one zone of the table; says that it did."""
    zones = {split_zone(row["time"])[1] for row in table.rows if "time" in row}
    start = patient.get("infusion_time", "")
    zone = "".join(zones) if len(zones) == 1 else ""
    if not start or not zone or split_zone(start)[1]:
        return []
    patient["infusion_time"] = with_zone(start, zone)
    named = "UTC" if zone == "Z" else zone
    return [f"The time of the infusion was read in the time zone of the table, {named}."]


def _plain(answers: Answers, page: str) -> tuple[Answers, dict[str, str]]:
    """Answers with plain numbers, and those that can be read in two ways."""
    asked = [f.name for f in fields(page) if f.kind in ("lab", "number", "dose")]
    typed = {name: answers[name] for name in asked if answers.get(name, "").strip()}
    sign = common_sign(typed.values())
    plain = {name: plain_number(text, sign) for name, text in typed.items()}
    known = {name: text for name, text in plain.items() if text is not None}
    return {**answers, **known}, {
        name: f"It has {TWO_WAYS}." for name, text in plain.items() if text is None
    }


def _lab_fields(answers: Answers, page: str) -> list[Field]:
    return [f for f in fields(page) if f.kind == "lab" and answers.get(f.name, "").strip()]


def _event_rows(answers: Answers) -> tuple[list[dict[str, str]], list[str]]:
    rows, names = [], []
    for k in range(1, EVENT_ROWS + 1):
        event, day = answers.get(f"event_{k}", ""), answers.get(f"event_{k}_day", "").strip()
        if event or day:
            rows.append(
                {
                    "patient_id": PATIENT,
                    "event": event,
                    "hours_from_infusion": hours_of_day(day),
                    "grade": answers.get(f"event_{k}_grade", ""),
                    "value": "yes" if event == "hemophagocytosis" else "",
                }
            )
            names.append(f"event_{k}")
    return rows, names


def entered(answers: Answers, page: str, table: Table | None = None) -> Entered:
    """The cohort of a form, by the way of every reader.

    Parameters
    ----------
    answers : mapping of str to str
        What was typed, by field.
    page : {"before", "after"}
    table : Table, optional
        Results of the page after the infusion.
    """
    answers, two_ways = _plain(answers, page)
    labs_asked = _lab_fields(answers, page)
    labs = [
        {
            "patient_id": PATIENT,
            "hours_from_infusion": "0",
            "analyte": asked.name,
            "value": answers[asked.name],
            "unit": answers.get(f"{asked.name}_unit", ""),
        }
        for asked in labs_asked
    ]
    events, event_names = _event_rows(answers)
    patient = patient_row(answers, page)
    notes = _in_the_zone_of(table, patient) if table else []
    cohort = cohort_of([patient], [*labs, *(table.rows if table else [])], events, decimal=".")
    faults = Faults(rows=list(table.refused) if table else [])
    for kind, row, column, reason, detail in rejected_cells(cohort.rejected):
        at = int(row) - 1
        why = f"{_SAID[reason]}{f' ({detail})' if detail else ''}."
        why += _DAYS if kind == "events" and "time" in column else _NEXT.get(reason, "")
        if kind == "patients":
            faults.fields["cell_dose" if column.startswith("cell_dose") else column] = f"It {why}"
        elif kind == "events":
            faults.fields[event_names[at]] = f"It {why}"
        elif at < len(labs):
            faults.fields[labs_asked[at].name] = f"It {why}"
        elif table is not None:
            faults.rows.append(f"{table.places[at - len(labs)]}: it {why}")
    faults.fields.update(two_ways)
    if table is not None and faults.rows and len(faults.rows) == _size(table):
        faults.whole.append(
            f"No row of the table can be used. First: {faults.rows[0]} "
            "Correct the table and send it again."
        )
    notes += [_flag(text) for text in cohort.notes.get("flagged", {})]
    return Entered(cohort, faults, tuple(notes))


def _size(table: Table) -> int:
    return len(table.rows) + len(table.refused)


def _flag(text: str) -> str:
    """A flag of the readers (``ldh: implausible value kept``) with the analyte's plain name."""
    name, colon, rest = text.partition(": ")
    named = analytes()[name].label if name in analytes() else f"{name[0].upper()}{name[1:]}"
    return f"{named}{colon}{rest}. Look at it again."
