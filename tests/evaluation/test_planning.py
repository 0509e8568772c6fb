"""The plan of a study: its sizes, its months, and what it says besides."""

import pytest

from riskmodel.errors import SchemaError
from riskmodel.evaluation import plan

# pmsampsize 1.1.3 as printed by others: prevalence, parameters, c, patients, events.
PMSAMPSIZE = ((0.20, 30, 0.78, 1556, 312), (0.15, 10, 0.75, 825, 124))


@pytest.mark.parametrize(("prevalence", "parameters", "auroc", "patients", "events"), PMSAMPSIZE)
def test_development_as_the_authors_software(prevalence, parameters, auroc, patients, events):
    found = plan(prevalence, parameters, auroc).development
    assert found.needed == pytest.approx(patients, rel=0.01)  # a simulation there
    assert found.events == pytest.approx(events, rel=0.01)


def test_months_are_whole_and_enough():
    found = plan(0.07, 20, 0.8, per_month=7)
    months = found.months(found.development.needed)
    assert 7 * (months - 1) < found.development.needed <= 7 * months
    assert plan(0.07, 20, 0.8).months(100) is None
    assert f"{months:>6,} months" in "\n".join(found.lines())
    assert "months" not in "\n".join(plan(0.07, 20, 0.8).lines())


def test_every_criterion_stands_in_a_line_with_its_events():
    found = plan(0.07, 20, 0.8, threshold=0.15)
    text = "\n".join(found.lines())
    sizes = (found.development.shrinkage, found.development.optimism,
             found.development.overall_risk, found.validation.ratio, found.validation.slope,
             found.validation.auroc, found.validation.net_benefit)  # fmt: skip
    for size in sizes:
        assert f"{size:>8,} patients" in text
    assert "threshold 15%" in text


def test_what_a_formula_leaves_out_is_said():
    assert any("add 50 to 100%" in note for note in plan(0.1, 10, 0.85).notes())
    assert not any("add 50" in note for note in plan(0.1, 10, 0.8).notes())
    rare = plan(0.03, 10, 0.8).notes()
    assert any("more than half of the prevalence" in note for note in rare)
    assert any("fewer than 100" in note for note in plan(0.03, 1, 0.8, ratio_width=2,
               slope_width=1).notes())  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"prevalence": 0.0}, "prevalence 0 does not lie"),
        ({"prevalence": 7.0}, "prevalence 7 does not lie"),
        ({"auroc": 0.5}, "AUROC of 0.5"),
        ({"auroc": 1.0}, "AUROC of 1 "),
        ({"auroc": float("nan")}, "AUROC of nan"),
        ({"parameters": 0}, "0 parameters"),
        ({"threshold": 1.0}, "threshold 1 does not lie"),
        ({"margin": -0.1}, "margin -0.1 does not lie"),
        ({"per_month": 0.0}, "0 patients a month"),
        ({"slope_width": 0.0}, "width 0 of the interval of calibration slope"),
    ],
)
def test_refusals(numbers, message):
    given = {"prevalence": 0.1, "parameters": 10, "auroc": 0.8, **numbers}
    with pytest.raises(SchemaError, match=message):
        plan(**given)
