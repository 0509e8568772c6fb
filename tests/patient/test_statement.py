"""What is said before any figure, in the largest words: of whom the syndrome may be there."""

import pytest

from riskmodel.cohort import cohort_of
from riskmodel.models import load_model
from riskmodel.patient.assessment import assess_patient
from riskmodel.patient.pages.report import page
from riskmodel.patient.statement import statement_of
from riskmodel.web.cds.routes import card_of

BASE = [
    (-24, "ferritin", 800, "ng/mL"),
    (-24, "crp", 20, "mg/L"),
    (-24, "platelets", 180, "10*9/L"),
]
FULL = [
    (286, "ferritin", 150_000, "ng/mL"), (286, "fibrinogen", 120, "mg/dL"),
    (286, "ast", 300, "U/L"), (286, "anc", 0.05, "10*9/L"), (286, "hemoglobin", 7.2, "g/dL"),
    (286, "platelets", 12, "10*9/L"), (8, "platelets", 180, "10*9/L"), (8, "anc", 3.0, "10*9/L"),
    (8, "hemoglobin", 11.0, "g/dL"),
]  # fmt: skip
LOW_COUNTS = [row for row in FULL if row[1] in ("anc", "hemoglobin", "platelets")]


@pytest.fixture(scope="module")
def early(model_folders):
    return load_model(model_folders["early"])


def one(labs, events=(), **patient):
    rows = [
        {"patient_id": "p", "hours_from_infusion": h, "analyte": a, "value": str(v), "unit": u}
        for h, a, v, u in labs
    ]
    happened = [{"patient_id": "p", "event": e, "hours_from_infusion": h} for h, e in events]
    return cohort_of([{"patient_id": "p", "product": "axi-cel", **patient}], rows, happened)


def said(labs, model, day=12, events=()):
    cohort = one([*BASE, *labs], events)
    return cohort, statement_of(assess_patient(cohort, model, f"day-{day}"))


def test_criteria_met_is_recognised_and_not_forecast(early):
    cohort, found = said(FULL, early)
    assert found.large.startswith("Criteria met now: macrophage activation 3 of 5, cytopenias 3 of")
    assert "course" not in found.large.lower()
    assert found.urgent
    html = page(cohort, "p", early, at="day-12")
    assert found.large in html
    assert html.index("statement urgent") < html.index("No risk is given.")
    assert "patients like this" not in html
    assert 'id="days-heading"' not in html or "%" not in html.partition("Day by day")[2][:200]
    (card,) = card_of(cohort, early, "day-12", "http://localhost")
    assert card["indicator"] == "critical"
    assert card["summary"].startswith("Criteria met now")
    assert len(card["summary"]) < 140


def test_one_sign_missing_is_said_and_a_card_is_sent(early):
    cohort, found = said([(286, "ferritin", 150_000, "ng/mL"), (286, "ast", 30, "U/L"),
                          (286, "alt", 30, "U/L"), (286, "fibrinogen", 300, "mg/dL"),
                          *LOW_COUNTS], early)  # fmt: skip
    assert found.large == "Criteria all but met: one sign is missing."
    (card,) = card_of(cohort, early, "day-12", "http://localhost")
    assert card["indicator"] == "critical"
    assert "Criteria all but met" in card["detail"]


def test_a_single_alarming_result_asks_for_what_decides(early):
    cohort, found = said([(237, "ferritin", 100_000, "ng/mL")], early, day=10)
    assert found.large == "Criteria may be met, and cannot be assessed."
    for draw in ("fibrinogen", "platelets"):
        assert draw in found.more.casefold()
    assert "○ Low" not in page(cohort, "p", early, at="day-10")


def test_a_recorded_onset_is_said_with_its_day(early):
    _, found = said([(60, "ldh", 300, "U/L")], early, day=8, events=[(170, "iec_hs")])
    assert found.large.startswith("An IEC-HS onset is recorded on day 7")
    assert found.urgent


def test_nothing_known_is_no_risk_of_this_patient(early):
    cohort = one([])
    found = statement_of(assess_patient(cohort, early, "day-3"))
    assert (
        found.large
        == "The risk of this patient cannot be told: no laboratory result since the infusion."
    )
    assert not found.urgent
    html = page(cohort, "p", early, at="day-3")
    assert "published rate, not this patient&#39;s risk" in html or "published rate, not" in html
    assert "patients like this" not in html


def test_a_product_without_a_rate_in_print_says_so(early):
    cohort = one([], product="brexu-cel", target_antigen="CD19")
    more = statement_of(assess_patient(cohort, early, "day-3")).more
    assert more.startswith("No rate of brexucabtagene autoleucel is in print.")


def test_a_figure_that_tells_something_comes_first(early):
    rows = [(60, name, value, unit) for name, value, unit in (
        ("ferritin", 500, "ng/mL"), ("ldh", 200, "U/L"), ("ast", 20, "U/L"), ("alt", 20, "U/L"),
        ("fibrinogen", 350, "mg/dL"), ("platelets", 150, "10*9/L"), ("anc", 2.0, "10*9/L"),
        ("hemoglobin", 11, "g/dL"), ("crp", 5, "mg/L"), ("triglycerides", 120, "mg/dL"),
    )]  # fmt: skip
    _, found = said(rows, early, day=3)
    assert found is None or not found.urgent
