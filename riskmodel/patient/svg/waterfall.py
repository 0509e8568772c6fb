"""The waterfall of one patient: each clinical factor as a step on one log-odds axis."""

from collections.abc import Sequence
from dataclasses import dataclass

from riskmodel.models import HARDLY, percent, risk_of
from riskmodel.patient.factors import Factor

MOST_STEPS = 9
"""Factors drawn one by one; the others share the last step."""


@dataclass(frozen=True)
class Step:
    """One row: where its bar starts and ends, 0 to 100 along the axis.

    Attributes
    ----------
    factor : Factor or None
        None where smaller factors share the step.
    count : int
        Factors in the step.
    contribution : float
        Log-odds.
    start, end : float
    risk : str
        The risk after the step.
    """

    factor: Factor | None
    count: int
    contribution: float
    start: float
    end: float
    risk: str

    @property
    def left(self) -> float:
        """Left end of the bar."""
        return min(self.start, self.end)

    @property
    def width(self) -> float:
        """Length of the bar, wide enough to be seen."""
        return max(abs(self.end - self.start), 0.6)


@dataclass(frozen=True)
class Waterfall:
    """Steps from the reference patient to this one.

    Attributes
    ----------
    steps : tuple of Step
    rest : tuple of Factor
        The factors of the shared step.
    start, end : float
        Places of the reference patient's risk and of this patient's.
    lowest, highest : str
        Risks between which the steps lie.
    reference : str
        Risk of the reference patient.
    """

    steps: tuple[Step, ...]
    rest: tuple[Factor, ...]
    start: float
    end: float
    lowest: str
    highest: str
    reference: str


def waterfall(factors: Sequence[Factor], base: float) -> Waterfall:
    """Steps in order of size; factors that hardly change the risk, or are too many, share one.

    Parameters
    ----------
    factors : sequence of Factor
    base : float
        Log-odds of the reference patient; with the contributions it sums to logit(risk).
    """
    ranked = sorted(factors, key=lambda f: -abs(f.contribution))
    shown = [f for f in ranked[:MOST_STEPS] if abs(f.contribution) >= HARDLY]
    rest = ranked[len(shown) :]
    if len(rest) == 1:
        shown, rest = ranked, []
    amounts = [f.contribution for f in shown]
    if rest:
        amounts.append(sum(f.contribution for f in rest))
    levels = [base]
    for amount in amounts:
        levels.append(levels[-1] + amount)
    low, high = min(levels) - 0.15, max(levels) + 0.15
    if high - low < 1.0:
        low, high = low - 0.4, high + 0.4

    def place(level: float) -> float:
        return round(100 * (level - low) / (high - low), 2)

    steps = []
    for k, amount in enumerate(amounts):
        factor = shown[k] if k < len(shown) else None
        steps.append(
            Step(
                factor,
                1 if factor else len(rest),
                amount,
                place(levels[k]),
                place(levels[k + 1]),
                percent(risk_of(levels[k + 1])),
            )
        )
    return Waterfall(
        tuple(steps),
        tuple(rest),
        place(base),
        place(levels[-1]),
        percent(risk_of(min(levels))),
        percent(risk_of(max(levels))),
        percent(risk_of(base)),
    )
