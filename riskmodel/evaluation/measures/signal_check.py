"""Is there any signal at all: held-out risks against the same risks dealt to other patients.

Models of different folds share most of their patients, so the concordance of held-out risks varies
more than a plain permutation of them shows: at the 5% level that would find a signal in one
cross-validation of pure noise in ten. The spread is widened as Nadeau and Bengio (Machine Learning
2003;52:239-281) do for the variance of cross-validation.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

from riskmodel.arrays import Codes, Flags, Floats
from riskmodel.evaluation.rows import Examples

LEVEL = 0.05
NO_SIGNAL = "No signal was found"


@dataclass(frozen=True)
class Signal:
    """What the permutations say.

    Attributes
    ----------
    concordance : float
        Share of the pairs of an event and a non-event, both at risk at one landmark, in which the
        event had the higher held-out risk.
    p_value : float
        One-sided, from the mean and the widened spread over permutations.
    permutations : int
    """

    concordance: float
    p_value: float
    permutations: int

    @property
    def found(self) -> bool:
        """Whether the risks follow the outcome more than chance would."""
        return bool(self.p_value <= LEVEL)

    def sentence(self) -> str:
        """The verdict in words."""
        dealt = (
            f"concordance {self.concordance:.2f}; {self.permutations} permutations of the risks "
            f"between patients, p = {self.p_value:.3f}"
        )
        if self.found:
            return f"Held-out risks follow the outcome more than chance would ({dealt})."
        return (
            f"{NO_SIGNAL}: held-out risks follow the outcome no more than risks dealt to "
            f"patients at random ({dealt}). Do not use this model: its features say nothing "
            "about who gets the event in this cohort, or the cohort is too small to show it."
        )


def check_signal(
    rows: Examples, log_odds: Floats, *, splits: int, permutations: int, seed: int
) -> Signal | None:
    """Compare held-out risks with the same ones dealt to other patients.

    A patient's risks move together, over all landmarks; at landmarks where the giver was no longer
    at risk its last risk stands. Without signal the dealing changes nothing.

    Parameters
    ----------
    rows : Examples
    log_odds : array of shape (n,)
        Held out, NaN where there is none.
    splits : int
        Folds of one round; 1 where one model alone answered.
    permutations : int
    seed : int

    Returns
    -------
    Signal or None
        None without both outcomes, or without permutations.
    """
    kept = rows.known & ~np.isnan(log_odds)
    y = rows.y[kept] == 1
    if permutations < 2 or y.all() or not y.any():
        return None
    people, code = np.unique(rows.patient[kept], return_inverse=True)
    times, when = np.unique(rows.hours[kept], return_inverse=True)
    table = np.full((len(people), len(times)), np.nan)
    table[code, when] = log_odds[kept]
    table = _carried(table)
    observed = _concordance(table[code, when], y, when)
    rng = np.random.default_rng(seed)
    drawn = np.empty(permutations)
    for k in range(permutations):
        dealt = table[rng.permutation(len(people))]
        drawn[k] = _concordance(dealt[code, when], y, when)
    wider = np.sqrt(1 + splits / (splits - 1)) if splits > 1 else 1.0
    spread = max(float(drawn.std(ddof=1) * wider), 1e-12)
    return Signal(observed, float(norm.sf((observed - drawn.mean()) / spread)), permutations)


def _carried(table: Floats) -> Floats:
    """Empty places take the risk before them in time, or the first one after."""
    for columns in (range(1, table.shape[1]), range(table.shape[1] - 2, -1, -1)):
        for k in columns:
            beside = table[:, k - 1] if columns.step == 1 else table[:, k + 1]
            table[:, k] = np.where(np.isnan(table[:, k]), beside, table[:, k])
    return table


def _concordance(score: Floats, y: Flags, when: Codes) -> float:
    """Concordant pairs over all pairs, within each landmark; a tie counts half."""
    good, pairs = 0.0, 0.0
    for k in range(int(when.max()) + 1):
        own, event = score[when == k], y[when == k]
        n = int(event.sum())
        good += float(rankdata(own)[event].sum()) - n * (n + 1) / 2
        pairs += n * (len(own) - n)
    return good / pairs if pairs else 0.5
