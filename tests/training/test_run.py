"""A training run: what it returns, that it can be repeated, and that it copes with little."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel import RESEARCH_USE
from riskmodel.cohort import read_cohort
from riskmodel.errors import SchemaError
from riskmodel.evaluation.measures.signal_check import NO_SIGNAL
from riskmodel.models import FewEventsWarning, load_model, model_catalogue, predict_frame
from riskmodel.scoring import score
from riskmodel.scoring.prediction_times import output_columns, score_times
from riskmodel.scoring.writers.fhir import fhir_resources
from riskmodel.training import TrainingResult, load_design, simulate, train
from riskmodel.training.design import ABLATED


def test_the_run_is_repeatable_and_says_what_it_is(
    trained: TrainingResult, simulated: Path, tiny_design: Path
):
    cohort = read_cohort(simulated)
    again = train(cohort, "pre_infusion", design=tiny_design, simulated=True, track=False)
    runs = (trained, again)
    assert runs[0].model.version == runs[1].model.version
    assert_frame_equal(runs[0].performance, runs[1].performance)
    card = runs[0].card
    for part in (
        RESEARCH_USE,
        "Simulated patients",
        "astct-2024",
        "worsening",
        "14 days, exclusive",
    ):
        assert part in card
    assert {"riskmodel", "ridge logistic", "ferritin alone"} <= set(runs[0].performance["model"])


def test_another_cohort_makes_another_version(
    trained: TrainingResult, simulated: Path, tiny_design: Path
):
    cohort = read_cohort(simulated).take(np.arange(200))
    part = train(cohort, "pre_infusion", design=tiny_design, simulated=True, track=False)
    assert trained.model.version != part.model.version


@pytest.mark.parametrize("events", [1, 3])
def test_few_events_train_with_fewer_folds_and_a_warning(
    simulated: Path, tiny_design: Path, events: int
):
    from riskmodel.criteria import adjudicated

    cohort = read_cohort(simulated)
    outcome = adjudicated(cohort)["outcome"].to_numpy()
    cases = np.flatnonzero(outcome == "event")[:events]
    others = np.flatnonzero(outcome == "no_event")[:60]
    small = cohort.take(np.sort(np.concatenate([cases, others])))
    result = train(small, "pre_infusion", labels="adjudicated", design=tiny_design, track=False)
    assert result.model.counts["events"] == events
    assert any("event" in text for text in result.warnings)
    nothing = pd.DataFrame(np.nan, index=[0], columns=result.model.features)
    assert 0 < predict_frame(result.model, nothing)["risk"][0] < 0.5


def test_few_events_reach_the_caller_as_text_not_as_a_python_warning(simulated, tiny_design):
    import warnings

    cohort = read_cohort(simulated).take(np.arange(40))
    with warnings.catch_warnings():
        warnings.simplefilter("error", FewEventsWarning)
        train(cohort, "pre_infusion", labels="adjudicated", design=tiny_design, track=False)


def test_a_world_without_signal_is_told_so(tmp_path: Path, tiny_design: Path):
    simulate(tmp_path / "null", patients=300, seed=4, world="null")
    # The humans' labels: rules read the very analytes that stand in the baseline too.
    result = train(
        read_cohort(tmp_path / "null"), "pre_infusion", labels="adjudicated", design=tiny_design,
        track=False,
    )  # fmt: skip
    (sentence,) = [text for text in result.warnings if text.startswith(NO_SIGNAL)]
    assert "Do not use this model" in sentence
    assert sentence in result.card
    assert result.evaluation.about["signal"] == sentence


def test_the_literature_world_has_a_signal(trained: TrainingResult):
    assert not [text for text in trained.warnings if text.startswith(NO_SIGNAL)]
    assert "more than chance" in trained.card


def test_the_design_decides_what_is_compared_and_held_out(simulated, tiny_design, tmp_path):
    plan = load_design(tiny_design)
    by_centre = {"scheme": "leave-one-centre-out", "ablation": True}
    plan = plan.model_copy(
        update={
            "groups": ("Ferritin", "Criteria signs so far", "Tumor burden"),
            "comparators": ("signs met", "HScore"),
            "labels": "adjudicated",
            "landmark_days": (3, 6),
            "validation": plan.validation.model_copy(update=by_centre),
        }
    )
    out = tmp_path / "evaluation"
    result = train(read_cohort(simulated), "early", design=plan, track=False, evaluation_out=out)
    assert list(result.performance["model"].unique()) == [
        "riskmodel", "signs met", "HScore", ABLATED,
    ]  # fmt: skip
    assert result.model.labels == "adjudicated"
    assert {f.split("_")[0] for f in result.model.features} >= {"ferritin", "macrophage", "tumor"}
    assert "Each centre was held out" in result.card
    assert {"day 3", "day 6"} <= set(result.performance["subset"])
    page = (out / "report.html").read_text()
    assert "Each centre was held out" in page
    assert ABLATED in page


def test_small_cohorts_can_be_corrected_for_optimism(simulated, tiny_design, tmp_path):
    plan = load_design(tiny_design)
    check = plan.validation.model_copy(update={"scheme": "bootstrap", "fits": 4})
    plan = plan.model_copy(update={"comparators": ("ferritin alone",), "validation": check})
    out = tmp_path / "evaluation"
    result = train(read_cohort(simulated), "pre_infusion", design=plan, track=False,
                   evaluation_out=out)  # fmt: skip
    table = result.evaluation.tables["optimism"].set_index("metric")
    assert table.loc["auroc", "optimism"] > 0
    assert table.loc["auroc", "corrected"] < table.loc["auroc", "apparent"]
    assert (out / "optimism.csv").exists()
    assert "Corrected for optimism" in (out / "report.html").read_text()


def test_a_design_of_another_stage_is_refused(simulated, tiny_design):
    plan = load_design(tiny_design).model_copy(update={"stage": "early"})
    with pytest.raises(SchemaError, match="for stage 'early'"):
        train(read_cohort(simulated), "pre_infusion", design=plan, track=False)


def test_a_model_names_the_products_that_it_was_trained_on_but_no_rare_text(
    simulated: Path, tiny_design: Path
):
    cohort = read_cohort(simulated)
    patients = cohort.patients.copy()
    patients.loc[:2, "product"] = "made for Mrs M"
    patients.loc[3:9, "product"] = "in-house CAR"
    result = train(
        replace(cohort, patients=patients), "pre_infusion", design=tiny_design, track=False
    )
    named = result.model.trained_on["product"]
    assert "in-house CAR" in named
    assert "made for Mrs M" not in named
    assert "axicabtagene ciloleucel" in named


def test_a_feature_that_no_training_patient_has_is_left_out_and_said(
    simulated: Path, tiny_design: Path
):
    cohort = read_cohort(simulated)
    poorer = replace(cohort, patients=cohort.patients.assign(marrow_t_nk_ratio=np.nan))
    result = train(poorer, "pre_infusion", design=tiny_design, track=False)
    assert "marrow_t_nk_ratio_log10" not in result.model.features
    assert "age_years" in result.model.features
    left = "Left out, as no training patient has a value: marrow_t_nk_ratio_log10."
    assert left in result.warnings
    assert left in result.card
    # The richer cohort's patients are not called incomplete for what the model never learnt.
    scores = score(cohort, result.model, "pre-infusion")
    assert not scores["missing_features"].str.contains("marrow_t_nk_ratio").any()


def test_what_was_not_watched_is_told_and_too_much_of_it_refused(simulated, tiny_design):
    plan = load_design(tiny_design)
    whole = read_cohort(simulated)
    # No draw after day 10: nobody can be told to be free of a later onset.
    early = whole.labs["hours"].to_numpy() < 240
    cohort = replace(whole, labs=whole.labs[early])
    watched = plan.model_copy(update={"most_unseen": 0.2})
    with pytest.raises(SchemaError, match=r"was not watched .*--force --why"):
        train(cohort, "pre_infusion", design=watched, track=False)
    result = train(whole, "pre_infusion", design=plan, track=False)
    assert "of the time at risk was not watched" in result.card
    assert "Effective patients" in result.card
    strict = plan.model_copy(update={"most_unseen": 0.0})
    forced = train(whole, "pre_infusion", design=strict, track=False, force=True, why="a pilot")
    (said,) = [text for text in forced.warnings if text.endswith("all the same: a pilot.")]
    assert said in forced.card


def test_rules_and_humans_can_label_together(simulated, tiny_design):
    result = train(
        read_cohort(simulated), "pre_infusion", labels="rules+adjudicated", design=tiny_design,
        track=False,
    )  # fmt: skip
    assert (result.model.labels, result.model.definition) == ("rules+adjudicated", "astct-2024")
    assert "Labels: rules+adjudicated" in result.card


def test_a_model_of_thirty_days_is_asked_up_to_the_day_before(simulated, tiny_design):
    cohort = read_cohort(simulated)
    late = {"horizon_days": 30.0, "landmark_days": (2, 8, 20, 29), "comparators": ()}
    plan = load_design(tiny_design).model_copy(update=late)
    model = train(cohort, "early", design=plan, track=False).model
    assert model.last_day == 29
    left = [f for f in model_catalogue(model) if f.builder == "days_left"]
    assert {f.parameters["day"] for f in left} == {30}
    scores = score(cohort, model, "day-29")
    assert (scores["horizon_days"] == 30).all()
    assert scores.loc[scores["status"] != "out_of_scope", "risk"].notna().any()
    with pytest.raises(SchemaError, match="day-30"):
        score(cohort, model, "day-30")
    today = score_times(cohort, [model], ["today"])
    assert today["prediction_time_hours"].max() > 24 * 13


def test_a_long_horizon_answers_for_earlier_days_of_a_graded_onset(
    simulated: Path, tiny_design: Path, tmp_path: Path
):
    """One run for both: what is asked is on the card, in every score row and in order."""
    cohort, asked = read_cohort(simulated), {"also_days": (14, 21), "target": "grade>=3"}
    plan = load_design(tiny_design).model_copy(
        update={"horizon_days": 30, "landmark_days": (1, 9, 16, 25), **asked}
    )
    out = tmp_path / "model"
    run = train(
        cohort, "early", design=plan, simulated=True, track=False, out=out, force=True, why="a test"
    )
    assert "IEC-HS that reaches grade 3 or more" in run.card
    assert "before day 14, 21" in run.card
    table = run.evaluation.tables["earlier_days"]
    assert table["before_day"].unique().tolist() == [14, 21]
    model = load_model(out)
    assert model.earlier == run.model.earlier
    assert model.predicts == "IEC-HS that reaches grade 3 or more"
    for day, days in ((5, ["14", "21"]), (16, ["21"]), (25, [])):
        rows = score(cohort, model, f"day-{day}")
        rows = rows[rows["risk"].notna()]
        named = [f"risk_before_day_{d}" for d in days]
        found = rows[[*named, "risk"]].to_numpy(np.float64)
        own = ~rows["findings"].str.contains("base_rate|published").to_numpy(bool)
        assert own.any()
        assert (np.diff(found[~np.isnan(found).any(axis=1)], axis=1) >= 0).all()
        past = [name for name in rows if name.startswith("risk_before") and name not in named]
        assert rows[past].isna().all().all()
        assert rows["note"].str.contains("grade 3 or more").all()
        assert set(rows["least_grade"]) == {3}
        assert list(rows) == output_columns([model], explain=False)
        told = next(fhir_resources(rows[own].assign(__infusion_time=pd.NaT)))
        assert told["code"]["text"].endswith(", grade >= 3")
        ends = [one["whenRange"]["high"]["value"] for one in told["prediction"]]
        assert ends == [30, *sorted(map(float, days), reverse=True)]
