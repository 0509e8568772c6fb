"""Stretches in which a sign was met: they agree with the states, and say what decided them."""

from itertools import pairwise

import numpy as np
import pytest

from riskmodel.cohort import Cohort, cohort_of
from riskmodel.criteria import MET, NOT_ASSESSABLE, evaluate_signs
from riskmodel.patient.sign_periods import Span, part_spans, sign_spans


def test_spans_agree_with_the_states_at_any_hour(cohort: Cohort, case: str) -> None:
    patient = cohort.take(np.flatnonzero(cohort.patient_id == case))
    timeline = evaluate_signs(patient)
    signs, (*_, whole) = sign_spans(timeline, patient, 600.0), part_spans(timeline, 600.0)
    expired = np.concatenate([s.hours + s.carry for sign in timeline.judged for s in sign.series])
    ends = expired[(expired > 0) & (expired < 599)] + 0.5  # half an hour after one is too old
    for hours in [*np.random.default_rng(5).uniform(0, 600, 40), *ends[::3]]:
        states = timeline.at(hours).iloc[0]
        for name, spans in signs.items():
            (span,) = [s for s in spans if s.start <= hours < s.end]
            assert span.state == states[name], (name, hours)
        (span,) = [s for s in whole if s.start <= hours < s.end]
        assert span.state == timeline.definition_state_at(hours)[0]
    for spans in (*signs.values(), whole):
        assert spans[0].start == 0
        assert spans[-1].end == 600
        assert all(a.end == b.start for a, b in pairwise(spans))
        assert all(a.state != b.state for a, b in pairwise(spans))


def test_a_result_that_becomes_too_old_ends_its_stretch():
    labs = [
        {"patient_id": "p", "hours_from_infusion": 24, "analyte": "fibrinogen", "value": "90",
         "unit": "mg/dL"}
    ]  # fmt: skip
    patient = cohort_of([{"patient_id": "p"}], labs)
    timeline = evaluate_signs(patient)
    spans = sign_spans(timeline, patient, 400.0)["fibrinogen"]
    (series,) = next(s for s in timeline.judged if s.name == "fibrinogen").series
    assert [span.state for span in spans] == [NOT_ASSESSABLE, MET, NOT_ASSESSABLE]
    assert spans[1].start == 24.0
    assert spans[1].end == pytest.approx(24.0 + series.carry[0], abs=1e-3)
    assert spans[1].by == "90 mg/dL"
    assert spans[0].by == spans[2].by == ""


def test_a_stretch_says_when():
    assert Span(0.0, 36.0, MET).time == "day 0 to day 1.5"
