"""What print says beside a risk: incidences of the product, scores and what they lack."""

import numpy as np
import pytest

from riskmodel.cohort import Cohort, cohort_of
from riskmodel.criteria import hscore
from riskmodel.patient.references import base_rates, published_scores

# Before the usual start of lymphodepletion, so that every score counts them.
LABS = (
    (-125, "ferritin", "900", "ng/mL"),
    (-125, "ldh", "400", "U/L"),
    (-125, "creatinine", "1.0", "mg/dL"),
    (-125, "platelets", "100", "10*9/L"),
    (-125, "crp", "30", "mg/L"),
)


def one(labs=(), **patient) -> Cohort:
    rows = [
        {"patient_id": "p", "hours_from_infusion": h, "analyte": a, "value": v, "unit": u}
        for h, a, v, u in labs
    ]
    return cohort_of([{"patient_id": "p", **patient}], rows)


def rates(**patient):
    return base_rates(one(**patient).patients.iloc[0])


def test_a_product_has_its_own_figures_and_the_range_of_all_comes_last():
    found = rates(product="axi-cel", disease="LBCL")
    assert len(found) > 1
    assert all(rate.low <= rate.high for rate in found)
    assert found[-1] == rates()[-1]
    for rate in found:
        assert "EVIDENCE" not in rate.source
        assert "%" in rate.said


def test_an_autoimmune_indication_has_its_own_alone():
    (found,) = rates(product="axi-cel", disease="SLE")
    assert found.said == "0 of 47 (exact 95% upper bound 7.5%)"
    assert found.source == "ASTCT-based page of the criteria, 2025-06-15"


def test_a_product_without_a_denominator_says_so_first():
    found = rates(product="Tecartus", disease="B-ALL")
    assert found[0].said == "no published denominator"
    assert all("%" in rate.said for rate in found[1:])


@pytest.mark.parametrize("hours", [0.0, 72.0])
def test_every_score_has_a_value_or_says_nothing(hours):
    found = published_scores(one(LABS).until(hours), hours)
    by_label = {score.label: score.value for score in found}
    assert list(by_label)[-1] == "HScore so far"
    assert all(score.source and "EVIDENCE" not in score.source for score in found)
    empty = published_scores(one(), hours)
    assert [score.label for score in empty] == list(by_label)
    assert not any(score.value for score in empty[:-1])


def test_easix_is_ldh_times_creatinine_over_platelets():
    found = {score.label: score.value for score in published_scores(one(LABS), 0.0)}
    easix = next(value for label, value in found.items() if label.startswith("EASIX"))
    assert float(easix) == pytest.approx(400 * 1.0 / 100)


def test_the_hscore_says_its_range_and_exactly_the_items_that_are_open():
    patient = one([(5, "ferritin", "9000", "ng/mL"), (5, "triglycerides", "400", "mg/dL")])
    said = published_scores(patient, 24.0)[-1].value
    row = hscore(patient, 24.0).iloc[0]
    assert said.startswith(f"{row['total_low']:.0f} to {row['total_high']:.0f} points")
    missing = said.partition("missing: ")[2].split(", ")
    open_points = [name for name in row.index if name.startswith("points_") and np.isnan(row[name])]
    assert len(missing) == len(open_points)
    assert "ferritin" not in missing
    assert "fibrinogen" in missing
    assert "probability" not in said  # from 1% to 99% it tells nothing
