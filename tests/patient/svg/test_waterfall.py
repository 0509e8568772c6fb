"""The waterfall: from the reference to the risk, without a gap; small factors share a step."""

import numpy as np
import pytest

from riskmodel.models import percent
from riskmodel.patient.content import patient_content
from riskmodel.patient.factors import Factor
from riskmodel.patient.svg.waterfall import MOST_STEPS, waterfall


def test_the_waterfall_starts_at_the_reference_and_ends_at_the_risk(
    scores, cohort, early, patient, changed
):
    one = cohort.take(np.array([changed.code(cohort, patient)]))
    content = patient_content(one, early, "day-6")
    found, row = content["waterfall"], scores.loc[scores["risk"].idxmax()]
    assert found.reference == percent(1 / (1 + np.exp(-row["contribution_base"])))
    assert found.steps[-1].risk == percent(row["risk"]) == content["risk"]
    assert found.steps[0].start == found.start
    assert found.steps[-1].end == found.end
    for step, after in zip(found.steps[:-1], found.steps[1:], strict=True):
        assert step.end == after.start
    shown = sum(step.contribution for step in found.steps)
    assert shown == pytest.approx(
        np.log(row["risk"] / (1 - row["risk"])) - row["contribution_base"]
    )
    assert sum(step.count for step in found.steps) == len(content["factors"])


def factors(*contributions):
    return [Factor(f"f{k}", (), "", (), c) for k, c in enumerate(contributions)]


def test_the_largest_stand_first_and_the_rest_share_a_step():
    found = waterfall(factors(*np.linspace(0.06, 1.0, MOST_STEPS + 3)), -3.0)
    sizes = [abs(step.contribution) for step in found.steps[:-1]]
    assert sizes == sorted(sizes, reverse=True)
    assert [step.count for step in found.steps] == [1] * MOST_STEPS + [3]
    assert len(found.rest) == 3


def test_a_single_small_factor_needs_no_shared_step():
    found = waterfall(factors(0.5, 0.001), -3.0)
    assert [step.count for step in found.steps] == [1, 1]
    assert found.rest == ()


def test_places_lie_between_0_and_100_and_every_bar_can_be_seen():
    for contributions in ((3.0, -2.0, 1.0), (0.06,), (0.0, 0.0)):
        found = waterfall(factors(*contributions), -2.0)
        for step in found.steps:
            assert 0 <= step.start <= 100
            assert 0 <= step.end <= 100
            assert step.width >= 0.6
            assert step.left == min(step.start, step.end)
