"""Who is held out from whom: patients whole, centres apart, later after earlier."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import read_cohort
from riskmodel.errors import SchemaError
from riskmodel.evaluation.splits import (
    SCHEMES,
    Maker,
    Validation,
    grouped_folds,
    out_of_fold,
    rounds,
    scheme_in_words,
)
from riskmodel.features import load_catalogue
from riskmodel.training import load_design
from riskmodel.training.rows import training_rows


@pytest.fixture(scope="module")
def cohort(simulated):
    return read_cohort(simulated)


@pytest.fixture(scope="module")
def rows(cohort, tiny_design):
    catalogue = load_catalogue().select(["age_years", "prediction_day"])
    return training_rows(cohort, catalogue, "early", "rules", load_design(tiny_design))


def dated(cohort, times):
    return replace(cohort, patients=cohort.patients.assign(infusion_time=times))


def test_folds_keep_patients_whole_and_spread_events():
    patient = np.repeat(np.arange(50), 3)
    y = (patient < 10).astype(np.int8)
    fold = grouped_folds(patient, y, 5, seed=1)
    for k in range(5):
        inside = set(patient[fold == k])
        assert not inside & set(patient[fold != k])
        assert len(inside & set(range(10))) == 2


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_patient_is_on_both_sides(cohort, rows, scheme):
    start = pd.Timestamp("2024-01-01")
    times = start + pd.to_timedelta(np.arange(len(cohort)), unit="D")
    plan = Validation(scheme=scheme, folds=3, repeats=2, fits=10)
    splits = rounds(dated(cohort, times), rows, plan)
    for split in (one for each in splits for one in each):
        assert len(split.test)
        assert not set(rows.patient[split.train]) & set(rows.patient[split.test])
    for each in splits:
        assert np.bincount(np.concatenate([s.test for s in each])).max() == 1


def test_each_round_of_folds_holds_out_everyone_and_rounds_differ(cohort, rows):
    splits = rounds(cohort, rows, Validation(folds=3, repeats=2))
    assert len(splits) == 2
    for each in splits:
        assert sorted(np.concatenate([s.test for s in each])) == list(range(len(rows.y)))
    assert splits[0][0].test.tolist() != splits[1][0].test.tolist()


def test_centres_are_held_out_whole(cohort, rows):
    (splits,) = rounds(cohort, rows, Validation(scheme="leave-one-centre-out"))
    centre = cohort.patients["center_id"].to_numpy()
    assert len(splits) == cohort.patients["center_id"].nunique()
    for split in splits:
        assert len(set(centre[rows.patient[split.test]])) == 1


def test_the_latest_infusions_are_held_out(cohort, rows):
    order = np.random.default_rng(3).permutation(len(cohort))
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(order, unit="D")
    ((split,),) = rounds(dated(cohort, times), rows, Validation(scheme="temporal", latest=0.25))
    late = order[rows.patient[split.test]].min()
    assert late > order[rows.patient[split.train]].max()
    assert 0.2 < (order >= late).mean() < 0.3


def test_a_draw_repeats_patients_and_leaves_about_a_third_out(cohort, rows):
    ((split,), *_) = rounds(cohort, rows, Validation(scheme="bootstrap", fits=10))
    assert np.bincount(split.train).max() > 1
    assert 0.25 < len(set(rows.patient[split.test])) / len(set(rows.patient)) < 0.5


@pytest.mark.parametrize(
    ("scheme", "column", "message"),
    [
        ("leave-one-centre-out", "center_id", r"1 centre\(s\).*k-fold"),
        ("temporal", "infusion_time", "no 'infusion_time'.*k-fold"),
    ],
)
def test_what_a_scheme_needs_is_asked_for(cohort, rows, scheme, column, message):
    none = pd.Series(index=cohort.patients.index, dtype=cohort.patients[column].dtype)
    patients = cohort.patients.assign(**{column: none})
    with pytest.raises(SchemaError, match=message):
        rounds(replace(cohort, patients=patients), rows, Validation(scheme=scheme))


class _Remembers:
    """Remembers whom it was fitted to, and answers with how many they were."""

    seen: tuple[set[int], ...] = ()

    def fit(self, X, y, sample_weight, patient):
        self.patients = set(patient.tolist())
        assert (sample_weight > 0).all()
        return self

    def decision_function(self, X):
        return np.full(len(X), float(len(self.patients)))


def test_held_out_risks_come_from_models_without_the_patient(cohort, rows):
    splits = rounds(cohort, rows, Validation(folds=4))
    found = out_of_fold(rows, {"one": Maker(_Remembers, ["age_years"])}, splits)["one"]
    assert not np.isnan(found).any()
    known = len(set(rows.patient[rows.known]))
    assert (found < known).all()


def test_patients_with_an_unknown_outcome_are_asked_about_and_never_fitted_to(cohort, rows):
    unknown = rows.patient % 7 == 0
    rows = replace(rows, weight=np.where(unknown, 0.0, rows.weight))
    assert not rows.known[unknown].any()
    maker = Maker(_Remembers, ["age_years"])
    fitted = maker.fitted(rows, np.arange(len(rows.y)))
    assert not fitted.patients & set(rows.patient[unknown].tolist())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_has_its_sentence(scheme):
    assert scheme_in_words(Validation(scheme=scheme)).endswith(".")
