"""A training run: what it returns, that it can be repeated, and that it copes with little."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel import RESEARCH_USE
from riskmodel.cohort import read_cohort
from riskmodel.errors import SchemaError
from riskmodel.models import FewEventsWarning, predict_frame
from riskmodel.training import train


def test_the_run_is_repeatable_and_says_what_it_is(simulated: Path, tiny_design: Path):
    cohort = read_cohort(simulated)
    runs = [
        train(cohort, "pre_infusion", design=tiny_design, simulated=True, track=False)
        for _ in range(2)
    ]
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


def test_another_cohort_makes_another_version(simulated: Path, tiny_design: Path):
    cohort = read_cohort(simulated)
    whole = train(cohort, "pre_infusion", design=tiny_design, track=False)
    part = train(cohort.take(np.arange(200)), "pre_infusion", design=tiny_design, track=False)
    assert whole.model.version != part.model.version


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


def test_registering_needs_tracking(simulated: Path, tiny_design: Path):
    with pytest.raises(SchemaError, match="cannot be registered without tracking"):
        train(read_cohort(simulated), "early", design=tiny_design, register="name", track=False)
