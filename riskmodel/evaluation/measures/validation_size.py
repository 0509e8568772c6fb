"""How many patients an external validation asks for: the precision of its four main figures.

The linear predictor is taken as normal in those with and without the event, of one variance, and as
calibrated: the prevalence and the AUROC then say all of it, and every expectation is an integral.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm

from riskmodel.arrays import Floats

_Z = 1.96


@dataclass(frozen=True)
class ValidationSize:
    """Patients at which the 95% interval of each figure is as narrow as asked.

    Attributes
    ----------
    ratio : int
        Observed over expected events, on the log scale.
    slope : int
        Calibration slope.
    auroc : int
    net_benefit : int
        Standardised net benefit (net benefit / prevalence) at the threshold.
    sensitivity, specificity : float
        Anticipated at the threshold.
    prevalence : float
    """

    ratio: int
    slope: int
    auroc: int
    net_benefit: int
    sensitivity: float
    specificity: float
    prevalence: float

    @property
    def needed(self) -> int:
        """The largest of the four."""
        return max(self.ratio, self.slope, self.auroc, self.net_benefit)

    @property
    def events(self) -> int:
        """Expected among `needed` patients."""
        return math.ceil(self.needed * self.prevalence)


def minimum_validation(
    prevalence: float,
    auroc: float,
    threshold: float,
    *,
    ratio_width: float = 0.2,
    slope_width: float = 0.2,
    auroc_width: float = 0.1,
    benefit_width: float = 0.2,
) -> ValidationSize:
    """Fewest patients for an external validation (Riley 2021), of a model with this AUROC.

    Parameters
    ----------
    prevalence, auroc : float
        Anticipated in the validation.
    threshold : float
        Risk at which net benefit is asked for.
    ratio_width, slope_width, auroc_width, benefit_width : float
        Width of the 95% intervals of observed over expected, slope, AUROC and standardised net
        benefit. The defaults are those of the authors' software; for a rare event they let the
        ratio be wider (1.0 at a prevalence of 0.018).

    References
    ----------
    Riley RD, et al. Stat Med 2021;40:4230-4251; Archer L, et al. Stat Med 2021;40:133-146; the
    standard error of the AUROC by Newcombe 2006, that of net benefit by Marsh 2020, as given there.

    Examples
    --------
    >>> found = minimum_validation(0.018, 0.8, 0.08, ratio_width=1.0)
    >>> found.ratio, found.auroc  # the paper's example: 905 and 4252
    (906, 4252)
    """
    share, density, predictor = _mixture(prevalence, auroc)
    ratio_error = math.asinh(ratio_width / 2) / _Z
    ratio = (1 - prevalence) / (prevalence * ratio_error**2)
    slope = slope_patients(predictor, density, slope_width)
    benefit, sensitivity, specificity = _benefit(prevalence, share, density, predictor, threshold)
    return ValidationSize(
        ratio=math.ceil(ratio),
        slope=slope,
        auroc=_auroc_patients(prevalence, auroc, auroc_width),
        net_benefit=math.ceil(benefit / (benefit_width / (2 * _Z)) ** 2),
        sensitivity=sensitivity,
        specificity=specificity,
        prevalence=prevalence,
    )


def _mixture(prevalence: float, auroc: float) -> tuple[Floats, Floats, Floats]:
    """Weights of the events, weights of all and log-odds over a fine grid of a marker."""
    apart = math.sqrt(2) * float(norm.ppf(auroc))
    x = np.linspace(-10, 10 + apart, 20_001)
    with_event = prevalence * norm.pdf(x, apart)
    both = with_event + (1 - prevalence) * norm.pdf(x)
    total = both.sum()
    return with_event / total, both / total, logit(prevalence) + apart * x - apart**2 / 2


def slope_patients(predictor: Floats, weight: Floats, width: float) -> int:
    """Patients at which the calibration slope's interval is this wide, of a calibrated model.

    Parameters
    ----------
    predictor, weight : float arrays of shape (k,)
        Values of the linear predictor and how often each comes, summing to 1.
    width : float
        Of the 95% interval.
    """
    risk = expit(predictor)
    information = weight * risk * (1 - risk)
    a, b, c = (float(np.sum(information * predictor**k)) for k in (0, 1, 2))
    error = width / (2 * _Z)
    return math.ceil(a / (error**2 * (a * c - b**2)))


def _auroc_patients(prevalence: float, auroc: float, width: float) -> int:
    error = width / (2 * _Z)

    def excess(n: float) -> float:
        half = n / 2 - 1
        spread = 1 + half * (1 - auroc) / (2 - auroc) + half * auroc / (1 + auroc)
        variance = auroc * (1 - auroc) * spread / (n**2 * prevalence * (1 - prevalence))
        return math.sqrt(variance) - error

    return math.ceil(float(brentq(excess, 3.0, 1e9)))


def _benefit(
    prevalence: float, share: Floats, density: Floats, predictor: Floats, threshold: float
) -> tuple[float, float, float]:
    """Variance of the standardised net benefit of one patient, sensitivity and specificity."""
    over = predictor >= logit(threshold)
    sensitivity = float(share[over].sum() / share.sum())
    none = density - share
    specificity = float(none[~over].sum() / none.sum())
    weight = (1 - prevalence) / prevalence * threshold / (1 - threshold)
    variance = sensitivity * (1 - sensitivity) / prevalence
    variance += weight**2 * specificity * (1 - specificity) / (1 - prevalence)
    variance += weight**2 * (1 - specificity) ** 2 / (prevalence * (1 - prevalence))
    return variance, sensitivity, specificity
