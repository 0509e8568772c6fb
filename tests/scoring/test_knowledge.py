"""A risk is given as a patient's own only where something is known of the patient."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import cohort_of, read_cohort
from riskmodel.criteria import base_rate
from riskmodel.models import load_model
from riskmodel.scoring import score
from riskmodel.scoring.knowledge import hours_without_result, material, risk_groups


@pytest.fixture(scope="module")
def before(model_folders):
    return load_model(model_folders["pre_infusion"])


@pytest.fixture(scope="module")
def early(model_folders):
    return load_model(model_folders["early"])


def one(labs=(), events=(), **patient):
    """A cohort of one patient."""
    rows = [
        {"patient_id": "p", "hours_from_infusion": h, "analyte": a, "value": str(v), "unit": u}
        for h, a, v, u in labs
    ]
    happened = [{"patient_id": "p", "event": e, "hours_from_infusion": h} for h, e in events]
    return cohort_of([{"patient_id": "p", **patient}], rows, happened)


@pytest.mark.parametrize(
    ("product", "who"),
    [
        ("axi-cel", "axicabtagene ciloleucel, LBCL"),
        ("Abecma", "idecabtagene vicleucel"),
        (None, "all products and reports"),
        ("Trial X", "all products and reports"),
    ],
)
def test_a_product_alone_gives_its_published_rate_and_no_group(before, product, who):
    row = score(one(**({"product": product} if product else {})), before, explain=True).iloc[0]
    rate = base_rate(product, None, None)
    assert (row["risk"], row["risk_low"], row["risk_high"]) == (rate.share, rate.low, rate.high)
    assert row["risk_group"] == ""
    assert f"base rate of {who}" in row["reason"]
    assert "base_rate" in row["findings"].split()
    parts = row.filter(like="contribution_").astype(float)
    assert parts.sum() == pytest.approx(np.log(rate.share / (1 - rate.share)), abs=1e-6)
    assert (parts.drop("contribution_base") == 0).all()


def test_two_inputs_of_the_patient_are_a_risk_of_the_patient(before):
    known = one([(-24, "ferritin", 800, "ng/mL"), (-24, "crp", 20, "mg/L")], product="axi-cel")
    assert "base_rate" not in score(known, before)["findings"][0]


@pytest.mark.parametrize("drawn", [-24.0, 0.0, 73.0])
def test_after_the_infusion_a_risk_needs_a_result_from_after_it(early, drawn):
    labs = [(-30, "ferritin", 800, "ng/mL"), (-30, "crp", 20, "mg/L"), (drawn, "ldh", 300, "U/L")]
    row = score(one(labs, [(40, "icu_admission")], product="axi-cel"), early, "day-3").iloc[0]
    assert "no laboratory result since the infusion" in row["reason"]
    row = score(one([*labs, (72.0, "ldh", 300, "U/L")], product="axi-cel"), early, "day-3").iloc[0]
    assert "base_rate" not in row["findings"].split()


def test_an_interval_from_low_to_high_names_no_group(before):
    rows = pd.DataFrame(
        {
            "risk": [0.03, 0.03, 0.1, 0.3, 0.3, np.nan],
            "risk_low": [0.01, 0.01, 0.04, 0.04, 0.06, np.nan],
            "risk_high": [0.10, 0.15, 0.14, 0.50, 0.50, np.nan],
        }
    )
    never = np.zeros(6, dtype=bool)
    assert list(risk_groups(rows, before, never)) == ["low", "", "intermediate", "", "high", ""]
    assert next(iter(risk_groups(rows, before, ~never))) == ""


def test_partial_is_for_what_could_move_the_patient(before, simulated):
    cohort = read_cohort(simulated)
    rows = score(cohort, before)
    lacking = rows["n_missing"] > 0
    told = rows["findings"].str.split().map(lambda codes: "missing" in codes)
    assert lacking.sum() > told.sum() > 0
    assert not (told & ~lacking).any()


def test_the_same_inputs_missing_move_a_risk_at_a_limit_and_not_one_far_from_it(before):
    X = pd.DataFrame(np.zeros((2, len(before.features))), columns=before.features)
    spread = before.classifier.spread_
    X.iloc[:, int(np.argsort(spread)[len(spread) // 2])] = np.nan
    moved, named = material(X, np.array([0.0499, 0.4]), before)
    assert moved[0] >= moved[1]
    assert all(bool(names) == bool(flag) for names, flag in zip(named, moved, strict=True))
    nothing, _ = material(X.fillna(0.0), np.array([0.0499, 0.4]), before)
    assert not nothing.any()


FERRITIN = (220.0, "ferritin", 60_000, "ng/mL")


def test_signs_met_and_little_else_known_is_never_low(early):
    labs = [(-24, "ferritin", 800, "ng/mL"), (-24, "crp", 20, "mg/L"), FERRITIN]
    row = score(one(labs, product="axi-cel"), early, "day-10").iloc[0]
    assert row["risk_group"] != "low"
    assert "criteria_may_be_met" in row["findings"].split()
    for wanted in ("fibrinogen", "cytopenia_platelets"):
        assert wanted in row["reason"]


def test_all_but_one_sign_is_said(early):
    counts = [(8, "platelets", 180), (8, "anc", 3.0), (220, "platelets", 20), (220, "anc", 0.2)]
    labs = [
        (-24, "ferritin", 800, "ng/mL"), (-24, "crp", 20, "mg/L"), FERRITIN,
        (220.0, "ast", 30, "U/L"), (220.0, "alt", 30, "U/L"), (220.0, "fibrinogen", 300, "mg/dL"),
        *((hours, name, value, "10*9/L") for hours, name, value in counts),
    ]  # fmt: skip
    row = score(one(labs, product="axi-cel"), early, "day-10").iloc[0]
    assert "criteria_nearly_met" in row["findings"].split()
    assert row["risk_group"] != "low"


def test_a_recorded_onset_ends_every_forecast_whatever_the_label_source(early):
    labs = [(-24, "crp", 20, "mg/L"), (60, "ferritin", 900, "ng/mL")]
    case = one(labs, [(70, "iec_hs")], product="axi-cel")
    assert score(case, early, "day-2")["risk"].notna().all()
    row = score(case, early, "day-3").iloc[0]
    assert np.isnan(row["risk"])
    assert (row["status"], row["findings"]) == ("out_of_scope", "onset_recorded")


@pytest.mark.parametrize(
    ("last", "told"), [(70.0, False), (48.0, False), (47.0, True), (-5.0, True)]
)
def test_results_of_long_ago_make_nobody_low(last: float, told: bool) -> None:
    """At hour 120, three days without a result are the window of the definitions."""
    labs = [
        {"patient_id": "A", "hours_from_infusion": last, "analyte": "ferritin", "value": 300,
         "unit": "ng/mL"},
        {"patient_id": "A", "hours_from_infusion": 130, "analyte": "ferritin", "value": 300,
         "unit": "ng/mL"},
    ]  # fmt: skip
    cohort = cohort_of([{"patient_id": "A"}], labs)
    since = hours_without_result(cohort, 120.0)
    assert np.isnan(since).tolist() == [not told]
    assert np.isnan(hours_without_result(cohort, 0.0)).all()


def test_a_patient_not_drawn_for_days_has_no_group(early):
    drawn = {"ferritin": (310, "ng/mL"), "platelets": (180, "10*9/L"), "crp": (5, "mg/L")}
    labs = [(at, name, *value) for at in (-24, 20) for name, value in drawn.items()]
    row = score(one(labs, product="Kymriah", disease="LBCL"), early, "day-9").iloc[0]
    assert row["risk_group"] == ""
    assert {"group_cannot_be_told", "base_rate"} & set(row["findings"].split())
    assert "stale" in row["findings"].split()
