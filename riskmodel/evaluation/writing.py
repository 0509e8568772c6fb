"""An evaluation as a folder: tables as CSV and Parquet, pictures, one report."""

import json
from pathlib import Path

from riskmodel import RESEARCH_USE
from riskmodel.errors import SchemaError
from riskmodel.evaluation.evaluation import Evaluation
from riskmodel.evaluation.pictures import draw, save
from riskmodel.evaluation.report import page
from riskmodel.files import replacing, write_table

ABOUT_FILE = "evaluation.json"
REPORT_FILE = "report.html"


def check_folder(folder: Path) -> None:
    """Refuse a place where an evaluation must not or cannot be written.

    Raises
    ------
    SchemaError
        When `folder` or one above it is a file, or it holds something that is not an evaluation.
    """
    files = [path for path in (folder, *folder.parents) if path.is_file()]
    if files:
        raise SchemaError(
            f"'{files[0]}' is a file, not a folder. It was left as it is: choose another."
        )
    if folder.is_dir() and any(folder.iterdir()) and not (folder / ABOUT_FILE).exists():
        raise SchemaError(
            f"'{folder}' exists and holds no {ABOUT_FILE}. It was left as it is: choose another "
            "folder, or empty it."
        )


def write_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """Write the folder, complete or not at all; an earlier evaluation there is replaced.

    Raises
    ------
    SchemaError
        As `check_folder`.
    """
    check_folder(folder)
    with replacing(folder) as temporary:
        temporary.mkdir()
        for name, table in evaluation.tables.items():
            if len(table.columns):
                write_table(table, temporary / f"{name}.csv")
                write_table(table, temporary / f"{name}.parquet")
        pictures = draw(evaluation)
        save(pictures, temporary)
        (temporary / REPORT_FILE).write_text(page(evaluation, pictures), encoding="utf-8")
        text = json.dumps({**evaluation.about, "note": RESEARCH_USE}, indent=2, sort_keys=True)
        (temporary / ABOUT_FILE).write_text(text + "\n", encoding="utf-8")
