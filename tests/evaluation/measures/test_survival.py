"""Figures over time: against scikit-survival where it is installed, and by hand."""

import numpy as np
import pytest

from riskmodel.evaluation.measures.comparators import Contender
from riskmodel.evaluation.measures.metrics import auroc, brier, logit_of
from riskmodel.evaluation.measures.survival import status_at, time_dependent

# end, onset, lost; case and weight at 100 h; why
BY_HAND = (
    (50.0, True, False, 1, 1.0, "an onset before anyone is lost"),
    (60.0, False, True, 0, 0.0, "lost before: counts through the others"),
    (70.0, False, False, 0, 1.25, "a competing outcome: a control, one of five lost before it"),
    (100.0, True, False, 1, 1.25, "an onset exactly at the time is a case"),
    (150.0, True, False, 0, 1.25, "a later onset is a control here"),
    (336.0, False, False, 0, 1.25, "followed to the horizon"),
)


def test_cases_and_weights_by_hand():
    end, onset, lost, case, weight, why = zip(*BY_HAND, strict=True)
    found = status_at(np.array(end), np.array(onset), np.array(lost), 100.0)
    assert found[0].tolist() == list(case), why
    assert found[1] == pytest.approx(weight), why


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(8)
    n = 300
    score = rng.normal(0, 1, n)
    onset_at = rng.exponential(300 * np.exp(-0.8 * score))
    lost_at = rng.exponential(500, n)
    end = np.minimum(np.minimum(onset_at, lost_at), 336.0)
    onset = (onset_at <= lost_at) & (onset_at < 336)
    lost = (lost_at < onset_at) & (lost_at < 336)
    return end, onset, lost, score


@pytest.mark.parametrize("at", [100.0, 240.0])
def test_auc_and_brier_are_those_of_scikit_survival(drawn, at):
    metrics = pytest.importorskip("sksurv.metrics")
    util = pytest.importorskip("sksurv.util")
    end, onset, lost, score = drawn
    surv = util.Surv.from_arrays(onset, end)
    risk = 1 / (1 + np.exp(1 - score))
    case, weight = status_at(end, onset, lost, at)
    own = auroc(case, score, weight[None])[0]
    theirs, _ = metrics.cumulative_dynamic_auc(surv, surv, score, np.array([at]))
    assert own == pytest.approx(theirs[0], abs=1e-9)
    # Their mean is over everyone, ours over the weights, whose sum is everyone on average.
    squared = brier(case, logit_of(risk), weight[None])[0] * weight.sum() / len(end)
    _, other = metrics.brier_score(surv, surv, 1 - risk[:, None], np.array([at]))
    assert squared == pytest.approx(other[0], abs=1e-9)


def test_auc_with_competing_outcomes_agrees_with_a_plain_expression(drawn, plain):
    end, onset, lost, score = (part[:80] for part in drawn)
    onset = onset & (np.arange(80) % 3 > 0)
    case, weight = status_at(end, onset, lost, 200.0)
    assert auroc(case, score, weight[None])[0] == pytest.approx(
        plain.auc_at(end, onset, lost, score, 200.0), abs=1e-9
    )


def test_without_loss_the_horizon_is_the_plain_area(make_rows):
    rows, one = make_rows(300, lost=0.0)
    table = time_dependent(rows, [one], 14.0, draws=20, seed=1)
    last = table[(table["by_day"] == 14) & (table["metric"] == "auc")].iloc[0]
    whole = auroc(rows.y.astype(float), one.rank, np.ones((1, 300)))[0]
    assert last["value"] == pytest.approx(whole)
    assert last["low"] < last["value"] < last["high"]
    assert set(table.loc[table["metric"] == "brier", "by_day"]) == {14.0}
    early = table[table["by_day"] == 5]
    assert early["cases"].max() == 0
    assert early["value"].isna().all()


def test_each_landmark_looks_only_ahead(make_rows):
    rows, one = make_rows(200, landmarks=(24.0, 168.0))
    two = Contender("flipped", one.risk, -one.rank, "")
    table = time_dependent(rows, [one, two], 14.0, draws=0, seed=1)
    assert (table["by_day"] > table["landmark_day"]).all()
    auc = table[table["metric"] == "auc"].pivot(index=["landmark_day", "by_day"], columns="model",
                                               values="value").dropna()  # fmt: skip
    assert len(auc)
    assert (auc["riskmodel"] + auc["flipped"]).to_list() == pytest.approx([1.0] * len(auc))
