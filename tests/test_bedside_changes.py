"""The shipped models at the bedside: what a clinician changes moves the risk the way medicine goes.

Patients are read from a folder, as everybody's are, so that a change of one result moves every
feature that it is part of at once: the last value, its change, its trend, the signs met.
"""

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort, analytes, read_cohort
from riskmodel.features import Records, matrix
from riskmodel.files import material
from riskmodel.models import RiskModel, check_directions, load_model, model_catalogue, predict_frame
from riskmodel.simulation import simulate

DAYS = (3, 6, 9, 12)
HELD = 1e-9
"""Risk that rounding may move."""


@pytest.fixture(scope="module")
def pre_infusion() -> RiskModel:
    return load_model(material("models", "pre-infusion"))


@pytest.fixture(scope="module")
def early() -> RiskModel:
    return load_model(material("models", "early"))


@pytest.fixture(scope="module")
def thousand(tmp_path_factory) -> Cohort:
    """Unseen patients of another seed than the one that the models were trained on."""
    folder = tmp_path_factory.mktemp("bedside") / "cohort"
    simulate(folder, patients=1000, seed=31, file_format="parquet")
    return read_cohort(folder)


def features(model: RiskModel, cohort: Cohort, day: float) -> pd.DataFrame:
    signs = (model.card.design.definition, model.cytopenia_rule)
    return matrix(Records(cohort, *signs), model_catalogue(model), 24.0 * day)


def risks(model: RiskModel, cohort: Cohort, day: float) -> np.ndarray:
    return predict_frame(model, features(model, cohort, day))["risk"].to_numpy()


@pytest.mark.parametrize("name", ["pre-infusion", "early"])
def test_no_shipped_model_breaks_a_declared_direction(name, thousand):
    model = load_model(material("models", name))
    rows = [features(model, thousand, day) for day in ((0,) if name == "pre-infusion" else DAYS)]
    X = pd.concat(rows, ignore_index=True)
    assert not model.classifier.overruled_
    assert check_directions(model.classifier, X).to_dict("records") == []


def with_last(cohort: Cohort, analyte: str, now: float, factor: float) -> Cohort:
    """Each patient's last result of an analyte up to an hour, times a factor, where possible."""
    labs = cohort.labs.copy()
    chosen = labs[(labs["analyte"] == analyte) & (labs["hours"] <= now)]
    last = chosen.groupby("patient")["hours"].transform("max") == chosen["hours"]
    here = chosen.index[last]
    labs.loc[here, "value"] = np.clip(
        labs.loc[here, "value"] * factor, *analytes()[analyte].possible
    )
    return Cohort(cohort.patients, labs, cohort.events)


def with_event(cohort: Cohort, event: str, hours: float, grade: float = np.nan) -> Cohort:
    """The event charted for everybody at an hour."""
    added = cohort.events.iloc[:0].reindex(range(len(cohort.patients)))
    added["patient"] = np.arange(len(cohort.patients))
    added["hours"], added["event"], added["grade"] = hours, event, grade
    events = pd.concat([cohort.events, added.astype(cohort.events.dtypes)])
    order = ["patient", "hours"]
    return Cohort(cohort.patients, cohort.labs, events.sort_values(order, ignore_index=True))


WORSE = [
    ("ferritin", 3.0),
    ("ferritin", 50.0),
    ("platelets", 0.5),
    ("platelets", 0.1),
    ("creatinine", 4.0),
    ("ast", 10.0),
    ("ldh", 4.0),
    ("bilirubin_total", 5.0),
    ("triglycerides", 3.0),
    ("fibrinogen", 0.3),
    ("anc", 0.1),
    ("hemoglobin", 0.7),
]


@pytest.mark.parametrize(("analyte", "factor"), WORSE)
def test_a_worse_last_result_never_lowers_the_risk(early, thousand, analyte, factor):
    for day in DAYS:
        before = risks(early, thousand, day)
        after = risks(early, with_last(thousand, analyte, 24.0 * day, factor), day)
        assert (after >= before - HELD).all()
        assert (after > before + HELD).any()


def test_a_higher_il6_never_lowers_the_risk_without_tocilizumab(early, thousand):
    treated = thousand.events.loc[thousand.events["event"] == "tocilizumab", "patient"].unique()
    others = ~np.isin(np.arange(len(thousand.patients)), treated)
    for day in DAYS:
        before = risks(early, thousand, day)
        after = risks(early, with_last(thousand, "il6", 24.0 * day, 100.0), day)
        assert (after[others] >= before[others] - HELD).all()


@pytest.mark.parametrize(
    "event",
    ["icu_admission", "organ_failure", "ventilation", "dialysis", "hypoxia", "organ_dysfunction"],
)
def test_organ_support_never_protects(early, thousand, event):
    for day in DAYS:
        before = risks(early, thousand, day)
        after = risks(early, with_event(thousand, event, 24.0 * day - 1), day)
        assert (after >= before - HELD).all()


def test_more_severe_crs_never_lowers_the_risk(early, thousand):
    one = with_event(thousand, "crs", 24.0, 1.0)
    for day in DAYS:
        four = with_event(one, "crs", 24.0, 4.0)
        assert (risks(early, four, day) >= risks(early, one, day) - HELD).all()


def test_worse_before_the_infusion_never_lowers_the_risk(pre_infusion, thousand):
    before = risks(pre_infusion, thousand, 0)
    for analyte, factor in (
        ("ferritin", 10), ("crp", 5), ("creatinine", 4), ("il6", 100), ("ldh", 3),
        ("platelets", 0.2), ("anc", 0.2), ("albumin", 0.6),
    ):  # fmt: skip
        after = risks(pre_infusion, with_last(thousand, analyte, 0.0, factor), 0)
        assert (after >= before - HELD).all(), analyte
    patients = thousand.patients.copy()
    for column in ("cell_dose_million_per_kg", "cell_dose_million"):
        patients[column] *= 10
    more = Cohort(patients, thousand.labs, thousand.events)
    assert (risks(pre_infusion, more, 0) >= before - HELD).all()


def test_a_result_above_the_limit_is_no_fall(early, thousand):
    """Drawn again at the prediction time: exactly the last value, or above a limit below it."""
    for day in DAYS:
        now = 24.0 * day
        labs = thousand.labs
        chosen = labs[(labs["analyte"] == "ferritin") & (labs["hours"] <= now)]
        last = chosen.loc[chosen.groupby("patient")["hours"].idxmax()]
        last = last[
            (last["hours"] < now)
            & (last["value"] > 100)
            & (last["comparator"] == 0)
            & (last["hours"] > now - 72)
        ]
        same = last.assign(hours=now)
        capped = same.assign(value=same["value"] / 1.4, comparator=np.int8(2))

        def with_rows(rows, labs=labs):
            together = pd.concat([labs, rows]).sort_values(["patient", "hours"], ignore_index=True)
            return Cohort(thousand.patients, together, thousand.events)

        exact = risks(early, with_rows(same), day)
        assert (risks(early, with_rows(capped), day) >= exact - HELD).all()
