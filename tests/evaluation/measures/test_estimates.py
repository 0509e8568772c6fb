"""The core: figures against a plain second expression, and what must not change them."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.evaluation.measures.estimates import compare, figures
from riskmodel.evaluation.measures.metrics import METRICS, net_benefit

GOLDEN = (
    # y, risk, weight: what, value, why
    ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], [1, 1, 1, 1], "auroc", 0.75, "three of four pairs"),
    ([0, 1], [0.3, 0.3], [1, 1], "auroc", 0.5, "a tie counts half"),
    ([0, 0, 1], [0.1, 0.4, 0.3], [1, 3, 1], "auroc", 0.25, "a weight of 3 is three rows"),
    ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], [1, 1, 1, 1], "auprc", 5 / 6, "1/2 · 1 + 1/2 · 2/3"),
    ([0, 1], [0.2, 0.6], [1, 1], "brier", 0.1, "(0.04 + 0.16) / 2"),
    ([0, 1], [0.5, 0.5], [1, 1], "scaled_brier", 0.0, "no better than the overall risk"),
    ([0, 1], [0.5, 0.5], [1, 1], "log_loss", np.log(2), "a coin"),
    ([0, 1, 0, 0], [0.25] * 4, [1] * 4, "expected_over_observed", 1.0, "1 expected, 1 seen"),
    ([0, 1, 0, 0], [0.25] * 4, [1] * 4, "calibration_intercept", 0.0, "right in the large"),
    ([0, 1, 0, 0], [0.25] * 4, [1] * 4, "calibration_slope", np.nan, "one risk has no slope"),
    ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], [1] * 4, "calibration_slope", np.nan, "separated"),
)


def of(y, risk, weight=None, patient=None, **more):
    n = len(y)
    return figures(
        np.asarray(y),
        np.asarray(risk, float),
        np.ones(n) if weight is None else np.asarray(weight, float),
        np.arange(n) if patient is None else np.asarray(patient),
        **{"draws": 0, **more},
    )


@pytest.mark.parametrize(("y", "risk", "weight", "metric", "value", "why"), GOLDEN)
def test_golden_cases(y, risk, weight, metric, value, why):
    assert of(y, risk, weight)[metric].value == pytest.approx(value, nan_ok=True, abs=1e-9), why


@pytest.mark.parametrize("seed", range(4))
def test_every_metric_agrees_with_a_plain_expression(plain, seed):
    rng = np.random.default_rng(seed)
    risk = np.round(rng.uniform(0.02, 0.9, 60), 2)
    y = (rng.random(60) < risk).astype(int)
    weight = rng.uniform(0.2, 3, 60)
    found = of(y, risk, weight)
    assert set(found) == set(plain.PLAIN)
    for name, metric in plain.PLAIN.items():
        tolerance = 1e-5 if name == "calibration_slope" else 1e-9
        assert found[name].value == pytest.approx(metric(y, risk, weight), abs=tolerance), name
    for threshold in (0.05, 0.2, 0.5):
        own = net_benefit(y.astype(float), risk, weight[None], np.array([threshold]))[0, 0]
        assert own == pytest.approx(plain.net_benefit(y, risk, weight, threshold), abs=1e-12)


rows = st.lists(
    st.tuples(st.booleans(), st.integers(1, 19), st.integers(0, 3)), min_size=6, max_size=40
).filter(lambda r: len({y for y, _, w in r if w}) == 2)


@given(rows, st.randoms(use_true_random=False))
def test_row_order_changes_nothing_and_a_weight_is_so_many_rows(drawn, random):
    y, risk, w = (np.array(part) for part in zip(*drawn, strict=True))
    y, risk, w = y.astype(int), risk / 20, w.astype(float)
    shuffled = list(range(len(y)))
    random.shuffle(shuffled)
    repeated = np.repeat(np.arange(len(y)), w.astype(int))
    first = of(y, risk, w)
    for name in METRICS:
        value = pytest.approx(first[name].value, nan_ok=True, abs=1e-7)
        assert of(y[shuffled], risk[shuffled], w[shuffled])[name].value == value, name
        assert of(y[repeated], risk[repeated])[name].value == value, name


def test_the_interval_follows_patients_not_rows():
    rng = np.random.default_rng(5)
    risk = rng.uniform(0.05, 0.6, 120)
    y = (rng.random(120) < risk).astype(int)
    once = of(y, risk, draws=300)
    six = of(np.tile(y, 6), np.tile(risk, 6), np.full(720, 1 / 6), np.tile(np.arange(120), 6),
             draws=300)  # fmt: skip
    alone = of(np.tile(y, 6), np.tile(risk, 6), draws=300)
    for name in METRICS:
        assert six[name].low == pytest.approx(once[name].low, abs=1e-9), name
        assert six[name].high == pytest.approx(once[name].high, abs=1e-9), name
    width = {k: v["auroc"].high - v["auroc"].low for k, v in {"six": six, "alone": alone}.items()}
    assert width["alone"] < 0.6 * width["six"]


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(11)
    covered = 0
    for k in range(60):
        z = rng.normal(-1, 1.2, 250)
        y = (rng.random(250) < 1 / (1 + np.exp(-z))).astype(int)
        slope = of(y, 1 / (1 + np.exp(-z)), draws=150, seed=k)["calibration_slope"]
        covered += slope.low <= 1 <= slope.high
    assert 50 <= covered <= 60


def test_a_rank_of_its_own_moves_the_areas_alone():
    y, risk = np.array([0, 1, 0, 1, 1]), np.array([0.2, 0.3, 0.4, 0.5, 0.6])
    plainly, ranked = of(y, risk), of(y, risk, rank=-risk)
    assert ranked["auroc"].value == pytest.approx(1 - plainly["auroc"].value)
    assert ranked["brier"] == plainly["brier"]
    empty = of(y, np.full(5, np.nan), rank=risk)
    assert empty["auroc"].value == plainly["auroc"].value
    assert np.isnan(empty["log_loss"].value)


def test_rows_without_weight_do_not_count():
    y, risk = np.array([0, 1, 0, 1]), np.array([0.2, 0.7, 0.4, 0.3])
    padded = of([*y, 1, 0], [*risk, 0.01, 0.99], [1, 1, 1, 1, 0, 0])
    assert padded["auroc"] == of(y, risk)["auroc"]


def test_a_comparison_is_paired():
    rng = np.random.default_rng(2)
    z = rng.normal(-1, 1.5, 400)
    y = (rng.random(400) < 1 / (1 + np.exp(-z))).astype(int)
    risk = 1 / (1 + np.exp(-z))
    noisy = 1 / (1 + np.exp(-(z + rng.normal(0, 1.5, 400))))
    table = compare(y, {"one": risk, "same": risk, "noisy": noisy}, np.ones(400), np.arange(400),
                    thresholds=[0.1], draws=200)  # fmt: skip
    same = table[table["model"] == "same"]
    assert (same[["difference", "difference_low", "difference_high"]] == 0).all().all()
    worse = table[(table["model"] == "noisy")].set_index("metric")
    assert worse.loc["log_loss", "difference_low"] > 0
    assert worse.loc["auroc", "difference_high"] < 0
    assert "net_benefit_0.1" in worse.index
    spread = worse.loc["auroc", "high"] - worse.loc["auroc", "low"]
    apart = worse.loc["auroc", "difference_high"] - worse.loc["auroc", "difference_low"]
    assert apart < 1.2 * spread
