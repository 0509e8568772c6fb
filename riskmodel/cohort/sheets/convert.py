"""A cohort from spreadsheets of any form and their mapping."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from riskmodel.cohort.frames import TABLES
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.schema import COLUMNS
from riskmodel.cohort.sheets.files import Sheet, read_sheets
from riskmodel.cohort.sheets.mapping import (
    TableMapping,
    check_complete,
    load_table_mapping,
    sheets_of,
)
from riskmodel.cohort.sheets.redcap import redcap_sheets
from riskmodel.cohort.sheets.rows import LINE, contract_rows
from riskmodel.cohort.source.zones import CHECK
from riskmodel.cohort.tables.cohort import Cohort, assemble
from riskmodel.cohort.written.notation import Notation


def read_spreadsheets(
    source: Path | str,
    mapping: Path | str,
    *,
    dictionary: Path | str | None = None,
    decimal: str = "",
) -> Cohort:
    """Read spreadsheets by a mapping.

    Parameters
    ----------
    source : path
        A file (CSV, TSV, XLSX, SPSS, SAS, Stata) or a folder of them.
    mapping : path
        TOML, as ``riskmodel map`` writes it.
    dictionary : path, optional
        Data dictionary of a REDCap project; `source` is its export of records.
    decimal : {"", ",", "."}
        Decimal sign of the sheets whose own the mapping does not say.

    Raises
    ------
    SchemaError
        When a file cannot be read, or the mapping is not complete: nothing is read then.
    """
    sheets = source_sheets(Path(source), dictionary)
    chosen = load_table_mapping(Path(mapping))
    if decimal:
        said = [s if s.decimal in (",", ".") else s.model_copy(update={"decimal": decimal})
                for s in chosen.sheet]  # fmt: skip
        chosen = chosen.model_copy(update={"sheet": said})
    check_complete(chosen, sheets, Path(mapping))
    return convert(sheets, chosen, Path(source).name)


def source_sheets(source: Path, dictionary: Path | str | None = None) -> list[Sheet]:
    """The sheets of a source, of a REDCap export one for each instrument."""
    sheets = read_sheets(source)
    return sheets if dictionary is None else redcap_sheets(sheets, Path(dictionary))


def convert(sheets: Sequence[Sheet], mapping: TableMapping, name: str) -> Cohort:
    """The cohort of some sheets by a mapping that is complete."""
    rejections = Rejections()
    parts: dict[str, list[pd.DataFrame]] = {table: [] for table in TABLES}
    for spec in mapping.sheet:
        for sheet in sheets_of(spec, sheets):
            rows = contract_rows(sheet, spec)
            parts[spec.table].append(rows.assign(source=sheet.title + ":" + rows[LINE].astype(str)))
    read = {id(sheet) for spec in mapping.sheet for sheet in sheets_of(spec, sheets)}
    for sheet in (sheet for sheet in sheets if id(sheet) in read):
        for note in sheet.notes:
            rejections.note("files", f"{sheet.file}: {note}")
        for check in sheet.checks:
            rejections.note(CHECK, f"{sheet.file}: {check}")
    frames, places = {}, {}
    for table, pieces in parts.items():
        whole = pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame({"source": []})
        whole = _joined_patients(whole) if table == "patients" else whole
        places[table] = whole["source"].to_numpy(dtype=object)
        kept = [column for column in COLUMNS[table] if column in whole]
        frames[table] = whole[kept].reindex(columns=[*kept, *_needed(table, kept)])
    # Every sheet has made its numbers plain; what it left as it was can be read in two ways.
    cohort = assemble(frames, rejections, name, Notation())
    rejected = cohort.rejected
    source = [places[t][row - 1] for t, row in zip(rejected["table"], rejected["row"], strict=True)]
    return replace(cohort, rejected=rejected.assign(source=pd.Series(source, dtype="str")))


def _needed(table: str, there: Sequence[str]) -> list[str]:
    needed = {"patients": ("patient_id",), "labs": ("patient_id", "value")}
    return [name for name in needed.get(table, ("patient_id", "event")) if name not in there]


def _joined_patients(rows: pd.DataFrame) -> pd.DataFrame:
    """One row of each patient whose rows do not contradict each other; others stay as they are."""
    if "patient_id" not in rows:
        return rows
    cells = rows.drop(columns=[LINE, "source"])
    groups = cells.groupby("patient_id", sort=False, dropna=False)
    if len(groups) == len(rows):
        return rows
    conflicting = (groups.nunique() > 1).any(axis=1)
    joined = rows["patient_id"].map(~conflicting).fillna(False).to_numpy(dtype=bool)
    one = rows[joined].groupby("patient_id", sort=False, as_index=False).first()
    return pd.concat([one, rows[~joined]]).sort_values(LINE, kind="stable", ignore_index=True)
