"""Exact contributions of many shallow trees at once, in closed form.

A tree of depth 2 asks at most three questions, so there are eight ways through it. For each, the
Shapley values of the features it asks for are worked out once, when the trees are packed; a row's
contributions are then read from a table. The value of a coalition is the path-dependent
expectation of TreeSHAP: where a feature is not in it, both branches count by their cover.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost as xgb

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.models.learning.trees import tree_contributions

Tree = dict[str, npt.NDArray[Any]]

_KEYS = (
    "left_children", "right_children", "split_indices", "split_conditions", "default_left",
    "sum_hessian",
)  # fmt: skip

DEEPEST = 2
"""Depth up to which trees are packed; boosters with deeper ones ask XGBoost, which is slower."""


@dataclass(frozen=True)
class Packed:
    """Trees of depth 2 or less as tables.

    The three questions of a tree are the root's, its left and its right child's; answers are
    bits 0, 1, 2 of a code, set where the row goes right.

    Attributes
    ----------
    feature : int64[t, 3]
        Column that each question asks for.
    threshold : float32[t, 3]
        Below goes left; in float32, as XGBoost compares.
    missing_right : bool[t, 3]
        Where a missing value goes.
    parts : float64[t, 3, 8]
        Contribution of each question's column for each code.
    value : float64[t, 8]
        Margin for each code.
    expected : float64[t]
        Margin of the empty coalition.
    """

    feature: Codes
    threshold: npt.NDArray[np.float32]
    missing_right: Flags
    parts: Floats
    value: Floats
    expected: Floats


@dataclass(frozen=True)
class Forest:
    """The bag's boosters, by draw, each with the weight of its member.

    Attributes
    ----------
    packed : list of Packed
        One per draw: all members' shallow trees, weights included.
    deep : list of list of (float, Booster)
        Per draw, the boosters that are not packed, and their weights.
    n_columns : int
    """

    packed: list[Packed]
    deep: list[list[tuple[float, xgb.Booster]]]
    n_columns: int

    def contributions(self, X: Floats) -> tuple[Floats, Floats]:
        """Mean over the draws of the contributions, and every draw's margin.

        Parameters
        ----------
        X : float64[n, p]
            NaN is missing.

        Returns
        -------
        parts : float64[n, p + 1]
            The expected margin last.
        margins : float64[n, draws]
            Without rounding, the mean of a row is the sum of its parts.
        """
        from riskmodel.models.tree_pass import add_trees

        n, draws = len(X), len(self.packed)
        total = np.zeros((n, self.n_columns + 1))
        margins = np.zeros((n, draws))
        with np.errstate(over="ignore"):  # beyond float32 is infinite, and still on one side
            narrow = np.ascontiguousarray(X, dtype=np.float32)
        for d, trees in enumerate(self.packed):
            total[:, -1] += trees.expected.sum()
            add_trees(
                trees.feature, trees.threshold, trees.missing_right, trees.parts, trees.value,
                narrow, total, margins, d,
            )  # fmt: skip
        for d, boosters in enumerate(self.deep):
            for share, booster in boosters:
                parts = share * tree_contributions(booster, X)
                total += parts
                for column in parts.T:
                    margins[:, d] += column
        return total / draws, margins


def pack(bag: Sequence[Sequence[xgb.Booster]], weights: Sequence[float], p: int, n: int) -> Forest:
    """Pack the boosters of a bag.

    Parameters
    ----------
    bag : sequence of sequence of Booster
        Per member, one booster per draw.
    weights : sequence of float
        Of the members.
    p, n : int
        Columns and draws.
    """
    packed, deep = [], []
    for draw in range(n):
        boosters = [(share, row[draw]) for share, row in zip(weights, bag, strict=True)]
        trees = [(share, booster, _trees_of(booster)) for share, booster in boosters]
        shallow = [(share, _packed(found)) for share, _, found in trees if found is not None]
        packed.append(_joined(shallow))
        deep.append([(share, booster) for share, booster, found in trees if found is None])
    return Forest(packed, deep, p)


def _trees_of(booster: xgb.Booster) -> list[Tree] | None:
    """The trees of a booster as XGBoost stores them, None where one is too deep."""
    stored = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]
    for tree in stored["trees"]:
        left, right = tree["left_children"], tree["right_children"]
        level = [0]
        for _ in range(DEEPEST):
            level = [side[node] for node in level if left[node] >= 0 for side in (left, right)]
        if any(left[node] >= 0 for node in level):
            return None
    return [{key: np.array(tree[key]) for key in _KEYS} for tree in stored["trees"]]


def _packed(trees: Sequence[Tree]) -> Packed:
    """Tables of one booster's trees."""
    n = len(trees)
    feature, threshold = np.zeros((n, 3), dtype=np.int64), np.zeros((n, 3), dtype=np.float32)
    missing_right, share = np.zeros((n, 3), dtype=np.bool_), np.full((n, 3), 0.5)
    leaf = np.zeros((n, 4))
    for t, tree in enumerate(trees):
        value = tree["split_conditions"].astype(np.float32)
        root, left, right = 0, tree["left_children"], tree["right_children"]
        nodes = [root] if left[root] < 0 else [root, left[root], right[root]]
        leaf[t] = value[root]
        for k, node in enumerate(nodes):
            ends = slice(0, 4) if k == 0 else slice(2 * k - 2, 2 * k)
            # A child without a question of its own asks the root's again, to no effect.
            feature[t, k] = tree["split_indices"][root]
            if left[node] < 0:
                leaf[t, ends] = value[node]
                continue
            feature[t, k], threshold[t, k] = tree["split_indices"][node], value[node]
            missing_right[t, k] = not tree["default_left"][node]
            covers = tree["sum_hessian"][[left[node], right[node]]].astype(np.float64)
            if covers.sum() > 0:
                share[t, k] = covers[0] / covers.sum()
            if k > 0:
                leaf[t, ends] = value[[left[node], right[node]]]
    worth = _worth(share, leaf)
    parts = _shapley(worth, feature)
    return Packed(feature, threshold, missing_right, parts, worth[:, :, 7], worth[:, 0, 0])


