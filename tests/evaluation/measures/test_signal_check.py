"""The check for any signal: what it says without one, and how often it is wrong."""

import numpy as np
import pytest

from riskmodel.evaluation.measures.signal_check import NO_SIGNAL, check_signal


def test_a_strong_signal_is_found_and_none_is_named(make_rows):
    rows, one = make_rows(300, landmarks=(24.0, 72.0))
    found = check_signal(rows, one.rank, splits=5, permutations=200, seed=1)
    assert found.found
    assert "more than chance" in found.sentence()
    random = np.random.default_rng(1).normal(size=300)[rows.patient]
    nothing = check_signal(rows, random, splits=5, permutations=200, seed=1)
    assert not nothing.found
    assert nothing.sentence().startswith(NO_SIGNAL)
    assert "Do not use this model" in nothing.sentence()


def test_it_is_wrong_about_as_often_as_its_level(make_rows):
    rows, _ = make_rows(120, landmarks=(24.0, 72.0, 120.0))
    rng = np.random.default_rng(3)
    wrong = 0
    for k in range(120):
        score = rng.normal(size=120)[rows.patient] + 0.3 * rng.normal(size=len(rows.y))
        wrong += check_signal(rows, score, splits=1, permutations=39, seed=k).found
    assert 1 <= wrong <= 14


def test_rows_of_a_patient_are_one_piece_of_evidence(make_rows):
    one, _ = make_rows(80, seed=4)
    many, _ = make_rows(80, seed=4, landmarks=(24.0, 48.0, 72.0, 96.0))
    score = np.random.default_rng(9).normal(size=80) + 0.25 * one.y
    single = check_signal(one, score[one.patient], splits=1, permutations=400, seed=2)
    repeated = check_signal(many, score[many.patient], splits=1, permutations=400, seed=2)
    assert abs(single.p_value - repeated.p_value) < 0.02


def test_one_class_has_no_verdict(make_rows):
    rows, one = make_rows(50)
    kept = rows.take(rows.y == 0)
    assert check_signal(kept, one.rank[rows.y == 0], splits=1, permutations=10, seed=0) is None
    assert check_signal(rows, one.rank, splits=1, permutations=0, seed=0) is None


@pytest.mark.parametrize("folds", [2, 5])
def test_cross_validated_noise_is_rarely_taken_for_signal(make_rows, folds):
    rows, _ = make_rows(150, lost=0.0)
    rng = np.random.default_rng(0)
    wrong = 0
    for k in range(100):
        X = rng.normal(size=(150, 10))
        y = rng.permutation(rows.y)
        fold = rng.permutation(150) % folds
        score = np.empty(150)
        for out in range(folds):
            inside = fold != out
            gram = X[inside].T @ X[inside] + 50 * np.eye(10)
            slope = np.linalg.solve(gram, X[inside].T @ (y[inside] - y[inside].mean()))
            score[~inside] = X[~inside] @ slope
        rows.y[:] = y
        wrong += check_signal(rows, score, splits=folds, permutations=60, seed=k).found
    assert wrong <= 9
