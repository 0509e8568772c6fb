"""The compiled pass: how it groups, orders and merges results, whatever their order."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import Cohort
from riskmodel.features import Records, kernel, load_catalogue
from riskmodel.features.builders.kinetics import lab_statistic, lab_statistics

CODES = st.lists(st.integers(0, 4), max_size=40).map(lambda codes: np.array(codes, dtype=np.int64))


@given(patient=CODES)
def test_offsets_count_the_results_before_each_patient(patient):
    start = np.zeros(6, dtype=np.int64)
    grouped = kernel.offsets(patient, start)
    assert start.tolist() == [int((patient < k).sum()) for k in range(6)]
    assert grouped == bool((np.diff(patient) >= 0).all())


@given(patient=CODES)
def test_grouped_rows_keep_their_order_within_a_patient(patient):
    start = np.zeros(6, dtype=np.int64)
    kernel.offsets(patient, start)
    before = start.copy()
    order = np.empty(len(patient), dtype=np.int64)
    kernel.group(patient, start, order)
    assert order.tolist() == np.argsort(patient, kind="stable").tolist()
    assert start.tolist() == before.tolist()


@pytest.mark.parametrize("patients", [0, 2])
def test_no_results_are_grouped(patients):
    start = np.zeros(patients + 1, dtype=np.int64)
    assert kernel.offsets(np.empty(0, dtype=np.int64), start)
    assert not start.any()


@pytest.mark.parametrize("codes", [[-1], [2], [0, 1, 2], [1, -1], [10**12]])
def test_a_code_outside_the_cohort_is_refused(codes):
    with pytest.raises(IndexError, match="outside the cohort"):
        kernel.offsets(np.array(codes, dtype=np.int64), np.zeros(3, dtype=np.int64))


@pytest.mark.parametrize("patient", [-1, 2, 10**12])
def test_a_patient_code_outside_the_cohort_never_reaches_memory(make_cohort, patient):
    cohort = make_cohort([(0, 1.0, "crp", 5.0, 0)], [])
    labs = cohort.labs.assign(patient=np.array([patient]))
    with pytest.raises(IndexError, match="outside the cohort"):
        _ = Records(Cohort(cohort.patients, labs, cohort.events)).labs


def test_a_slope_far_from_the_infusion_keeps_its_digits(make_cohort):
    """Without centring, the squares of ten-year times lose all of them."""
    away = 24.0 * 3652
    labs = [(0, away + t, "ferritin", 100.0 * 2 ** (t / 24), 0) for t in (0, 12, 24, 36)]
    (feature,) = load_catalogue().select(["ferritin_slope_48h"])
    found = lab_statistic(Records(make_cohort(labs, [])), feature, away + 36)
    assert found[0] == pytest.approx(1.0, rel=1e-12)


def test_many_results_of_one_patient_in_reverse(make_cohort):
    """The longest series that a single buffer has to order."""
    n = 5000
    labs = [(0, k / 10, "ferritin", float(k), 0) for k in range(n)]
    cohort = make_cohort(labs, [])
    backwards = Cohort(cohort.patients, cohort.labs.iloc[::-1], cohort.events)
    names = ["ferritin_highest_log10", "ferritin_greatest_rise_log10", "ferritin_last_log10"]
    features = list(load_catalogue().select(names))
    found = lab_statistics(Records(backwards), features, [n / 10])[0, :, 0]
    np.testing.assert_allclose(found, [n - 1, 10.0, n - 1], rtol=1e-9)


def test_it_compiles_where_no_folder_is_writable(tmp_path: Path):
    """A read-only installation computes the same; it only compiles in every process."""
    code = (
        "from riskmodel.features import kernel\n"
        "import numpy as np\n"
        "start = np.zeros(3, dtype=np.int64)\n"
        "assert kernel.offsets(np.array([0, 1, 1]), start) and start.tolist() == [0, 1, 3]\n"
        "assert not sum(kernel.offsets.stats.cache_hits.values())\n"
    )
    # The one place that numba may look for is one that a plain file never has.
    environment = {**os.environ, "NUMBA_CACHE_LOCATOR_CLASSES": "ZipCacheLocator"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