def _worth(share: Floats, leaf: Floats) -> Floats:
    """Value of every coalition of questions (last axis) for every code: float64[t, 8, 8]."""
    worth = np.zeros((len(share), 8, 8))
    for code in range(8):
        for known in range(8):
            left = np.where(
                [bool(known >> k & 1) for k in range(3)],
                [1.0 - (code >> k & 1) for k in range(3)],
                share,
            )
            worth[:, code, known] = left[:, 0] * (
                left[:, 1] * leaf[:, 0] + (1 - left[:, 1]) * leaf[:, 1]
            ) + (1 - left[:, 0]) * (left[:, 2] * leaf[:, 2] + (1 - left[:, 2]) * leaf[:, 3])
    return worth


_ONE_PLAYER = {
    (False, False, False): ((0,), (1,), (2,)),
    (True, False, False): ((0, 1), (2,)),
    (False, True, False): ((0, 2), (1,)),
    (False, False, True): ((0,), (1, 2)),
    (True, True, True): ((0, 1, 2),),
}
"""Questions that ask for the same column are known together: who they are, by which of the pairs
(0, 1), (0, 2), (1, 2) are the same."""

_SHARES = {1: (1.0,), 2: (0.5, 0.5), 3: (1 / 3, 1 / 6, 1 / 3)}
"""Shapley's weight of a coalition, by players and by how many are in it already."""


def _shapley(worth: Floats, feature: Codes) -> Floats:
    """Contributions of the questions' columns, once per column: float64[t, 3, 8]."""
    parts = np.zeros((len(feature), 3, 8))
    same = np.stack([feature[:, i] == feature[:, j] for i, j in ((0, 1), (0, 2), (1, 2))], axis=1)
    for pattern, players in _ONE_PLAYER.items():
        trees = np.flatnonzero((same == pattern).all(axis=1))
        masks = [sum(1 << k for k in player) for player in players]
        for i, player in enumerate(players):
            others = [mask for j, mask in enumerate(masks) if j != i]
            for chosen in range(1 << len(others)):
                inside = [mask for j, mask in enumerate(others) if chosen >> j & 1]
                before = sum(inside)
                gain = worth[trees, :, before | masks[i]] - worth[trees, :, before]
                parts[trees, player[0]] += _SHARES[len(players)][len(inside)] * gain
    return parts


def _joined(members: Sequence[tuple[float, Packed]]) -> Packed:
    """One set of tables, each member's times its weight."""
    if not members:
        nothing = np.zeros((0, 3))
        return Packed(
            nothing.astype(np.int64),
            nothing.astype(np.float32),
            nothing.astype(np.bool_),
            np.zeros((0, 3, 8)),
            np.zeros((0, 8)),
            np.zeros(0),
        )
    return Packed(
        *(
            np.concatenate([getattr(trees, name) for _, trees in members])
            for name in ("feature", "threshold", "missing_right")
        ),
        *(
            np.concatenate([share * getattr(trees, name) for share, trees in members])
            for name in ("parts", "value", "expected")
        ),
    )
