"""Who is at risk at a prediction time, judged by what was known then."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import EVENT_NAMES, read_cohort
from riskmodel.criteria import evaluate_signs, load_definition
from riskmodel.errors import SchemaError
from riskmodel.features import Records
from riskmodel.models import load_model
from riskmodel.scoring.scope import check_stage, known_onset, out_of_scope, scope_finding


@pytest.fixture(scope="module")
def models(model_folders):
    return {stage: load_model(folder) for stage, folder in model_folders.items()}


@pytest.fixture(scope="module")
def cohort(simulated):
    return read_cohort(simulated).take(np.arange(20))


def with_events(cohort, *events):
    """The cohort with these alone: (event, hours) of the first patient."""
    rows = pd.DataFrame(
        {
            "patient": np.zeros(len(events), dtype=np.int64),
            "hours": [float(hours) for _, hours in events],
            "event": pd.Categorical([n for n, _ in events], categories=sorted(EVENT_NAMES)),
            "grade": np.nan,
            "value": "",
        }
    )
    return replace(cohort, events=rows)


@pytest.mark.parametrize(
    ("events", "onset", "hours", "code", "why"),
    [
        ([], np.nan, 96.0, "", "nothing has happened"),
        ([], 96.0, 96.0, "onset_known", "an onset at the very hour"),
        ([], 96.5, 96.0, "", "an onset later"),
        ([("iec_hs", 96)], np.nan, 96.0, "onset_recorded", "a human recorded one"),
        ([("iec_hs", 97)], np.nan, 96.0, "", "later"),
        ([("iec_hs", 96)], 48.0, 96.0, "onset_known", "the model's own labels come first"),
        ([("death", 96)], np.nan, 96.0, "dead", "died"),
        ([("death", 97)], np.nan, 96.0, "", "lives still"),
        ([("death", -1)], np.nan, 0.0, "dead", "died before the infusion"),
        ([("transplant", 50)], np.nan, 96.0, "transplant", "another therapy"),
        ([("transplant", -500)], np.nan, 96.0, "", "an earlier one ends nothing"),
        (
            [("new_cell_therapy", 0)],
            np.nan,
            96.0,
            "new_cell_therapy",
            "at the hour of the infusion",
        ),
        ([("new_cell_therapy", 50), ("death", 60)], np.nan, 96.0, "dead", "death says most"),
        ([("death", 96)], 48.0, 96.0, "dead", "whatever came before"),
    ],
)
def test_why_a_patient_is_not_at_risk(cohort, events, onset, hours, code, why):
    own = np.full(len(cohort), np.nan)
    own[0] = onset
    found = out_of_scope(with_events(cohort, *events), own, hours)
    assert found[0] == code, why
    assert set(found[1:]) <= {"", "autoimmune"}


def test_an_autoimmune_indication_is_out_of_scope_whatever_happened(cohort):
    patients = cohort.patients.copy()
    patients.loc[0, "disease"] = "SLE"
    dead = with_events(replace(cohort, patients=patients), ("death", 10))
    code = out_of_scope(dead, None, 96.0)[0]
    assert scope_finding(code).autoimmune
    assert "7.5%" in str(scope_finding(code))
    assert str(scope_finding("dead")) == "dead"
    assert scope_finding("onset_known").onset
    assert not scope_finding("dead").onset


def test_later_records_change_nothing(cohort):
    onset = np.full(len(cohort), np.nan)
    for hours in (24.0, 96.0, 200.0):
        now = out_of_scope(cohort.until(hours), onset, hours)
        np.testing.assert_array_equal(out_of_scope(cohort, onset, hours), now)


def test_the_onset_is_by_the_models_own_labels(cohort, models):
    early = models["early"]
    by_rules = known_onset(cohort, early)
    rule = early.cytopenia_rule
    expected = evaluate_signs(cohort, load_definition(early.definition), rule).onset_hours
    np.testing.assert_array_equal(by_rules, expected)
    records = Records(cohort, *early.signs)
    np.testing.assert_array_equal(known_onset(cohort, early, records), by_rules)
    human = replace(early, labels="adjudicated")
    recorded = with_events(cohort, ("iec_hs", 100))
    found = known_onset(recorded, human)
    assert found[0] == 100
    assert np.isnan(found[1:]).all()
    # The signs that its features read are of another definition than its labels.
    other = replace(early, definition="carhlh-2018")
    assert other.signs[0] != other.definition
    np.testing.assert_array_equal(
        known_onset(cohort, other, records),
        evaluate_signs(cohort, load_definition("carhlh-2018"), rule).onset_hours,
    )


@pytest.mark.parametrize(
    ("stage", "at", "hours"),
    [("pre_infusion", "pre-infusion", 0.0), ("early", "day-1", 24.0), ("early", "day-13", 312.0)],
)
def test_a_stage_scores_at_its_own_times(models, stage, at, hours):
    assert check_stage(models[stage], at) == hours


@pytest.mark.parametrize(
    ("stage", "at", "said"),
    [
        ("pre_infusion", "day-3", "Use --at pre-infusion, or a model of stage 'early'"),
        ("early", "pre-infusion", "Use --at day-1 to day-13"),
    ],
)
def test_another_stage_is_refused_with_what_would_do(models, stage, at, said):
    with pytest.raises(SchemaError, match=said):
        check_stage(models[stage], at)


def test_a_time_at_the_horizon_is_refused(models):
    short = replace(models["early"], horizon_days=7.0)
    assert check_stage(short, "day-6") == 144.0
    with pytest.raises(SchemaError, match="is not before the horizon"):
        check_stage(short, "day-7")
