"""One assessment: the same numbers as scoring each day by itself, and nothing done twice."""

import sys

import numpy as np
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from riskmodel.cohort import read_cohort
from riskmodel.criteria.evaluation import evaluate_signs
from riskmodel.features.matrix import matrices
from riskmodel.models import load_model
from riskmodel.patient.assessment import adjudicated_hours, assess_patient
from riskmodel.patient.content import patient_content
from riskmodel.patient.pages.report import page
from riskmodel.scoring import score


@pytest.fixture(scope="module")
def cohort(simulated):
    return read_cohort(simulated)


@pytest.fixture(scope="module")
def early(model_folders):
    return load_model(model_folders["early"])


@pytest.fixture(scope="module")
def before(model_folders):
    return load_model(model_folders["pre_infusion"])


@pytest.mark.parametrize("k", [0, 5, 17, 60])
def test_every_day_is_what_score_gives(cohort, early, before, k):
    patient = cohort.take(np.array([k]))
    found = assess_patient(patient, early, "day-9", before=before, course=True)
    assert len(found.days) == 9
    for day, one in enumerate(found.days, start=1):
        expected = score(patient, early, f"day-{day}", explain=True)
        assert_frame_equal(one.rows, expected, check_exact=True)
    expected = score(patient, before, "pre-infusion", explain=True)
    assert_frame_equal(found.before.rows, expected, check_exact=True)


def test_later_records_change_nothing(cohort, early):
    patient = cohort.take(np.array([11]))
    whole, known = (assess_patient(p, early, "day-4") for p in (patient, patient.until(96.0)))
    assert_series_equal(whole.row, known.row, check_exact=True)
    assert whole.standing == known.standing
    assert whole.findings == known.findings


@pytest.fixture
def counted(monkeypatch):
    """How often signs were judged, by definition, and features built, by prediction time."""
    judged: list[str] = []
    built: list[float] = []
    judge, make = evaluate_signs, matrices

    def judging(cohort, definition="astct-2024", cytopenia_rule=None):
        judged.append(definition if isinstance(definition, str) else definition.name)
        return judge(cohort, definition, cytopenia_rule)

    def building(cohort, catalogue, landmarks):
        if len(catalogue.features) > 20:  # the model's, not the few of the published scores
            built.extend(landmarks)
        return make(cohort, catalogue, landmarks)

    for name, module in list(sys.modules.items()):
        if name.startswith("riskmodel."):
            for old, new in ((judge, judging), (make, building)):
                if vars(module).get(old.__name__) is old:
                    monkeypatch.setattr(module, old.__name__, new)
    return judged, built


def test_the_page_judges_signs_once_and_builds_each_day_once(cohort, early, before, counted):
    judged, built = counted
    patient_content(cohort.take(np.array([8])), early, "day-7", before=before)
    assert judged.count("astct-2024") == 1
    assert sorted(built) == [0.0, *(24.0 * day for day in range(1, 8))]


def test_the_report_judges_signs_once_and_builds_each_day_once(cohort, early, counted):
    judged, built = counted
    page(cohort, str(cohort.patient_id[8]), early)
    assert judged.count("astct-2024") == 1
    assert len(built) == len(set(built))


def test_an_adjudicated_onset_counts_once_it_is_recorded(cohort):
    events = cohort.events
    named = events[(events["event"] == "iec_hs").to_numpy(bool)]
    one = int(named["patient"].iloc[0])
    patient, hours = cohort.take(np.array([one])), float(named["hours"].iloc[0])
    assert adjudicated_hours(patient) == hours
    assert adjudicated_hours(patient, hours - 1) is None
