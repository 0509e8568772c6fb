"""What a contribution does to the risk, in a clinician's words."""

import math
from collections.abc import Mapping

HARDLY = 0.05
"""Contributions smaller than this, in log-odds, are said to hardly change the risk."""

_LARGEST = math.log(1000)
"""Beyond it odds are given as a bound: no model knows them any better."""


def in_words(label: str, value: str, contribution: float) -> str:
    """One sentence part: what the factor does to the risk.

    Parameters
    ----------
    label : str
        Plain name of the clinical factor.
    value : str
        What this patient shows, or empty when it is unknown.
    contribution : float
        Log-odds.

    Examples
    --------
    >>> in_words("Ferritin", "doubled since the infusion", 0.588)
    'Ferritin doubled since the infusion: raises the risk, x1.8 odds'
    >>> in_words("NK cells", "", -0.3)
    'NK cells (not known): lowers the risk, x0.74 odds'
    >>> in_words("Age", "54 years", 0.01)
    'Age 54 years: hardly changes the risk'
    """
    subject = f"{label} {value}" if value else f"{label} (not known)"
    if abs(contribution) < HARDLY:
        return f"{subject}: hardly changes the risk"
    verb = "raises" if contribution > 0 else "lowers"
    return f"{subject}: {verb} the risk, x{odds(contribution)} odds"


def odds(contribution: float) -> str:
    """Factor of the odds, exact enough that it is never 1 where something is said of it.

    Examples
    --------
    >>> [odds(c) for c in (3.0, 0.588, 0.06, -0.06, -3.0)]
    ['20', '1.8', '1.06', '0.94', '0.05']
    """
    if abs(contribution) > _LARGEST:
        return ">1000" if contribution > 0 else "<0.001"
    factor = math.exp(contribution)
    if factor >= 9.95:
        return f"{factor:.0f}"
    if factor >= 1.095:
        return f"{factor:.1f}"
    return f"{factor:.2f}" if factor >= 0.095 else f"{factor:.1g}"


def percent(risk: float) -> str:
    """A probability as people read it: two significant digits.

    Examples
    --------
    >>> percent(0.1234), percent(0.0042), percent(0.999)
    ('12%', '0.42%', '> 99%')
    """
    return f"{100 * risk:.2g}%" if risk < 0.995 else "> 99%"


def risk_of(log_odds: float) -> float:
    """Probability of log-odds."""
    return 0.5 * (1.0 + math.tanh(0.5 * log_odds))


def describe(
    contributions: Mapping[str, float],
    base: float,
    labels: Mapping[str, str],
    values: Mapping[str, str],
    ends: tuple[str, str] = ("the reference patient's risk of", "this patient's"),
) -> str:
    """Give a waterfall in words, the largest contributions first."""
    total = base + sum(contributions.values())
    ranked = sorted(contributions, key=lambda key: -abs(contributions[key]))
    parts = [
        in_words(labels.get(key, key), values.get(key, ""), contributions[key])
        if key in values
        else in_words(labels.get(key, key), " ", contributions[key]).replace("  ", " ")
        for key in ranked
        if abs(contributions[key]) >= HARDLY
    ]
    start = f"From {ends[0]} {percent(risk_of(base))}"
    end = f" to {ends[1]} {percent(risk_of(total))}."
    return f"{start}{end} {'; '.join(parts)}{'.' if parts else ''}".replace(" :", ":").strip()
