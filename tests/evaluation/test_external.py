"""External validation: the same risks as `riskmodel score`, tables without patients."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.errors import SchemaError
from riskmodel.evaluation.external import model_rows
from riskmodel.models import RiskModel
from riskmodel.scoring import find_model, score
from riskmodel.training import Evaluation, evaluate, simulate


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    folder = tmp_path_factory.mktemp("elsewhere") / "cohort"
    simulate(folder, patients=400, seed=31, world="shifted")
    return read_cohort(folder)


@pytest.fixture(scope="module")
def early(model_folders: dict[str, Path]) -> RiskModel:
    return find_model(model_folders["early"])


@pytest.fixture(scope="module")
def found(cohort: Cohort, early: RiskModel, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate(cohort, early, draws=60, out=tmp_path_factory.mktemp("out") / "early")


@pytest.mark.parametrize(
    ("stage", "at", "hours"), [("pre_infusion", "pre-infusion", 0.0), ("early", "day-5", 120.0)]
)
def test_the_risks_are_those_of_score(cohort, model_folders, stage, at, hours):
    model = find_model(model_folders[stage])
    rows, own = model_rows(cohort, model)
    here = rows.hours == hours
    scored = score(cohort, model, at)["risk"].to_numpy()[rows.patient[here]]
    both = ~np.isnan(scored)
    assert both.mean() > 0.98
    assert own.risk[here][both] == pytest.approx(scored[both], abs=1e-12)


def test_no_table_holds_a_patient(found, cohort):
    names = set(cohort.patient_id)
    for table in found.tables.values():
        assert "patient_id" not in table.columns
        for column in table.select_dtypes(["object", "string"]):
            assert not names & set(table[column].dropna().astype(str))


def test_the_main_table_holds_every_kind_of_figure(found):
    table = found.figures
    assert {"all", "landmark", "lead", "product", "age", "sex", "centre"} <= set(table["kind"])
    whole = table[(table["model"] == "riskmodel") & (table["kind"] == "all")]
    assert whole["value"].notna().all()
    assert (whole["low"] <= whole["value"]).all()
    assert (whole["value"] <= whole["high"]).all()
    assert {"riskmodel", "ridge logistic", "ferritin alone"} <= set(table["model"])


def test_small_subgroups_say_so_instead_of_a_number(found):
    table = found.figures[found.figures["kind"].isin(("product", "centre"))]
    few = table[table["events"] < 10]
    assert len(few)
    assert few["value"].isna().all()
    assert few["note"].str.startswith("not estimable").all()


def test_without_events_it_is_refused(cohort, early):
    from riskmodel.evaluation import outcome_table

    table = outcome_table(cohort, "rules", "astct-2024", "worsening", 14)
    never = (table["outcome"] == "no_event") & table["onset_hours"].isna()
    free = np.flatnonzero(never.to_numpy())[:30]
    with pytest.raises(SchemaError, match="no event to evaluate on"):
        evaluate(cohort.take(free), early, draws=0)


def test_a_folder_of_something_else_is_left_alone(cohort, early, tmp_path):
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(SchemaError, match=r"holds no evaluation\.json"):
        evaluate(cohort, early, out=tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "kept"


def test_an_unknown_definition_is_refused(cohort, early):
    with pytest.raises(SchemaError, match="astct-1999"):
        evaluate(cohort, early, definition="astct-1999")


def test_other_labels_change_the_outcome_and_not_the_risks(cohort, early):
    rules = model_rows(cohort, early)
    human = model_rows(cohort, early, labels="adjudicated")
    assert rules[0].lead.tolist() != human[0].lead.tolist()
    key = [pd.MultiIndex.from_arrays([r.patient, r.hours]) for r in (rules[0], human[0])]
    shared = key[0].intersection(key[1])
    # A row whose onset may lie on either side of the horizon stands twice, with one risk.
    one = pd.Series(rules[1].risk, index=key[0]).groupby(level=[0, 1]).first()[shared]
    other = pd.Series(human[1].risk, index=key[1])[shared]
    assert (one == other).all()
