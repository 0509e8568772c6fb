"""What moved the risk since the day before: one answer, whoever asks."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.features import Records, matrix
from riskmodel.models import (
    RiskModel,
    change_by_factor,
    factor_key,
    load_model,
    model_catalogue,
)
from riskmodel.models.wording import HARDLY
from riskmodel.patient.content import patient_content
from riskmodel.scoring.score import score
from riskmodel.web.forms.form_rows import entered
from riskmodel.web.forms.lab_table import read_table
from riskmodel.web.pages.entry import _example


@pytest.fixture(scope="module")
def early(model_folders: dict[str, Path]) -> RiskModel:
    return load_model(model_folders["early"])


@pytest.fixture(scope="module")
def example() -> Cohort:
    answers = _example("after")
    return entered(answers, "after", read_table(answers["table"])).cohort


def check(patient: Cohort, model: RiskModel, day: int) -> None:
    """The page's changes against score rows, and against the function for data scientists."""
    shown = patient_content(patient, model, f"day-{day}")
    found = {change.label: change.change for change in shown["changes"]}
    rows = [score(patient, model, f"day-{k}", explain=True).iloc[0] for k in (day - 1, day)]
    if pd.isna([row["risk"] for row in rows]).any():
        assert found == {}
        return
    X = [
        matrix(Records(patient.until(24 * k), *model.signs), model_catalogue(model), 24.0 * k)
        for k in (day - 1, day)
    ]
    moved = change_by_factor(model, *X).iloc[0]
    odds = [np.log(row["risk"] / (1 - row["risk"])) for row in rows]
    assert moved["log_odds_now"] - moved["log_odds_before"] == pytest.approx(
        odds[1] - odds[0], abs=1e-9
    )
    for label, change in moved.drop(["log_odds_before", "log_odds_now"]).items():
        column = f"contribution_{factor_key(str(label))}"
        assert rows[1][column] - rows[0][column] == pytest.approx(change, abs=1e-9)
        if abs(change) >= HARDLY:
            assert found.pop(str(label)) == pytest.approx(change, abs=1e-9)
    assert found == {}


def test_what_changed_is_one_answer_for_everybody(early, example, simulated):
    check(example, early, 6)
    cohort = read_cohort(simulated)
    for k in (0, 7, 31):
        check(cohort.take(np.array([k])), early, 4)


def test_a_day_of_another_model_is_not_compared(early, example, model_folders):
    before = load_model(model_folders["pre_infusion"])
    shown = patient_content(example.until(24.0), early, "day-1", before=before)
    assert shown["yesterday"]
    assert shown["changes"] == []
    assert not shown["comparable"]
