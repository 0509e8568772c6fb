"""The patients table: gaps by chance alone, and exactly what it shows of the latent factors."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort.schema import (
    PATIENT_CHOICES,
    PATIENT_FLAGS,
    PATIENT_NUMBERS,
    PATIENT_TEXT,
)
from riskmodel.cohort.vocabulary.products import choice, find_product
from riskmodel.simulation.baseline import record_baseline


@pytest.fixture(scope="module")
def recorded(stages):
    rng = np.random.default_rng(9)
    return record_baseline(stages.settings, stages.patients, stages.ids, rng)


def test_patient_columns_and_values_follow_the_contract(cohort, read):
    patients = read(cohort.patients)
    allowed = {*PATIENT_NUMBERS, *PATIENT_FLAGS, *PATIENT_CHOICES, *PATIENT_TEXT, "patient_id"}
    assert set(patients.columns) == allowed
    assert patients["patient_id"].is_unique
    for column, (low, high) in PATIENT_NUMBERS.items():
        values = pd.to_numeric(patients[column].replace("", np.nan)).dropna()
        assert len(values)
        assert values.between(low, high).all()
    for column in PATIENT_FLAGS:
        assert set(patients[column]) <= {"", "0", "1"}
    for column in PATIENT_CHOICES:
        spellings = set(patients[column]) - {""}
        assert all(choice(column, spelling) for spelling in spellings)
    assert (patients == "").any().sum() > 10


def test_target_and_domain_can_be_resolved_for_every_patient(cohort):
    for row in cohort.patients.itertuples():
        known = find_product(row.product)
        assert known or (row.target_antigen and row.costimulatory_domain)
        if known and row.target_antigen:
            assert row.target_antigen == known.target_antigen
        if known and row.costimulatory_domain:
            domain = choice("costimulatory_domain", row.costimulatory_domain)
            assert domain == known.costimulatory_domain


def test_a_gap_shows_nothing_of_the_risk(stages, recorded):
    """Of columns that some populations never have, among those who can have them."""
    table, _ = recorded
    risk = stages.patients.p_true
    for name in ("prior_lines", "tet2_mutation", "weight_kg"):
        gap = (table[name] == "").to_numpy()
        assert 10 < gap.sum() < 0.9 * len(gap), name
        error = risk.std() * np.sqrt(1 / gap.sum() + 1 / (~gap).sum())
        assert abs(risk[gap].mean() - risk[~gap].mean()) < 4 * error, name


def test_a_measure_is_its_loading_and_its_noise(stages, recorded):
    _, shown = recorded
    for rows, loading, residual, variance in shown.measures:
        assert len(rows) == len(np.unique(rows))
        signal = stages.patients.z[rows] @ loading
        noise = residual - signal
        sd = np.sqrt(variance[0])
        assert noise.std() == pytest.approx(sd, rel=0.2, abs=2e-3)
        assert abs(noise.mean()) < 5 * sd / np.sqrt(len(rows)) + 1e-9


def test_a_score_lies_between_its_two_cuts(stages, recorded):
    _, shown = recorded
    for rows, loading, low, high, noise in shown.cuts:
        assert (low < high).all()
        signal = stages.patients.z[rows] @ loading
        far = 5 * noise
        assert ((signal > low - far) & (signal < high + far)).all()
        above = np.isfinite(low)
        assert signal[above].mean() > signal[~above].mean()


def test_what_is_shown_of_tet2_is_what_is_recorded(stages, recorded):
    table, shown = recorded
    known = ~np.isnan(shown.tet2)
    np.testing.assert_array_equal(table["tet2_mutation"] != "", known)
    np.testing.assert_array_equal(
        table.loc[known, "tet2_mutation"].astype(int), stages.patients.tet2[known]
    )
    fraction = table["tet2_vaf_percent"]
    assert (fraction[~known] == "").all()
    assert (fraction[shown.tet2 == 0] == "").all()


def test_a_dose_is_recorded_in_one_form_only(recorded):
    table, _ = recorded
    both = (table["cell_dose_million"] != "") & (table["cell_dose_million_per_kg"] != "")
    assert not both.any()
    assert (table["cell_dose_million"] != "").any()
    assert (table["cell_dose_million_per_kg"] != "").any()


def test_the_same_draws_record_the_same(stages, recorded):
    again, _ = record_baseline(
        stages.settings, stages.patients, stages.ids, np.random.default_rng(9)
    )
    pd.testing.assert_frame_equal(again, recorded[0])
