"""From what was typed into a form to rows of the contract, and back to the field at fault."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from riskmodel.cohort import Cohort
from riskmodel.cohort.rejection import REASONS
from riskmodel.web.fields import PATIENT, Field, fields
from riskmodel.web.intake import cohort_of, rejections
from riskmodel.web.lab_table import Table, hours_of_day

EVENT_ROWS = 8

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
        row["infusion_time"] = answers["infusion_time"]
    return row


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
    cohort = cohort_of(
        [patient_row(answers, page)], [*labs, *(table.rows if table else [])], events
    )
    faults = Faults()
    for kind, row, column, reason, detail in rejections(cohort):
        at = int(row) - 1
        said = f"It {REASONS[reason]}{f' ({detail})' if detail else ''}."
        if kind == "patients":
            faults.fields["cell_dose" if column.startswith("cell_dose") else column] = said
        elif kind == "events":
            faults.fields[event_names[at]] = said
        elif at < len(labs):
            faults.fields[labs_asked[at].name] = said
        elif table is not None:
            faults.rows.append(f"{table.places[at - len(labs)]}: it {said[3:]}")
    if table is not None and table.rows and len(faults.rows) == len(table.rows):
        faults.whole.append(
            f"No row of the table can be used. First: {faults.rows[0]} "
            "Correct the table and send it again."
        )
    flagged = cohort.notes.get("flagged", {})
    return Entered(cohort, faults, tuple(f"{text[0].upper()}{text[1:]}." for text in flagged))
