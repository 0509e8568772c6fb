"""The page about one patient: what it says, that it says nothing of the future, that it is safe."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import read_cohort
from riskmodel.errors import SchemaError
from riskmodel.models import Earlier
from riskmodel.patient.pages.report import assess_latest, page
from riskmodel.scoring import report

HOSTILE = "<script>alert('x')</script>\"&'"


def test_the_page_is_whole_well_formed_and_asks_for_nothing_outside(html, document):
    document = document(html)
    assert document.open == []
    assert html.startswith("<!doctype html>")
    assert ("html", {"lang": "en"}) in document.tags
    names = [tag for tag, _ in document.tags]
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(names)
    assert names.count("h1") == 1
    assert names.index("h1") < names.index("h2") < names.index("h3")
    for tag, attributes in document.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "action"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, name)
    assert re.findall(r"url\((?!#)|@import", html) == []
    assert len(html.encode()) < 1_500_000


def test_ids_are_used_once_and_every_picture_has_a_name(html, document):
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'(?:href="|url\()#([^")]+)', html):
        assert target in ids
    pictures = [a for tag, a in document(html).tags if tag == "svg"]
    assert len(pictures) > 8
    for attributes in pictures:
        if attributes.get("aria-hidden") == "true":  # bars beside the same in words
            continue
        assert attributes["role"] == "img"
        named = attributes.get("aria-labelledby", "").split()
        assert attributes.get("aria-label") or (named and set(named) <= set(ids))


def test_nothing_after_the_prediction_time_changes_the_page(html, cohort, early, patient, changed):
    assert page(cohort.until(144.0), patient, early, at="day-6") == html
    code = changed.code(cohort, patient)
    later = changed.event(cohort, code, "iec_hs", 144.1)
    later = changed.lab(later, code, "ferritin", 144.1, 876543.0)
    assert page(later, patient, early, at="day-6") == html


def test_other_patients_and_their_order_change_nothing(html, cohort, early, patient, changed):
    code = changed.code(cohort, patient)
    assert page(cohort.take(np.array([code])), patient, early, at="day-6") == html


def test_hostile_text_is_only_text(cohort, early, patient, document, changed):
    code = changed.code(cohort, patient)
    altered = changed.patient(cohort, code, patient_id=HOSTILE, product=HOSTILE)
    altered = changed.event(altered, code, "infection", 100.0, HOSTILE)
    drawn = page(altered, HOSTILE, early, at="day-6")
    document = document(drawn)
    assert "script" not in {tag for tag, _ in document.tags}
    assert document.open == []
    assert document.text.count(HOSTILE) == 4  # heading, product, not trained on it, event


def default_time(patient, model):
    """When the page stands, and what it says of the choice."""
    found, said = assess_latest(patient, model)
    return ("pre-infusion" if found.hours == 0 else f"day-{found.hours / 24:.0f}"), said


def test_the_default_time_is_the_last_known_day(cohort, early, before, patient, changed):
    code = np.array([changed.code(cohort, patient)])
    assert default_time(cohort.take(code), before) == ("pre-infusion", "")
    for hours, day in ((30.0, 2), (48.0, 2), (48.1, 3), (100.0, 5)):
        known = changed.lab(cohort.take(code).until(hours), 0, "crp", hours, 20.0)
        assert default_time(known, early) == (f"day-{day}", "")
    at, said = default_time(cohort.take(code).until(0.0), early)
    assert at == "day-1"
    assert "No record since the infusion" in said


def test_after_a_known_end_the_default_is_the_last_day_at_risk_and_is_said(
    cohort, early, patient, document, changed
):
    code = changed.code(cohort, patient)
    for name in ("death", "iec_hs", "new_cell_therapy"):
        ended = changed.event(cohort.until(140.0), code, name, 130.0)
        ended = changed.event(ended, code, "fever", 200.0)
        at, said = default_time(ended.take(np.array([code])), early)
        assert at == "day-5"
        assert "last whole day on which the patient was still at risk" in said
    text = document(page(ended, patient, early)).text
    assert "day 5 after the infusion" in text
    assert said in text


def test_onset_by_the_models_own_label_moves_the_default_back(cohort, early, changed):
    from riskmodel.criteria import adjudicated, label

    found = [f(cohort).set_index("patient_id")["onset_hours"] for f in (label, adjudicated)]
    onset = found[0].combine(found[1], np.fmin)
    onset = onset[(found[0] > 48) & (found[0] < 300)]
    assert len(onset) > 2
    for patient_id, hours in onset.head(3).items():
        code = np.array([changed.code(cohort, str(patient_id))])
        at, said = default_time(cohort.take(code), early)
        assert at == f"day-{int(np.ceil(hours / 24)) - 1}"
        assert "already begun" in said


@pytest.mark.parametrize(
    ("name", "words"),
    [("death", "the patient had died"), ("new_cell_therapy", "a new cell therapy had ended")],
)
def test_out_of_scope_has_a_page_without_a_risk(
    cohort, early, patient, name, words, document, changed
):
    ended = changed.event(cohort, changed.code(cohort, patient), name, 100.0)
    drawn = page(ended, patient, early, at="day-6")
    text = document(drawn).text
    assert "No risk is given." in text
    assert "Status: out of scope." in text
    assert words in text
    assert 'class="figure"' not in drawn
    assert "What drives" not in text
    assert "Published criteria at this time" in text


def test_autoimmune_has_no_risk_and_its_own_monitoring(cohort, before, patient, document, changed):
    altered = changed.patient(cohort, changed.code(cohort, patient), disease="SLE")
    text = document(page(altered, patient, before)).text
    assert "No risk is given." in text
    assert "no case among 47 published patients, exact 95% upper bound 7.5%" in text
    assert "Autoimmune programme: ferritin daily through day 21" in text


def test_a_rejected_patient_has_a_page_that_says_why(cohort, early, document):
    rejected = pd.DataFrame(
        {
            "table": ["patients"],
            "row": [3],
            "patient_id": ["twice"],
            "column": ["patient_id"],
            "reason": ["duplicate_patient"],
            "detail": [""],
        }
    )
    drawn = page(replace(cohort, rejected=rejected), "twice", early)
    document = document(drawn)
    assert document.open == []
    assert "Status: rejected. Not scored: the row has a patient_id that another" in document.text
    assert 'class="figure"' not in drawn


def test_an_unknown_patient_is_one_sentence_and_writes_nothing(cohort, early, tmp_path):
    with pytest.raises(SchemaError, match=r"'nobody'.*which has \d+ patients\. Use an") as caught:
        report(cohort, "nobody", early, tmp_path / "page.html")
    assert str(len(cohort)) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_time_of_another_stage_is_refused(cohort, early, before, patient):
    with pytest.raises(SchemaError, match="stage"):
        page(cohort, patient, early, at="pre-infusion")
    with pytest.raises(SchemaError, match="stage"):
        page(cohort, patient, before, at="day-3")


def test_the_file_is_the_page_and_replaces_an_older_one(cohort, before, patient, tmp_path):
    out = tmp_path / "deep" / "page.html"
    out.parent.mkdir()
    out.write_text("old")
    report(cohort, patient, before, out)
    assert out.read_text(encoding="utf-8") == page(cohort, patient, before)
    assert [p.name for p in out.parent.iterdir()] == ["page.html"]


def test_the_published_patient(shared_data, early, before, document):
    published = read_cohort(shared_data / "case_manghisi_2025")
    text = document(page(published, "manghisi-2025", early, at="day-6")).text
    assert "Target antigen CD19" in text
    assert "Costimulatory domain CD28" in text
    assert "Status: partial." in text
    assert "Highest CRS grade so far: grade 3" in text
    assert "Hemophagocytosis in the marrow seen in marrow ? not assessable" in text
    assert "Ferritin > 10,000 ng/mL ? not assessable not measured" in text
    assert "217,412" not in text
    assert "Ruxolitinib" not in text

    at_nine = document(page(published, "manghisi-2025", early, at="day-9")).text
    assert "Ferritin > 10,000 ng/mL ● met 217,412 ng/mL, day 8 (24 h earlier)" in at_nine
    assert "An IEC-HS onset is recorded on day 7" in at_nine
    assert "No risk is given." in at_nine
    assert "patients like this" not in at_nine
    assert "criterion" not in text
    assert default_time(published, early)[0] == "day-6"

    first = document(page(published, "manghisi-2025", before)).text
    assert "The risk of this patient cannot be told: fewer than 2 inputs known." in first
    assert "Low" not in text.partition("Published criteria")[0].partition("Low below")[0]
    for missing in ("Tumor burden", "NK cells", "Baseline inflammation", "Cell dose"):
        assert missing in first.partition("Not known")[2].partition("Published criteria")[0]


def test_the_page_says_which_grade_and_which_earlier_days(html, cohort, early, patient):
    assert "that reaches grade" not in html
    assert "Before day" not in html
    steady = Earlier(days=(7, 10), horizon_days=14, shares=((0, 1, 0), (0, 1, 0)), centre=0)
    design = early.card.design.model_copy(update={"target": "grade>=3"})
    card = early.card.model_copy(update={"design": design})
    asked = replace(early, card=card, earlier=steady)
    drawn = page(cohort, patient, asked, at="day-6")
    assert "IEC-HS that reaches grade 3 or more between" in drawn
    risks = re.findall(r"Before day (\d+): <strong>([\d.]+)%</strong>", drawn)
    assert [day for day, _ in risks] == ["7", "10"]
    assert float(risks[0][1]) <= float(risks[1][1])
    assert [day for day, _ in re.findall(r"Before day (\d+)(:)", page(
        cohort, patient, asked, at="day-8"))] == ["10"]  # fmt: skip
