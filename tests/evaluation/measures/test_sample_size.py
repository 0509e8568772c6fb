"""Riley's criteria against printed tables."""

import pytest

from riskmodel.evaluation.measures.sample_size import anticipated_r2, minimum_sample

# The example of the pmsampsize documentation: 24 parameters, Cox-Snell 0.288, prevalence 0.174.
PMSAMPSIZE = (623, 662, 221)

# EVIDENCE.md E, for 20 parameters: prevalence, AUROC, patients, events (by simulation there).
PRINTED = (
    (0.05, 0.80, 2769, 139),
    (0.05, 0.85, 1882, 95),
    (0.10, 0.80, 1509, 151),
    (0.10, 0.85, 1038, 104),
    (0.15, 0.80, 1091, 164),
    (0.15, 0.85, 755, 114),
)


def test_the_documented_example():
    found = minimum_sample(0.174, 24, cox_snell_r2=0.288)
    assert (found.shrinkage, found.optimism, found.overall_risk) == PMSAMPSIZE
    assert found.needed == 662


@pytest.mark.parametrize(("prevalence", "auroc", "patients", "events"), PRINTED)
def test_printed_numbers_within_one_percent(prevalence, auroc, patients, events):
    found = minimum_sample(prevalence, 20, cox_snell_r2=anticipated_r2(prevalence, auroc))
    assert found.needed == pytest.approx(patients, rel=0.01)
    assert found.events == pytest.approx(events, rel=0.015)
    half = minimum_sample(prevalence, 10, cox_snell_r2=anticipated_r2(prevalence, auroc))
    assert half.needed == pytest.approx(patients / 2, rel=0.01)


def test_more_features_and_rarer_events_ask_for_more():
    assert minimum_sample(0.1, 40).needed > minimum_sample(0.1, 20).needed
    assert minimum_sample(0.05, 20).needed > minimum_sample(0.1, 20).needed
    assert minimum_sample(0.3, 1, cox_snell_r2=0.3).needed == 323
