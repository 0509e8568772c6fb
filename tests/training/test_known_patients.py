"""Training patients are told again in any order and company, and none of them by itself."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.training import train, training_examples
from riskmodel.training.known_patients import in_order, marks_of, share_known, twins

RNG = np.random.default_rng(8)


def people(n: int) -> pd.DataFrame:
    return pd.DataFrame(RNG.normal(size=(n, 6))).mask(RNG.random((n, 6)) < 0.1)


def whole(X: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    return X, np.arange(len(X)), np.zeros(len(X))


@pytest.mark.parametrize("n", [12, 60, 300, 3000])
def test_the_training_patients_are_told_again(n):
    X = people(n)
    marks = marks_of(*whole(X))
    assert share_known(*whole(X), marks) == 1
    assert share_known(*whole(X.sample(frac=1, random_state=1)), marks) == 1
    assert share_known(*whole(X.iloc[1:]), marks) == 1
    half = pd.concat([X.iloc[: n // 2], people(n // 2)], ignore_index=True)
    if n >= 60:
        assert share_known(*whole(half), marks) == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("n", [12, 300, 3000])
def test_strangers_are_not(n):
    marks = marks_of(*whole(people(n)))
    assert share_known(*whole(people(n)), marks) == 0
    assert share_known(*whole(people(5 * n)), marks) == 0


def test_one_patients_place_says_little():
    X = people(400)
    places, text = marks_of(*whole(X))
    strangers = [share_known(*whole(people(1)), (places, text)) for _ in range(20)]
    own = [share_known(*whole(X.iloc[[k]]), (places, text)) for k in range(20)]
    assert set(strangers) == set(own) == {0.0}


def test_patients_of_whom_nothing_is_known_are_nobody():
    empty = pd.DataFrame(np.full((50, 6), np.nan))
    binary = pd.DataFrame(RNG.integers(0, 2, (50, 6)).astype(float))
    for X in (empty, binary):
        assert share_known(*whole(X), marks_of(*whole(X))) == 0
        assert twins(*whole(X)) == 0


def test_one_person_under_two_identifiers_is_counted():
    X = people(30)
    assert twins(*whole(X)) == 0
    assert twins(*whole(pd.concat([X, X.iloc[:3]]))) == 3


def shuffled(cohort: Cohort) -> Cohort:
    return cohort.take(np.random.default_rng(3).permutation(len(cohort)))


def test_the_order_of_a_cohorts_rows_changes_nothing(simulated, tiny_design):
    cohort = read_cohort(simulated)
    once = train(cohort, "pre-infusion", design=tiny_design, track=False)
    again = train(shuffled(cohort), "pre-infusion", design=tiny_design, track=False)
    assert again.model.version == once.model.version
    pd.testing.assert_frame_equal(again.performance, once.performance)
    rows = training_examples(cohort, "pre-infusion").X[once.model.features]
    np.testing.assert_array_equal(
        again.model.classifier.decision_function(rows),
        once.model.classifier.decision_function(rows),
    )
    assert in_order(shuffled(cohort)).patient_id.tolist() == sorted(cohort.patient_id)


def test_a_shuffled_training_cohort_without_some_is_refused_at_the_gate(
    simulated, tiny_design, model_folders
):
    from riskmodel.errors import SchemaError
    from riskmodel.models import load_model
    from riskmodel.training.promote import held_out_rows

    model = load_model(model_folders["pre_infusion"])
    part = shuffled(read_cohort(simulated))[5:]
    with pytest.raises(SchemaError, match=r"About \d+% of the patients"):
        held_out_rows(part, model, model)
