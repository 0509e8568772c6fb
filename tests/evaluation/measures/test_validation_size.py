"""Precision criteria against the authors' paper and software, and against simulated validations."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from riskmodel.evaluation.measures.validation_size import minimum_validation, slope_patients

# Riley 2021, the abstract and the example of its software: prevalence 0.018, c 0.8, ratio width 1.
PAPER_RATIO, PAPER_AUROC = 905, 4252

# The authors' pmvalsampsize 0.2.1, a million draws: prevalence, c, threshold, then patients by
# observed / expected (in steps of its standard error), slope, AUROC, standardised net benefit.
SOFTWARE = (
    (0.1, 0.80, 0.1, 3461, 4214, 836, 1177),
    (0.2, 0.78, 0.2, 1538, 2955, 511, 704),
)

# The slope alone, of a linear predictor that is normal in all (mean, SD): the same software.
NORMAL = ((-5, 2.5, 4544), (-1.75, 1.22, 2958))


def test_the_example_of_the_paper():
    found = minimum_validation(0.018, 0.8, 0.08, ratio_width=1.0)
    assert found.ratio == pytest.approx(PAPER_RATIO, rel=0.002)
    assert found.auroc == PAPER_AUROC
    assert found.needed == found.slope  # as in the paper, the slope asks for most


@pytest.mark.parametrize("row", SOFTWARE)
def test_the_authors_software(row):
    prevalence, auroc, threshold, ratio, slope, ranked, benefit = row
    found = minimum_validation(prevalence, auroc, threshold)
    assert found.ratio == pytest.approx(ratio, rel=0.003)
    assert found.slope == pytest.approx(slope, rel=0.01)
    assert found.auroc == ranked
    assert found.net_benefit == pytest.approx(benefit, rel=0.01)


@pytest.mark.parametrize(("mean", "sd", "patients"), NORMAL)
def test_the_slope_of_a_normal_linear_predictor(mean, sd, patients):
    x = np.linspace(mean - 10 * sd, mean + 10 * sd, 40_001)
    weight = norm.pdf(x, mean, sd)
    assert slope_patients(x, weight / weight.sum(), 0.2) == pytest.approx(patients, rel=0.005)


def test_simulated_validations_are_as_precise_as_planned():
    """2,000 validations at the size asked for: the spread of each figure is the one planned."""
    prevalence, auroc, threshold = 0.2, 0.78, 0.2
    found = minimum_validation(prevalence, auroc, threshold)
    rng = np.random.default_rng(5)
    apart = np.sqrt(2) * norm.ppf(auroc)
    planned = {"ratio": found.ratio, "auroc": found.auroc, "benefit": found.net_benefit}
    seen = {name: [] for name in planned}
    for name, n in planned.items():
        for _ in range(2000 if name != "auroc" else 600):
            event = rng.random(n) < prevalence
            x = rng.standard_normal(n) + apart * event
            predictor = logit(prevalence) + apart * x - apart**2 / 2
            if name == "ratio":
                # The paper holds the expected events fixed: the observed ones vary.
                seen[name].append(np.log(event.mean() / prevalence))
            elif name == "auroc":
                seen[name].append(roc_auc_score(event, predictor))
            else:
                act = expit(predictor) >= threshold
                harm = threshold / (1 - threshold)
                benefit = np.mean(act & event) - harm * np.mean(act & ~event)
                seen[name].append(benefit / event.mean())
    width = 2 * 1.96
    assert width * np.std(seen["ratio"]) == pytest.approx(0.2, rel=0.08)
    assert width * np.std(seen["auroc"]) == pytest.approx(0.1, rel=0.1)
    assert width * np.std(seen["benefit"]) == pytest.approx(0.2, rel=0.1)
    assert found.sensitivity == pytest.approx(0.7077, abs=1e-3)


def test_narrower_intervals_and_rarer_events_ask_for_more():
    usual = minimum_validation(0.1, 0.8, 0.1)
    for name in ("ratio", "slope", "auroc", "net_benefit"):
        width = {"net_benefit": "benefit"}.get(name, name) + "_width"
        narrow = minimum_validation(0.1, 0.8, 0.1, **{width: 0.05})
        assert getattr(narrow, name) > getattr(usual, name)
        assert getattr(minimum_validation(0.05, 0.8, 0.1), name) > getattr(usual, name)
