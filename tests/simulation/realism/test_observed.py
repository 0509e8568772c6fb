"""A simulated cohort as it is read: who belongs where, and when a thing was first seen."""

import numpy as np
import pytest

from riskmodel.simulation import draw_cohort
from riskmodel.simulation.realism.observed import CASE, CRS_ONLY, NO_CRS, observe


@pytest.fixture(scope="module")
def drawn():
    return draw_cohort(150, 21)


@pytest.fixture(scope="module")
def mix(drawn):
    return observe(drawn)


def test_every_patient_belongs_to_one_group(mix):
    groups = [mix.group(name) for name in (CASE, CRS_ONLY, NO_CRS)]
    assert (np.sum(groups, axis=0) == 1).all()
    for name in (CASE, CRS_ONLY, NO_CRS):
        assert (mix.words[mix.group(name)] == name).all()
    assert (mix.group("no IEC-HS") == ~mix.group(CASE)).all()
    assert (mix.group("CRS 3-4") | mix.group("CRS 0-2") == mix.group("no IEC-HS")).all()


def test_figures_of_chosen_patients_are_about_them_alone(mix):
    first = np.arange(len(mix)) < 40
    some = mix.among(first)
    assert not some.group("all")[40:].any()
    assert (some.group(CASE) == (mix.group(CASE) & first)).all()
    assert some.cohort is mix.cohort
    assert (mix.among(first).among(~first).chosen == 0).all()


def test_a_disease_chooses_its_patients(drawn):
    found = observe(drawn, "MM")
    assert (found.chosen == (drawn.patients["disease"] == "MM").to_numpy()).all()
    assert 0 < found.chosen.sum() < len(found)


def test_what_was_first_seen_is_what_was_written(drawn, mix):
    index = {name: k for k, name in enumerate(mix.cohort.patients["patient_id"])}
    for event, least in (("crs", 0), ("crs", 3), ("tocilizumab", 0), ("etoposide", 0)):
        expected = np.full(len(mix), np.nan)
        for row in drawn.events[drawn.events["event"] == event].itertuples():
            if not least or int(row.grade) >= least:
                k = index[row.patient_id]
                expected[k] = np.fmin(expected[k], row.hours_from_infusion / 24)
        np.testing.assert_allclose(mix.first(event, least), expected)


def test_the_highest_grade_is_none_without_an_event(drawn, mix):
    crs = drawn.events[drawn.events["event"] == "crs"]
    highest = crs.groupby("patient_id")["grade"].max().astype(int)
    expected = highest.reindex(mix.cohort.patients["patient_id"], fill_value=0)
    assert mix.highest("crs").tolist() == expected.tolist() == mix.crs.tolist()


def test_the_end_is_death_or_the_last_follow_up(drawn, mix):
    ends = drawn.events[drawn.events["event"].isin(["death", "last_follow_up"])]
    expected = ends.set_index("patient_id")["hours_from_infusion"] / 24
    np.testing.assert_allclose(
        mix.end, expected.reindex(mix.cohort.patients["patient_id"]).to_numpy()
    )


def test_results_are_all_of_those_that_the_reader_keeps(mix):
    assert sum(map(len, mix.labs.values())) == len(mix.cohort.labs)
    for analyte, rows in mix.labs.items():
        kept = mix.cohort.labs["analyte"] == analyte
        np.testing.assert_array_equal(rows["value"], mix.cohort.labs.loc[kept, "value"])
