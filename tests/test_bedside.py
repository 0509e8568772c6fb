"""Invented patients and the shipped models: what a haematologist would believe, and why.

Ranges are wide on purpose; the numbers are those of the bedside table that the project was given.
"""

import itertools

import numpy as np
import pytest

from riskmodel.cohort import cohort_of, read_cohort
from riskmodel.models import RiskModel
from riskmodel.scoring import find_model, score


@pytest.fixture(scope="module")
def before() -> RiskModel:
    return find_model("pre-infusion")


@pytest.fixture(scope="module")
def early() -> RiskModel:
    return find_model("early")


def one(labs=(), events=(), **patient):
    """A cohort of one patient: labs as (hours, analyte, value, unit), events as (hours, name)."""
    rows = [
        {"patient_id": "p", "hours_from_infusion": h, "analyte": a, "value": str(v), "unit": u}
        for h, a, v, u in labs
    ]
    happened = [
        {"patient_id": "p", "hours_from_infusion": h, "event": name, "grade": grade}
        for h, name, grade in (e if len(e) == 3 else (*e, "") for e in events)
    ]
    about = {key: str(value) for key, value in patient.items()}
    return cohort_of([{"patient_id": "p", **about}], rows, happened)


SECOND = {"disease": "B-ALL", "product": "brexu-cel", "age_years": 40, "marrow_blasts_percent": 60}
SECOND_LABS = [
    (-24, "ferritin", 2500, "ng/mL"),
    (-24, "crp", 40, "mg/L"),
    (-24, "platelets", 30, "10*9/L"),
]
THIRD_LABS = [
    *SECOND_LABS,
    (70, "ferritin", 3500, "ng/mL"),
    (70, "ast", 40, "U/L"),
    (70, "fibrinogen", 350, "mg/dL"),
]
THIRD_EVENTS = [(60, "crs", 2), (65, "tocilizumab")]
LABS_7 = [(-24, "ferritin", 800, "ng/mL")]


@pytest.mark.parametrize(
    ("low", "high", "labs", "patient", "why"),
    [
        (
            0.01, 0.06,
            [(-24, "ferritin", 300, "ng/mL"), (-24, "crp", 5, "mg/L"),
             (-24, "platelets", 180, "10*9/L")],
            {"disease": "LBCL", "product": "axi-cel", "tumor_burden": "low"},
            "published 3 to 5% for all",
        ),
        (0.12, 0.45, SECOND_LABS, SECOND, "high burden and inflammation"),
        (
            0.04, 0.20, LABS_7,
            {"disease": "MM", "product": "cilta-cel", "m_protein_g_per_l": 30},
            "6.7% of all",
        ),
        (
            0.10, 0.45, [],
            {"disease": "B-ALL", "target_antigen": "CD22", "age_years": 9,
             "marrow_blasts_percent": 50, "nk_cells_per_ul": 20},
            "15% of all before day 14",
        ),
    ],
)  # fmt: skip
def test_before_the_infusion(before, low, high, labs, patient, why):
    row = score(one(labs, **patient), before).iloc[0]
    assert low <= row["risk"] <= high, why


def test_crs_alone_is_no_catastrophe(early):
    row = score(one(THIRD_LABS, THIRD_EVENTS, **SECOND), early, "day-3").iloc[0]
    assert 0.15 <= row["risk"] <= 0.55


@pytest.mark.parametrize(
    "event", ["icu_admission", "organ_failure", "dialysis", "ventilation", "hypoxia"]
)
def test_severity_never_protects(early, event):
    labs = [*THIRD_LABS, (118, "ferritin", 4000, "ng/mL")]
    without = score(one(labs, THIRD_EVENTS, **SECOND), early, "day-5").iloc[0]["risk"]
    events = [*THIRD_EVENTS, (117, event)]
    assert score(one(labs, events, **SECOND), early, "day-5").iloc[0]["risk"] >= without


def test_a_ferritin_of_the_published_median_is_never_low(early):
    labs = [*SECOND_LABS, (100, "ferritin", 1500, "ng/mL"), (237, "ferritin", 100_000, "ng/mL")]
    row = score(one(labs, **SECOND), early, "day-10").iloc[0]
    assert row["risk_group"] != "low"
    assert "criteria_may_be_met" in row["findings"]


