"""What is said of inputs: unusable, stale, unlike the training, and never of what is usual."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import read_cohort
from riskmodel.features import Records, matrices
from riskmodel.models import load_model, model_catalogue
from riskmodel.models.risk_model import RANGE_MARGIN
from riskmodel.scoring.findings import NotTrainedOn, OutsideRange, Stale, UnusableCells
from riskmodel.scoring.inputs import NO_RECORD_HOURS, input_findings


@pytest.fixture(scope="module")
def model(model_folders):
    return load_model(model_folders["early"])


@pytest.fixture(scope="module")
def cohort(simulated):
    return read_cohort(simulated).take(np.arange(12))


def found(cohort, model, hours=96.0, X=None):
    if X is None:
        records = Records(cohort.until(hours), *model.signs)
        (X,) = matrices(records, model_catalogue(model), [hours])
    return input_findings(X, cohort.until(hours), model, hours)


def of_kind(told, kind):
    return [[finding for finding in own if isinstance(finding, kind)] for own in told]


def rows_at(model, feature, value, n=1):
    """Rows whose other inputs stand in the middle of their training ranges."""
    middle = {f: sum(model.ranges.get(f, (0.0, 0.0))) / 2 for f in model.features}
    return pd.DataFrame([{**middle, feature: value}] * n)


def test_a_value_is_outside_only_beyond_the_margin_of_its_range(model, cohort):
    catalogue = model_catalogue(model)
    continuous = [f.name for f in catalogue if (f.minimum, f.maximum) != (0, 1)]
    one = cohort.take(np.array([0]))
    for feature in [name for name in continuous if name in model.ranges][:8]:
        low, high = model.ranges[feature]
        beyond = RANGE_MARGIN * (high - low) + 1e-6
        for value, outside in (
            (high, False), (low, False), (high + beyond, True), (low - beyond, True),
            (np.nan, False),
        ):  # fmt: skip
            X = rows_at(model, feature, value)
            ((*told,),) = of_kind(found(one, model, X=X), OutsideRange)
            assert (told == [OutsideRange((feature,))]) == outside, (feature, value)


def test_a_yes_or_no_and_a_feature_without_a_range_are_never_outside(model, cohort):
    one = cohort.take(np.array([0]))
    binary = [f.name for f in model_catalogue(model) if (f.minimum, f.maximum) == (0, 1)]
    for feature in binary[:4]:
        narrow = replace(model, ranges={**model.ranges, feature: (0.0, 0.0)})
        assert of_kind(found(one, narrow, X=rows_at(narrow, feature, 1.0)), OutsideRange) == [[]]
    feature = next(iter(model.ranges))
    unknown = replace(model, ranges={k: v for k, v in model.ranges.items() if k != feature})
    told = found(one, unknown, X=rows_at(model, feature, 1e9))
    assert of_kind(told, OutsideRange) == [[]]


@pytest.mark.parametrize(
    ("last", "stale", "why"),
    [
        (96.0, None, "a record at the landmark itself"),
        (72.5, None, "within the day that ends there"),
        (96.0 - NO_RECORD_HOURS, NO_RECORD_HOURS, "exactly a day old"),
        (10.0, 86.0, "older"),
        (100.0, "none", "later records are not known yet"),
    ],
)
def test_stale_is_the_day_that_ends_at_the_landmark(cohort, model, last, stale, why):
    one = cohort.take(np.array([0]))
    labs = one.labs.iloc[:1].assign(hours=last)
    one = replace(one, labs=labs, events=one.events.iloc[:0])
    ((*told,),) = of_kind(found(one, model), Stale)
    expected = [] if stale is None else [Stale(None if stale == "none" else stale)]
    assert told == expected, why


def test_before_the_infusion_nobody_is_stale(cohort, model_folders):
    model = load_model(model_folders["pre_infusion"])
    bare = replace(cohort, labs=cohort.labs.iloc[:0], events=cohort.events.iloc[:0])
    assert of_kind(found(bare, model, 0.0), Stale) == [[]] * len(cohort)


def test_a_product_counts_under_any_of_its_names_and_an_unknown_one_is_said(cohort, model):
    patients = cohort.patients.copy()
    patients["product"] = pd.Series(["Kymriah", "tisagenlecleucel", "Ours", None] * 3, dtype="str")
    known = replace(model, trained_on={"product": ["tisagenlecleucel"]})
    told = of_kind(found(replace(cohort, patients=patients), known), NotTrainedOn)
    assert told[:4] == [[], [], [NotTrainedOn("product", "Ours")], []]
    silent = replace(model, trained_on={"product": []})
    assert of_kind(found(replace(cohort, patients=patients), silent), NotTrainedOn) == [[]] * 12


def test_cells_that_could_not_be_read_are_told_of_their_patient_alone(model, tmp_path, simulated):
    for name in ("labs", "events"):
        pd.read_csv(simulated / f"{name}.csv", nrows=50).to_csv(tmp_path / f"{name}.csv")
    patients = pd.read_csv(simulated / "patients.csv", dtype=str).head(3)
    patients.loc[1, "age_years"] = "fifty"
    patients.to_csv(tmp_path / "patients.csv", index=False)
    told = of_kind(found(read_cohort(tmp_path), model), UnusableCells)
    assert [len(own) for own in told] == [0, 1, 0]
    ((column, _),) = told[1][0].cells
    assert column == "age_years"
    assert "fifty" not in str(told[1][0])
