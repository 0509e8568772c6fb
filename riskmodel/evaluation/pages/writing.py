"""An evaluation as a folder: tables as CSV and Parquet, pictures, one report."""

import json
from pathlib import Path

from riskmodel import RESEARCH_USE
from riskmodel.evaluation.evaluation import Evaluation
from riskmodel.evaluation.pages.pictures import draw, save
from riskmodel.evaluation.pages.report import page
from riskmodel.files import check_output_folder, replacing, write_table

ABOUT_FILE = "evaluation.json"
REPORT_FILE = "report.html"


def write_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """Write the folder, complete or not at all; an earlier evaluation there is replaced.

    Raises
    ------
    SchemaError
        As `riskmodel.files.check_output_folder`.
    """
    check_output_folder(folder, ABOUT_FILE)
    with replacing(folder) as temporary:
        temporary.mkdir()
        for name, table in evaluation.tables.items():
            if len(table.columns):
                write_table(table, temporary / f"{name}.csv")
                write_table(table, temporary / f"{name}.parquet")
        pictures = save(draw(evaluation), temporary)
        (temporary / REPORT_FILE).write_text(page(evaluation, pictures), encoding="utf-8")
        text = json.dumps({**evaluation.about, "note": RESEARCH_USE}, indent=2, sort_keys=True)
        (temporary / ABOUT_FILE).write_text(text + "\n", encoding="utf-8")
