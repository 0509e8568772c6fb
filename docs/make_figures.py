"""Bring README up to date from what `make demo` made: its table and one waterfall picture.

Run by hand after the demo: ``.venv/bin/python docs/make_figures.py``.
"""

from pathlib import Path

import numpy as np

from riskmodel.cohort import read_cohort
from riskmodel.models import load_model, waterfall_svg
from riskmodel.patient.content import patient_content
from riskmodel.scoring.score import score

TOP = Path(__file__).resolve().parent.parent
DEMO = TOP / "demo"
AT = "day-5"


def waterfall() -> str:
    """SHAP's waterfall of the simulated patient with the highest risk, as in the demo's report."""
    cohort = read_cohort(DEMO / "cohort_new")
    model = load_model(DEMO / "models" / "early")
    scores = score(cohort, model, AT, explain=True)
    code = np.array([int(np.nanargmax(scores["risk"].to_numpy(np.float64)))])
    shown = patient_content(cohort.take(code), model, AT)
    return waterfall_svg(
        {factor.label: factor.contribution for factor in shown["factors"]},
        float(scores["contribution_base"].iloc[code[0]]),
    )


def main() -> None:
    """Write docs/waterfall.svg and the table between README's markers."""
    white = waterfall().replace("<svg ", '<svg style="background:#fff" ', 1)
    (TOP / "docs" / "waterfall.svg").write_text(white + "\n", encoding="utf-8")
    readme = TOP / "README.md"
    summary = (DEMO / "summary.txt").read_text(encoding="utf-8").rstrip()
    start, end = "<!-- demo table -->", "<!-- end of demo table -->"
    before, rest = readme.read_text(encoding="utf-8").split(start)
    after = rest.split(end)[1]
    readme.write_text(f"{before}{start}\n```\n{summary}\n```\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
