"""Splits and draws of patients: a patient's rows never part, and events stay spread evenly."""

import numpy as np
import numpy.typing as npt

from riskmodel.arrays import Codes, Flags, Floats


def canonical_order(X: Floats, y: Floats, weight: Floats) -> Codes:
    """Order of the rows that depends on their content only, so that shuffling changes nothing."""
    return np.asarray(np.lexsort((*X.T[::-1], weight, y)), dtype=np.int64)


def patient_codes(labels: npt.NDArray[np.generic] | None, n: int) -> Codes:
    """0-based codes by first appearance; every row is its own patient without labels."""
    if labels is None:
        return np.arange(n, dtype=np.int64)
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return np.asarray(rank[inverse], dtype=np.int64)


def patients_with_event(y: Floats, patient: Codes) -> Flags:
    """One flag per patient code: any of its rows is an event."""
    found = np.zeros(int(patient.max()) + 1, dtype=np.bool_)
    found[patient[y > 0]] = True
    return found


def deal_folds(y: Floats, patient: Codes, n_folds: int, rng: np.random.Generator) -> Codes:
    """Fold number of every row: patients with and without event dealt out evenly, at random."""
    event = patients_with_event(y, patient)
    shuffled = rng.permutation(len(event))
    dealt = np.concatenate([shuffled[event[shuffled]], shuffled[~event[shuffled]]])
    fold = np.empty(len(event), dtype=np.int64)
    fold[dealt] = np.arange(len(event)) % n_folds
    return np.asarray(fold[patient], dtype=np.int64)


def bootstrap_weights(y: Floats, patient: Codes, rng: np.random.Generator) -> Floats:
    """How often each row's patient is drawn, with as many events as there are.

    Examples
    --------
    >>> import numpy as np
    >>> draw = bootstrap_weights(np.array([0.0, 0, 1]), np.arange(3), np.random.default_rng(0))
    >>> float(draw.sum()), float(draw[2])
    (3.0, 1.0)
    """
    event = patients_with_event(y, patient)
    count = np.zeros(len(event))
    for members in (np.flatnonzero(event), np.flatnonzero(~event)):
        if len(members):
            np.add.at(count, rng.choice(members, size=len(members)), 1.0)
    return np.asarray(count[patient], dtype=np.float64)