def test_the_sickest_patient_is_recognised_and_not_forecast(early):
    labs = [
        *SECOND_LABS, (280, "ferritin", ">100000", "ng/mL"), (280, "fibrinogen", 120, "mg/dL"),
        (280, "anc", 0.05, "10*9/L"), (280, "hemoglobin", 7.2, "g/dL"),
        (280, "platelets", 12, "10*9/L"), (280, "ast", 300, "U/L"),
        (10, "anc", 2.0, "10*9/L"), (10, "hemoglobin", 10, "g/dL"), (10, "platelets", 90, "10*9/L"),
    ]  # fmt: skip
    row = score(one(labs, **SECOND), early, "day-12").iloc[0]
    assert np.isnan(row["risk"])
    assert row["findings"] == "onset_known"


@pytest.mark.parametrize("at", ["pre-infusion", "day-5"])
def test_an_autoimmune_indication_gets_no_number(before, early, at):
    model = before if at == "pre-infusion" else early
    row = score(one(disease="SLE", target_antigen="CD19"), model, at).iloc[0]
    assert np.isnan(row["risk"])
    assert "0" not in row["risk_group"]
    assert "47 published patients" in row["reason"]


@pytest.mark.parametrize(
    ("patient", "share", "low", "high"),
    [({}, 0.051, 0.03, 0.35), ({"product": "axi-cel"}, 0.0387, 0.03, 0.05)],
)
def test_an_empty_form_gives_a_published_rate_and_no_group(before, patient, share, low, high):
    row = score(one(**patient), before).iloc[0]
    assert row["risk"] == pytest.approx(share, abs=1e-3)
    assert (row["risk_low"], row["risk_high"]) == (low, high)
    assert row["risk_group"] == ""


def test_the_published_patient(shared_data, before, early):
    """10 to 45% before; not falling from day 3 to 6; no Low from day 6; no number after onset."""
    published = read_cohort(shared_data / "case_manghisi_2025")
    first = score(published, before).iloc[0]
    assert 0.10 <= first["risk"] <= 0.45
    days = {day: score(published, early, f"day-{day}").iloc[0] for day in range(1, 11)}
    risks = [days[day]["risk"] for day in (3, 4, 5, 6)]
    assert all(now >= was for was, now in itertools.pairwise(risks))
    for day, row in days.items():
        assert row["risk_group"] != "low" or day < 6
        assert np.isnan(row["risk"]) == (day >= 7)


SWEEPS = [
    ("creatinine", "mg/dL", [0.5, 0.8, 1.2, 2.0, 3.0, 4.0]),
    ("il6", "pg/mL", [10, 50, 200, 1000, 5000, 20_000]),
    ("ferritin", "ng/mL", [500, 1000, 3000, 9000, 20_000, 50_000]),
    ("platelets", "10*9/L", [200, 120, 80, 50, 30, 10]),
]


@pytest.mark.parametrize(("analyte", "unit", "values"), SWEEPS)
@pytest.mark.parametrize("at", ["pre-infusion", "day-5"])
def test_one_input_never_lowers_the_risk_in_its_bad_direction(
    before, early, at, analyte, unit, values
):
    model, hours = (before, -20) if at == "pre-infusion" else (early, 118)
    kept = [lab for lab in THIRD_LABS if at != "pre-infusion" or lab[0] < 0]
    risks = []
    for value in values:
        labs = [lab for lab in kept if not (lab[1] == analyte and lab[0] > 0)]
        row = score(one([*labs, (hours, analyte, value, unit)], **SECOND), model, at).iloc[0]
        risks.append(row["risk"])
    known = np.array(risks)[~np.isnan(risks)]
    assert (np.diff(known) >= -1e-9).all(), list(zip(values, risks, strict=True))


def test_ten_times_the_dose_never_lowers_the_risk(before):
    risks = [
        score(one(SECOND_LABS, **SECOND, cell_dose_million_per_kg=dose), before).iloc[0]["risk"]
        for dose in (0.5, 1, 2, 5)
    ]
    assert (np.diff(risks) >= -1e-9).all()


def test_a_value_above_the_assay_s_limit_is_no_fall(early):
    rise = [(40, "ferritin", 1000, "ng/mL"), (90, "ferritin", 2800, "ng/mL")]
    base = [*THIRD_LABS[:3], *rise]
    steady = score(one([*base, (118, "ferritin", 2800, "ng/mL")], **SECOND), early, "day-5").iloc[0]
    bound = score(one([*base, (118, "ferritin", ">2000", "ng/mL")], **SECOND), early, "day-5").iloc[
        0
    ]
    assert bound["risk"] >= steady["risk"] - 1e-9
