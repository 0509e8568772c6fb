"""What one patient's records show: panels, limits, events; bounds as bounds."""

import numpy as np

from riskmodel.cohort import cohort_of
from riskmodel.criteria import load_definition
from riskmodel.patient.pages.report import page
from riskmodel.patient.svg.lab_panels import SHOWN, course, event_strip, events_so_far

ASTCT = load_definition("astct-2024")


def test_a_record_at_the_prediction_time_is_shown(cohort, early, patient, changed):
    code = changed.code(cohort, patient)
    at_time = changed.lab(cohort, code, "crp", 144.0, 123.0)
    assert "Last: 123 mg/L, day 6 (at the prediction time)" in page(
        at_time, patient, early, at="day-6"
    )


def test_a_bound_is_drawn_and_said_as_a_bound(cohort, early, patient, changed):
    code = changed.code(cohort, patient)
    capped = changed.lab(cohort, code, "ferritin", 143.9, 100000.0, comparator=2)
    drawn = page(capped, patient, early, at="day-6")
    assert "Last: &gt; 100,000 ng/mL, day 6" in drawn
    assert "gave only a bound" in drawn


def cohort(labs=(), events=(), **patient):
    rows = [
        {"patient_id": "p", "hours_from_infusion": h, "analyte": a, "value": v, "unit": u}
        for h, a, v, u in labs
    ]
    happened = [
        {"patient_id": "p", "event": e, "hours_from_infusion": h, "grade": g, "value": v}
        for h, e, g, v in events
    ]
    return cohort_of([{"patient_id": "p", **patient}], rows, happened)


def test_every_analyte_has_a_panel_or_is_named_as_unmeasured():
    found = course(cohort([(10, "crp", "5", "mg/L"), (-200, "ldh", "9", "U/L")]), ASTCT, 48.0)
    assert [panel.label for panel in found.panels] == ["CRP"]
    assert len(found.panels) + len(found.unmeasured) == len(SHOWN)
    assert "LDH" in found.unmeasured  # before the first day that is drawn
    assert not found.bounded


def test_a_panel_says_its_last_result_the_one_before_and_the_extreme():
    rows = [(-5, "platelets", "200", "10*9/L"), (20, "platelets", "30", "10*9/L"),
            (40, "platelets", "60", "10*9/L")]  # fmt: skip
    (panel,) = course(cohort(rows), ASTCT, 48.0).panels
    assert panel.before == "200 ×10⁹/L"
    assert panel.last.startswith("60 ×10⁹/L, day 1.7 (8 h earlier)")
    assert panel.extreme.startswith("lowest since: 30 ×10⁹/L")
    assert "criterion &lt; 50" in panel.svg or "criterion < 50" in panel.svg


def test_the_limit_of_ferritin_is_drawn_for_targets_that_are_read_by_its_value():
    rows = [(10, "ferritin", "900", "ng/mL")]
    drawn = {
        target: course(cohort(rows, target_antigen=target), ASTCT, 48.0).panels[0].svg
        for target in ("CD19", "BCMA")
    }
    assert "criterion" in drawn["CD19"]
    assert "criterion" not in drawn["BCMA"]


def test_events_stand_with_times_grades_and_details_earliest_first():
    events = [(72, "crs", "2", ""), (24, "crs", "1", ""), (12, "infection", "", "E. coli")]
    assert events_so_far(cohort(events=events)) == [
        ("Infection", "day 0.5 (E. coli)"),
        ("CRS", "grade 1 on day 1; grade 2 on day 3"),
    ]
    many = [(float(h), "fever", "", "") for h in range(1, 13)]
    assert events_so_far(cohort(events=many))[0][1].endswith("; 4 more")
    (told,) = events_so_far(cohort(events=[(1, "infection", "", "x" * 200)]))
    assert told[1].endswith("…)")


def test_the_strip_shows_grades_and_treatments_since_the_infusion():
    events = [(-30, "tocilizumab", "", ""), (24, "crs", "2", ""), (30, "anakinra", "", "")]
    rows = event_strip(cohort(events=events))
    assert [(row.label, row.texts) for row in rows] == [
        ("CRS grade", ("2",)),
        ("Anakinra", ("",)),
    ]
    assert np.isclose(rows[1].days[0], 1.25)
