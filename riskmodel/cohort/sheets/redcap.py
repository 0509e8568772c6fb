"""A REDCap export: one sheet for each instrument, answers in words, missing-data codes emptied."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from riskmodel.cohort.sheets.files import Sheet, cell_text, read_sheets
from riskmodel.errors import SchemaError

_NAMES = {
    "field": ("variable / field name", "field_name"),
    "form": ("form name", "form_name"),
    "type": ("field type", "field_type"),
    "label": ("field label", "field_label"),
    "choices": ("choices, calculations, or slider labels", "select_choices_or_calculations"),
    "note": ("field note", "field_note"),
}
_SYSTEM = (
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
    "redcap_data_access_group",
    "redcap_survey_identifier",
)
# Missing-data codes as REDCap proposes them; a project's own that are numbers are never answers of
# a field that has choices without them.
_MISSING = tuple(
    "NI INV UNK NASK ASKU NAV MSK NA NAVU NP QS QI TRC UNC DER PINF NINF OTH".split()  # noqa: SIM905
)
_CHOSEN = re.compile(r"(.+?)___(.+)")


@dataclass(frozen=True)
class _Field:
    name: str
    form: str
    kind: str
    label: str
    choices: Mapping[str, str]


def redcap_sheets(sheets: Sequence[Sheet], dictionary: Path) -> list[Sheet]:
    """The instruments of a project as sheets, each row with its record, event and instance.

    Parameters
    ----------
    sheets : sequence of Sheet
        The export of records, raw or in labels.
    dictionary : Path
        The project's data dictionary.

    Raises
    ------
    SchemaError
        When the dictionary is none, or the export does not hold its fields.
    """
    fields = _dictionary(dictionary)
    found = []
    for sheet in (s for s in sheets if s.file != dictionary.name):
        rows = _variable_names(sheet.rows, fields)
        key = next(iter(fields))
        if key not in rows:
            raise SchemaError(
                f"{sheet.title} has no column '{key}', the record of its data dictionary. Export "
                "the records with all fields."
            )
        found += _instruments(sheet, rows, fields, key)
    if not found:
        raise SchemaError("The export holds no row of an instrument of the data dictionary.")
    return found


def _dictionary(path: Path) -> dict[str, _Field]:
    sheet = read_sheets(path)[0]
    columns = {str(name).strip().casefold(): name for name in sheet.rows.columns}
    where = {
        key: next((columns[name] for name in names if name in columns), "")
        for key, names in _NAMES.items()
    }
    lacking = [names[0] for key, names in _NAMES.items() if not where[key] and key != "note"]
    if lacking:
        raise SchemaError(
            f"'{path.name}' is no data dictionary of REDCap: it has no column {', '.join(lacking)}."
        )
    table = sheet.rows.fillna("").astype("str")
    found = {}
    for _, row in table.iterrows():
        label = re.sub(r"<[^>]+>", "", row[where["label"]]).strip()
        note = row[where["note"]].strip() if where["note"] else ""
        name = row[where["field"]].strip()
        choices = _choices(row[where["choices"]], row[where["type"]])
        full = f"{label} ({note})" if note and len(note) <= 20 else label
        found[name] = _Field(name, row[where["form"]].strip(), row[where["type"]], full, choices)
    return found


def _choices(text: str, kind: str) -> dict[str, str]:
    if kind == "yesno":
        return {"1": "yes", "0": "no"}
    if kind == "truefalse":
        return {"1": "true", "0": "false"}
    if kind not in ("radio", "dropdown", "checkbox"):
        return {}
    pairs = (part.partition(",") for part in text.split("|") if "," in part)
    return {code.strip(): label.strip() for code, _, label in pairs}


def _variable_names(rows: pd.DataFrame, fields: Mapping[str, _Field]) -> pd.DataFrame:
    """Columns by the names of their fields, also of an export in labels."""
    by_label: dict[str, list[str]] = {}
    for known in fields.values():
        by_label.setdefault(known.label.split(" (")[0].casefold(), []).append(known.name)
    system = {name.removeprefix("redcap_").replace("_", " "): name for name in _SYSTEM}
    names = {}
    for column in map(str, rows.columns):
        if column in fields or _CHOSEN.fullmatch(column) or column in _SYSTEM:
            continue
        chosen = re.fullmatch(r"(.+?)\s*\(choice=(.+)\)", column)
        same = by_label.get((chosen[1] if chosen else column).strip().casefold(), [])
        if len(same) == 1 and chosen:
            codes = {v.casefold(): k for k, v in fields[same[0]].choices.items()}
            names[column] = f"{same[0]}___{codes.get(chosen[2].casefold(), chosen[2])}"
        elif len(same) == 1:
            names[column] = same[0]
        elif column.casefold() in system:
            names[column] = system[column.casefold()]
    return rows.rename(columns=names)


def _instruments(
    sheet: Sheet, rows: pd.DataFrame, fields: Mapping[str, _Field], key: str
) -> list[Sheet]:
    there = [name for name in ("redcap_event_name", "redcap_repeat_instance") if name in rows]
    repeated = rows.get("redcap_repeat_instrument")
    found = []
    for form in dict.fromkeys(known.form for known in fields.values()):
        columns = [c for c in map(str, rows.columns) if _field_of(c, fields, form) and c != key]
        cells = pd.DataFrame(
            {c: _answers(rows[c], c, fields[_field_name(c)]) for c in columns}, index=rows.index
        )
        # Branching logic leaves blanks; a row without an answer is no row of the instrument. A
        # checkbox that nobody ticked is no answer either.
        answered = cells[[c for c in columns if not _CHOSEN.fullmatch(c)]].notna().any(axis=1)
        answered |= cells.map(lambda cell: cell == "yes").any(axis=1)
        if repeated is not None:
            mine = repeated.map(_form_name) == form.casefold()
            answered &= mine if mine.any() else repeated.isna()
        if not columns or not answered.any():
            continue
        kept = rows.loc[answered, [key, *there]].join(cells)
        titles = {c: _title(c, fields[_field_name(c)]) for c in columns}
        found.append(replace(sheet, name=form, rows=kept, titles=titles))
    return found


def _form_name(cell: object) -> str:
    return cell_text(cell).casefold().replace(" ", "_")


def _field_name(column: str) -> str:
    chosen = _CHOSEN.fullmatch(column)
    return chosen[1] if chosen else column


def _field_of(column: str, fields: Mapping[str, _Field], form: str) -> bool:
    known = fields.get(_field_name(column))
    return known is not None and known.form == form and known.kind != "descriptive"


def _title(column: str, known: _Field) -> str:
    chosen = _CHOSEN.fullmatch(column)
    return f"{known.label}: {known.choices.get(chosen[2], chosen[2])}" if chosen else known.label


def _answers(cells: pd.Series, column: str, known: _Field) -> pd.Series:
    """Answers in words; codes of missing data emptied."""
    if _CHOSEN.fullmatch(column):
        ticked = {"1": "yes", "checked": "yes", "0": "no", "unchecked": "no"}
        return cells.map(lambda cell: ticked.get(cell_text(cell).casefold()))

    def answer(cell: object) -> object:
        code = cell_text(cell)
        if code in known.choices:
            return known.choices[code]
        missing = code in _MISSING or (re.fullmatch(r"-9{1,4}|-8{2,4}", code) is not None)
        return None if missing or not code else cell

    return cells.map(answer)
