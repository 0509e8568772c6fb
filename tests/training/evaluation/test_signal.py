"""The check for any signal: what it says without one, and how often it is wrong."""

import numpy as np

from riskmodel.training.evaluation.signal import NO_SIGNAL, check_signal


def test_a_strong_signal_is_found_and_none_is_named(make_rows):
    rows, one = make_rows(300, landmarks=(24.0, 72.0))
    found = check_signal(rows, one.rank, permutations=200, seed=1)
    assert found.found
    assert "more than chance" in found.sentence()
    random = np.random.default_rng(1).normal(size=300)[rows.patient]
    nothing = check_signal(rows, random, permutations=200, seed=1)
    assert not nothing.found
    assert nothing.sentence().startswith(NO_SIGNAL)
    assert "Do not use this model" in nothing.sentence()


def test_it_is_wrong_about_as_often_as_its_level(make_rows):
    rows, _ = make_rows(120, landmarks=(24.0, 72.0, 120.0))
    rng = np.random.default_rng(3)
    wrong = 0
    for k in range(120):
        score = rng.normal(size=120)[rows.patient] + 0.3 * rng.normal(size=len(rows.y))
        wrong += check_signal(rows, score, permutations=39, seed=k).found
    assert 1 <= wrong <= 14


def test_rows_of_a_patient_are_one_piece_of_evidence(make_rows):
    one, _ = make_rows(80, seed=4)
    many, _ = make_rows(80, seed=4, landmarks=(24.0, 48.0, 72.0, 96.0))
    score = np.random.default_rng(9).normal(size=80) + 0.25 * one.y
    single = check_signal(one, score[one.patient], permutations=400, seed=2)
    repeated = check_signal(many, score[many.patient], permutations=400, seed=2)
    assert abs(single.p_value - repeated.p_value) < 0.02


def test_one_class_has_no_verdict(make_rows):
    rows, one = make_rows(50)
    kept = rows.take(rows.y == 0)
    assert check_signal(kept, one.rank[rows.y == 0], permutations=10, seed=0) is None
    assert check_signal(rows, one.rank, permutations=0, seed=0) is None
