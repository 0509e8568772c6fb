"""How many patients a model asks for before it is developed: Riley's three criteria."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

ASSUMED_R2 = 0.15
"""Share of the largest possible Cox-Snell R-squared assumed before a model exists (Riley 2019;
EVIDENCE.md E)."""
SHRINKAGE = 0.9
OPTIMISM = 0.05
MARGIN = 0.05


@dataclass(frozen=True)
class SampleSize:
    """Patients needed by each criterion.

    Attributes
    ----------
    shrinkage : int
        Expected uniform shrinkage of at least 0.9.
    optimism : int
        At most 0.05 of optimism in Nagelkerke's R-squared.
    overall_risk : int
        Overall risk within the margin of the truth.
    events : int
        Expected among `needed` patients.
    """

    shrinkage: int
    optimism: int
    overall_risk: int
    events: int

    @property
    def needed(self) -> int:
        """The largest of the three."""
        return max(self.shrinkage, self.optimism, self.overall_risk)


def largest_r2(prevalence: float) -> float:
    """Largest Cox-Snell R-squared that a model of a binary outcome can have."""
    log_likelihood = prevalence * math.log(prevalence) + (1 - prevalence) * math.log1p(-prevalence)
    return 1 - math.exp(2 * log_likelihood)


def minimum_sample(
    prevalence: float,
    parameters: int,
    *,
    cox_snell_r2: float | None = None,
    margin: float = MARGIN,
) -> SampleSize:
    """Fewest patients for a logistic model of this size (Riley 2019, criteria 1 to 3).

    Parameters
    ----------
    prevalence : float
        Share of patients with the event, between 0 and 1.
    parameters : int
        Candidate predictors.
    cox_snell_r2 : float, optional
        Anticipated; by default 0.15 of the largest possible.
    margin : float
        Within which the overall risk is to be known.

    References
    ----------
    Riley RD, et al. Stat Med 2019;38:1276-1296 (EVIDENCE.md E).

    Examples
    --------
    >>> minimum_sample(0.174, 24, cox_snell_r2=0.288).needed
    662
    """
    limit = largest_r2(prevalence)
    r2 = ASSUMED_R2 * limit if cox_snell_r2 is None else cox_snell_r2

    def patients(shrinkage: float) -> int:
        return math.ceil(parameters / ((shrinkage - 1) * math.log(1 - r2 / shrinkage)))

    precise = (1.96 / margin) ** 2 * prevalence * (1 - prevalence)
    counts = (patients(SHRINKAGE), patients(r2 / (r2 + OPTIMISM * limit)), math.ceil(precise))
    return SampleSize(*counts, events=math.ceil(max(counts) * prevalence))


def anticipated_r2(prevalence: float, auroc: float) -> float:
    """Cox-Snell R-squared of a model with this AUROC, its linear predictor normal in each class.

    References
    ----------
    Riley RD, et al. Stat Med 2021;40:859-864; the integral in place of its simulation.

    Examples
    --------
    >>> minimum_sample(0.1, 20, cox_snell_r2=anticipated_r2(0.1, 0.8)).needed
    1513
    """
    apart = math.sqrt(2) * float(norm.ppf(auroc))
    x = np.linspace(-10, 10 + apart, 20_001)
    with_event, without = prevalence * norm.pdf(x, apart), (1 - prevalence) * norm.pdf(x)
    both = with_event + without
    gain = with_event * np.log(with_event / both) + without * np.log(without / both)
    log_likelihood = float(np.trapezoid(gain, x))
    null = prevalence * math.log(prevalence) + (1 - prevalence) * math.log1p(-prevalence)
    return 1 - math.exp(-2 * (log_likelihood - null))


def sample_warning(patients: int, events: int, parameters: int) -> list[str]:
    """What to say where the patients are fewer than the criteria ask for."""
    share = min(max(events / patients, 0.005), 0.995)
    needed = minimum_sample(share, parameters).needed
    if patients >= needed:
        return []
    hopeful = minimum_sample(share, parameters, cox_snell_r2=anticipated_r2(share, 0.8)).needed
    return [
        f"{patients} patients with {events} events are fewer than the {needed} patients that "
        f"{parameters} candidate features ask for (Riley 2019, assuming a Nagelkerke R-squared of "
        f"0.15; {hopeful} where an AUROC of 0.8 can be expected): the fit leans on the evidence, "
        "and its figures are wide."
    ]
