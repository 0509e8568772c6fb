"""Curves on grids: net benefit against the dcurves package, calibration against the truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from riskmodel.evaluation.measures.comparators import Contender
from riskmodel.evaluation.measures.curves import (
    THRESHOLDS,
    calibration,
    calibration_by_landmark,
    decision_curves,
    distribution,
    roc_and_pr,
)
from riskmodel.evaluation.row_subsets import Subset


def test_net_benefit_is_that_of_dcurves(make_rows):
    dcurves = pytest.importorskip("dcurves")
    rows, one = make_rows(400, lost=0.0)
    # Two decimals put risks exactly at thresholds: both count them as acted on.
    one = Contender("riskmodel", np.round(one.risk, 2), one.rank, "rounded")
    frame = pd.DataFrame({"y": rows.y, "risk": one.risk})
    theirs = dcurves.dca(data=frame, outcome="y", modelnames=["risk"], thresholds=THRESHOLDS)
    theirs = theirs.set_index(["model", "threshold"])["net_benefit"]
    own = decision_curves(rows, [one], draws=0, seed=1).set_index(["model", "threshold"])
    for mine, named in (("riskmodel", "risk"), ("treat all", "all"), ("treat none", "none")):
        found = own.loc[mine]["net_benefit"].to_numpy()
        assert found == pytest.approx(theirs.loc[named].to_numpy(), abs=1e-12), mine


def test_treating_all_is_best_when_everything_is_below_the_risk(make_rows):
    rows, one = make_rows(300)
    table = decision_curves(rows, [one], draws=50, seed=1)
    own = table[table["model"] == "riskmodel"].set_index("threshold")
    assert own.loc[0.01, "above_default"] == pytest.approx(0, abs=0.01)
    assert own.loc[0.2, "above_default"] > 0
    assert (own["low"] <= own["high"]).all()


def test_the_calibration_curve_finds_a_known_distortion(make_rows):
    rows, one = make_rows(6000, lost=0.0)
    curve, groups, off = calibration(rows, one, draws=0, seed=1)
    assert np.abs(curve["observed"] - curve["predicted"]).max() < 0.05
    assert off["ici"] < 0.02
    assert groups["rows"].sum() == 6000
    bent = Contender("riskmodel", one.risk**2, one.rank, "too low")
    curve, _, off = calibration(rows, bent, draws=0, seed=1)
    expected = np.sqrt(curve["predicted"])
    assert np.abs(curve["observed"] - expected).max() < 0.06
    assert off["ici"] > 0.05


def test_the_band_holds_the_curve_and_narrows_with_patients(make_rows):
    width = []
    for patients in (200, 1500):
        rows, one = make_rows(patients)
        curve, _, off = calibration(rows, one, draws=80, seed=1)
        assert (curve["low"] <= curve["high"]).all()
        assert off["ici_low"] < off["ici_high"]
        width.append((curve["high"] - curve["low"]).mean())
    assert width[1] < 0.6 * width[0]


def test_separated_classes_and_few_risks_give_a_curve_or_none(make_rows):
    rows, _ = make_rows(60, lost=0.0)
    sharp = Contender("riskmodel", np.where(rows.y == 1, 0.9, 0.1) + np.arange(60) / 1000,
                      rows.y.astype(float), "oracle")  # fmt: skip
    curve, _, _ = calibration(rows, sharp, draws=20, seed=1)
    assert curve["observed"].between(0, 1).all()
    flat = Contender("riskmodel", np.full(60, 0.2), np.zeros(60), "constant")
    assert calibration(rows, flat, draws=5, seed=1)[0].empty


def test_roc_and_pr_stand_on_a_grid_and_hold_the_area(make_rows, plain):
    rows, one = make_rows(250, lost=0.0)
    roc, pr = roc_and_pr(rows, [one])
    assert len(roc) == len(pr) == 51
    assert (np.diff(roc["sensitivity"]) >= 0).all()
    area = np.trapezoid(roc["sensitivity"], roc["false_positive_rate"])
    assert area == pytest.approx(plain.auroc(rows.y, one.risk, np.ones(250)), abs=0.01)
    assert pr["precision"].iloc[-1] == pytest.approx(rows.y.mean(), abs=0.05)


def test_the_distribution_is_a_share_of_each_group(make_rows):
    rows, one = make_rows(300)
    table = distribution(rows, one)
    assert table[["event", "no_event"]].sum().to_list() == pytest.approx([1, 1])


def test_groups_without_an_event_have_the_exact_bound(make_rows):
    rows, one = make_rows(400, lost=0.0)
    never = np.where(one.risk < np.quantile(one.risk, 0.2), 0, rows.y).astype(np.int8)
    rows = replace(rows, y=never)
    _, groups, _ = calibration(rows, one, draws=60, seed=1)
    assert (groups["low"] <= groups["observed"]).all()
    assert (groups["observed"] <= groups["high"]).all()
    lowest = groups.iloc[0]
    exact = stats.binomtest(0, int(lowest["rows"])).proportion_ci(0.95, method="exact")
    assert lowest["observed"] == lowest["low"] == 0
    assert lowest["high"] == pytest.approx(exact.high)


def test_calibration_by_landmark_is_that_of_the_rows_of_the_landmark(make_rows):
    rows, one = make_rows(300, landmarks=(24.0, 72.0), lost=0.0)
    days = [Subset("landmark", f"day {h / 24:g}", rows.hours == h) for h in (24.0, 72.0)]
    nobody = Subset("landmark", "day 9", rows.hours == 216.0)
    curve, groups = calibration_by_landmark(rows, one, [*days, nobody], draws=20, seed=1)
    assert list(dict.fromkeys(curve["subset"])) == ["day 1", "day 3"]
    kept = days[1].rows
    own = Contender(one.name, one.risk[kept], one.rank[kept], one.how)
    there, _, _ = calibration(rows.take(kept), own, draws=20, seed=1)
    found = curve[curve["subset"] == "day 3"]
    assert found["observed"].tolist() == there["observed"].tolist()
    assert (found["patients"] == 300).all()
    assert groups.groupby("subset")["rows"].sum().tolist() == [300, 300]
