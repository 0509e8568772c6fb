"""What the model is held against: which scores a cohort has, and risks of other folds only."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskmodel.evaluation.measures.comparators import (
    COMPARATORS,
    RIDGE,
    SCORES,
    Contender,
    cross_validated,
    makers,
    outside,
    score_columns,
    with_scores,
)
from riskmodel.evaluation.measures.metrics import logit_of
from riskmodel.features import load_catalogue


@pytest.fixture(scope="module")
def rows(make_rows):
    found, _ = make_rows(300, lost=0.0)
    X = found.X.assign(ferritin_last_log10=found.X["z"], hscore=np.nan)
    return replace(found, X=X)


def test_a_contender_ranks_by_its_risk():
    logit = np.array([-2.0, 0.0, np.nan])
    one = Contender.of_logit("one", logit, "how")
    assert one.risk[1] == 0.5
    np.testing.assert_allclose(logit_of(one.risk[:2]), logit[:2])
    assert np.isnan(one.risk[2])
    assert one.rank is logit


@pytest.mark.parametrize("stage", ["pre_infusion", "early"])
def test_every_score_is_the_first_column_that_the_stage_has(stage):
    catalogue = load_catalogue().stage(stage)
    found = score_columns(catalogue)
    for score, columns in SCORES.items():
        held = [name for name in columns if name in catalogue.names]
        if held:
            assert found[score] == held[0]
    assert RIDGE not in found
    assert score_columns(catalogue, ["EASIX"]).keys() <= {"EASIX"}
    assert score_columns(catalogue, []) == {}
    assert set(found) <= set(COMPARATORS)


def test_signs_met_is_the_sum_of_what_is_known():
    signs = ("macrophage_signs_met", "cytopenia_signs_met")
    catalogue = load_catalogue().stage("early").select(signs)
    columns = score_columns(catalogue)
    assert columns == {"signs met": "+".join(signs)}
    X = pd.DataFrame({signs[0]: [1.0, np.nan, np.nan], signs[1]: [2.0, 1.0, np.nan]})
    found = with_scores(X, columns)
    np.testing.assert_array_equal(found[columns["signs met"]], [3.0, 1.0, np.nan])
    assert with_scores(X, {"one": signs[0]}) is X
    assert list(X.columns) == list(signs)


def test_a_score_that_nobody_has_is_no_contender(rows):
    columns = {"ferritin alone": "ferritin_last_log10", "HScore": "hscore"}
    assert list(makers(rows.X, columns, ["z"])) == [RIDGE, "ferritin alone"]
    assert list(makers(rows.X, columns, ["z"], ["HScore"])) == ["ferritin alone"]
    names = [one.name for one in outside(rows, columns, ["z"], COMPARATORS)]
    assert names == [RIDGE, "ferritin alone"]


def test_no_row_is_told_by_a_model_that_saw_its_outcome(rows):
    """Turning round one patient's outcome changes everybody's risk but its own fold's."""
    maker = makers(rows.X, {}, ["z"])[RIDGE]
    before = cross_validated(rows, maker)
    assert np.isfinite(before).all()
    y = rows.y.copy()
    k = int(np.flatnonzero(y == 0)[0])
    # The folds are dealt by who has the event: another patient gives up its own.
    other = int(np.flatnonzero(y == 1)[0])
    y[[k, other]] = 1, 0
    after = cross_validated(replace(rows, y=y), maker)
    assert (after != before).any()


def test_too_few_events_give_no_risk(rows):
    y = np.zeros_like(rows.y)
    y[:3] = 1
    few = replace(rows, y=y)
    maker = makers(rows.X, {}, ["z"])[RIDGE]
    assert np.isnan(cross_validated(few, maker)).all()
    columns = {"ferritin alone": "ferritin_last_log10"}
    (alone,) = outside(few, columns, ["z"], COMPARATORS)
    assert np.isnan(alone.risk).all()
    np.testing.assert_array_equal(alone.rank, rows.X["z"])  # it still ranks by its own value


def test_a_score_that_is_missing_ranks_in_the_middle(rows):
    X = rows.X.copy()
    X.loc[X.index[:40], "ferritin_last_log10"] = np.nan
    columns = {"ferritin alone": "ferritin_last_log10"}
    _, alone = outside(replace(rows, X=X), columns, ["z"], COMPARATORS)
    assert alone.rank[:40] == pytest.approx(X["ferritin_last_log10"].median())
    assert np.isfinite(alone.risk).all()
