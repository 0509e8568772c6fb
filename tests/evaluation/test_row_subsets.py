"""Which rows a figure is about: lead times, the next draw, subgroups that point at nobody."""

from pathlib import Path

import numpy as np
import pytest

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.evaluation.row_subsets import (
    FEWEST_IN_LEVEL,
    POOLED,
    age_group,
    next_draw,
    product_names,
    subsets,
)


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    """Twenty-six patients; draws at 0, 30 and 60 h, the last ten patients none after 0 h."""
    sex = ["F"] * 14 + ["M"] * 10 + ["other"] * 2
    product = ["axi-cel"] * 13 + ["Yescarta"] * 1 + ["mine"] * 12
    rows = [f"P{k},{sex[k]},{10 + 2 * k},{product[k]}" for k in range(26)]
    (tmp_path / "patients.csv").write_text(
        "patient_id,sex,age_years,product\n" + "\n".join(rows) + "\n"
    )
    draws = [f"P{k},{h},ferritin,500,ng/mL" for k in range(26) for h in (0, 30, 60)
             if h == 0 or k < 16]  # fmt: skip
    (tmp_path / "labs.csv").write_text(
        "patient_id,hours_from_infusion,analyte,value,unit\n" + "\n".join(draws) + "\n"
    )
    (tmp_path / "events.csv").write_text("patient_id,event,hours_from_infusion\n")
    return read_cohort(tmp_path)


@pytest.mark.parametrize(
    ("age", "name"),
    [(0, "under 18"), (17.9, "under 18"), (18, "18 to 39"), (40, "40 to 64"), (64.9, "40 to 64"),
     (65, "65 and older"), (99, "65 and older"), (np.nan, "")],
)  # fmt: skip
def test_ages_at_the_borders(age, name):
    assert age_group(np.array([age]))[0] == name


def test_the_next_draw_is_the_first_after_the_prediction_time(cohort, make_rows):
    rows, _ = make_rows(26, landmarks=(0.0, 30.0, 48.0))
    found = next_draw(cohort, rows).reshape(3, 26)
    assert found[:, 0].tolist() == [30, 60, 60]
    assert np.isinf(found[:, 20]).all()


def test_lead_times_leave_out_close_onsets_alone(cohort, make_rows):
    rows, _ = make_rows(26, landmarks=(24.0, 300.0), seed=3)
    by_name = {s.name: s.rows for s in subsets(cohort, rows)}
    for hours in (24, 48):
        kept = by_name[f"lead >= {hours} h"]
        assert kept[rows.y == 0].all()
        close = (rows.y == 1) & (rows.lead < hours)
        assert close.any()
        assert not kept[close].any()
        assert kept[(rows.y == 1) & (rows.lead >= hours)].all()


def test_onsets_at_the_very_next_draw_are_left_out(cohort, make_rows):
    rows, _ = make_rows(26, landmarks=(24.0,), seed=3)
    rows.lead[:] = np.nan
    rows.y[:3] = 1
    rows.lead[:3] = [6.0, 6.1, 36.0]  # at 30 h exactly, just after it, at 60 h
    kept = {s.name: s.rows for s in subsets(cohort, rows)}["onset after the next draw"]
    assert kept[:3].tolist() == [False, True, True]


def test_small_levels_are_not_named(cohort, make_rows):
    rows, _ = make_rows(26)
    found = [s for s in subsets(cohort, rows) if s.kind == "sex"]
    assert {s.name for s in found} == {"sex: F", "sex: M"}
    for subset in subsets(cohort, rows):
        assert len(np.unique(rows.patient[subset.rows])) >= FEWEST_IN_LEVEL or subset.kind == "lead"
    twice, _ = make_rows(26)
    cohort.patients["center_id"] = [f"C{k % 6}" for k in range(26)]
    assert [s for s in subsets(cohort, twice) if s.kind == "centre"] == []
    cohort.patients["center_id"] = ["big"] * 13 + [f"C{k}" for k in range(13)]
    names = [s.name for s in subsets(cohort, twice) if s.kind == "centre"]
    assert names == ["centre: big", f"centre: {POOLED}"]


def test_brands_of_one_product_are_one_group(cohort, make_rows):
    assert len(set(product_names(cohort))) == 2
    rows, _ = make_rows(26)
    sizes = {s.name: s.rows.sum() for s in subsets(cohort, rows) if s.kind == "product"}
    assert sizes == {"product: axicabtagene ciloleucel": 14, "product: mine": 12}


def test_one_level_alone_is_no_subgroup(cohort, make_rows):
    cohort.patients["disease"] = "LBCL"
    rows, _ = make_rows(26)
    assert not [s for s in subsets(cohort, rows) if s.kind == "disease"]
