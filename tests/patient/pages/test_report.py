"""The page about one patient: what it says, that it says nothing of the future, that it is safe."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.errors import SchemaError
from riskmodel.models import RiskModel, load_model
from riskmodel.patient.criteria_status import standing
from riskmodel.patient.pages.report import assess_latest, page
from riskmodel.patient.wording import frequency, percent
from riskmodel.scoring import report, score

HOSTILE = "<script>alert('x')</script>\"&'"


@pytest.fixture(scope="module")
def cohort(simulated: Path) -> Cohort:
    return read_cohort(simulated)


@pytest.fixture(scope="module")
def early(model_folders: dict[str, Path]) -> RiskModel:
    return load_model(model_folders["early"])


@pytest.fixture(scope="module")
def before(model_folders: dict[str, Path]) -> RiskModel:
    return load_model(model_folders["pre_infusion"])


@pytest.fixture(scope="module")
def scores(cohort, early) -> pd.DataFrame:
    return score(cohort, early, "day-6", explain=True).iloc[: len(cohort)]


@pytest.fixture(scope="module")
def patient(scores) -> str:
    """The scored patient with the highest risk."""
    return str(scores.loc[scores["risk"].idxmax(), "patient_id"])


@pytest.fixture(scope="module")
def html(cohort, early, patient) -> str:
    return page(cohort, patient, early, at="day-6")


class Document(HTMLParser):
    """Tags in order, the visible text, and tags that were not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.text = re.sub(r"\s+", " ", " ".join(self.parts))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "col"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "desc", "title"):
            self.parts.append(data)


def with_event(cohort: Cohort, code: int, name: str, hours: float, value: str = "") -> Cohort:
    row = cohort.events.iloc[:1].assign(patient=code, hours=hours, grade=np.nan, value=value)
    row["event"] = pd.Categorical([name], categories=cohort.events["event"].cat.categories)
    events = pd.concat([cohort.events, row]).sort_values(["patient", "hours"], ignore_index=True)
    return replace(cohort, events=events)


def with_lab(
    cohort: Cohort, code: int, analyte: str, hours: float, value: float, comparator: int = 0
) -> Cohort:
    row = cohort.labs.iloc[:1].assign(
        patient=code, hours=hours, value=value, comparator=np.int8(comparator)
    )
    row["analyte"] = pd.Categorical([analyte], categories=cohort.labs["analyte"].cat.categories)
    labs = pd.concat([cohort.labs, row]).sort_values(["patient", "hours"], ignore_index=True)
    return replace(cohort, labs=labs)


def with_patient(cohort: Cohort, code: int, **columns: object) -> Cohort:
    patients = cohort.patients.copy()
    for name, value in columns.items():
        patients.loc[code, name] = value
    return replace(cohort, patients=patients)


def code_of(cohort: Cohort, patient_id: str) -> int:
    return int(np.flatnonzero(cohort.patient_id == patient_id)[0])


def test_the_page_is_whole_well_formed_and_asks_for_nothing_outside(html):
    document = Document(html)
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


def test_ids_are_used_once_and_every_picture_has_a_name(html):
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'(?:href="|url\()#([^")]+)', html):
        assert target in ids
    pictures = [a for tag, a in Document(html).tags if tag == "svg"]
    assert len(pictures) > 8
    for attributes in pictures:
        if attributes.get("aria-hidden") == "true":  # bars beside the same in words
            continue
        assert attributes["role"] == "img"
        named = attributes.get("aria-labelledby", "").split()
        assert attributes.get("aria-label") or (named and set(named) <= set(ids))


def test_the_page_says_the_risk_that_score_gives(html, scores, early):
    row = scores.loc[scores["risk"].idxmax()]
    text = Document(html).text
    assert f'<span class="figure">{percent(row["risk"]).replace(">", "&gt;")}</span>' in html
    assert f"{frequency(row['risk'])} patients like this" in text
    interval = f"90% interval: {percent(row['risk_low'])} to {percent(row['risk_high'])}"
    assert interval in re.sub(r"\s+", " ", text)
    named = {"low": "○ Low", "intermediate": "◐ Intermediate", "high": "● High"}
    group = named.get(row["risk_group"], "Group cannot be told")
    assert group in text
    assert f"This patient {percent(row['risk'])}" in text
    low, high = early.card.design.risk_groups
    held = {entry.metric: entry.value for entry in early.card.held_out}
    for edge in (low, high):
        told = 1000 * held[f"net_benefit_{edge:g}"]
        assert re.search(rf"{told:.0f}( \([-\d]+ to [-\d]+\))? from {percent(edge)}", text)
    assert f"Low below {percent(low)}" in text
    assert f"high from {percent(high)}" in text
    assert "project's choice, not clinical thresholds" in text


def test_the_page_names_its_limits_and_the_model(html, early):
    text = Document(html).text
    assert text.count("Research use only") == 2
    assert "trained on simulated patients" in text
    assert "day 6 after the infusion (records up to hour 144)" in text
    assert "information, never a directive" in text
    assert "onset before day 14, exclusive" in text
    for said in (early.name, early.version, early.definition, early.cytopenia_rule):
        assert said in text
    assert f"Trained on {early.counts['patients']} simulated patients" in text
    assert f"{early.counts['events']} of them with IEC-HS" in text


def test_the_waterfall_starts_at_the_reference_and_ends_at_the_risk(scores, cohort, early, patient):
    from riskmodel.patient.content import patient_content

    one = cohort.take(np.array([code_of(cohort, patient)]))
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


def test_the_days_are_the_scores_of_the_days(cohort, early, before, patient):
    from riskmodel.patient.content import patient_content

    one = cohort.take(np.array([code_of(cohort, patient)]))
    content = patient_content(one, early, "day-3", before=before)
    wanted = [
        score(one, before, "pre-infusion"),
        *(score(one, early, f"day-{d}") for d in (1, 2, 3)),
    ]
    assert [value for _, value, _ in content["day_rows"]] == [
        percent(table["risk"].iloc[0]) for table in wanted
    ]
    rows = [score(one, early, f"day-{d}", explain=True).iloc[0] for d in (2, 3)]
    columns = [c for c in rows[0].index if c.startswith("contribution_")]
    moved = {c: rows[1][c] - rows[0][c] for c in columns if c != "contribution_base"}
    assert sorted(change.change for change in content["changes"]) == pytest.approx(
        sorted(value for value in moved.values() if abs(value) >= 0.05)
    )


def test_every_factor_has_a_row_with_its_effect_in_words(html, early):
    text = Document(html).text
    for factor in set(early.classifier.groups.values()):
        assert f"<li><strong>{factor}</strong>: " in html
    assert re.search(r"▲ raises the risk, ×\d", text)
    assert "log10" not in text
    assert "log2" not in text
    assert "doublings" not in text


def test_every_sign_stands_with_state_limit_and_last_result(html, cohort, early, patient):
    from riskmodel.criteria import evaluate_signs

    code = code_of(cohort, patient)
    states = evaluate_signs(cohort.until(144.0), "astct-2024", early.cytopenia_rule).at(144.0)
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>\s*<td class="(met|unmet|open)">', html)
    shown = [{"met": 1, "unmet": 0, "open": -1}[state] for _, state in rows]
    assert shown == states.iloc[code].tolist()
    text = Document(html).text
    for limit in ("< 150 mg/dL", "> 265 mg/dL", "< 8 g/dL", "< 50 ×10⁹/L", "× ULN"):
        assert limit in text
    assert "read as worsening" in text


@pytest.mark.parametrize(
    ("target", "limits", "absent"),
    [
        ("CD19", ["> 10,000 ng/mL"], "for > 12 h"),
        ("BCMA", ["rise ≥ 100 ng/mL per hour for > 12 h"], "> 10,000 ng/mL"),
        ("CD22", ["> 10,000 ng/mL", "or rise ≥ 100 ng/mL per hour for > 12 h"], "nothing absent"),
    ],
)
def test_the_ferritin_rule_is_that_of_the_target(cohort, early, patient, target, limits, absent):
    one = cohort.take(np.array([code_of(cohort, patient)])).until(144.0)
    changed = with_patient(one, 0, target_antigen=target)
    found = standing(changed, "astct-2024", early.cytopenia_rule, 144.0)
    text = " ".join(found.parts[0].signs[0].limits)
    for limit in limits:
        assert limit in text
    assert absent not in text


def test_nothing_after_the_prediction_time_changes_the_page(html, cohort, early, patient):
    assert page(cohort.until(144.0), patient, early, at="day-6") == html
    code = code_of(cohort, patient)
    later = with_event(cohort, code, "iec_hs", 144.1)
    later = with_lab(later, code, "ferritin", 144.1, 876543.0)
    assert page(later, patient, early, at="day-6") == html


def test_a_record_at_the_prediction_time_is_shown(cohort, early, patient):
    code = code_of(cohort, patient)
    at_time = with_lab(cohort, code, "crp", 144.0, 123.0)
    assert "Last: 123 mg/L, day 6 (at the prediction time)" in page(
        at_time, patient, early, at="day-6"
    )


def test_other_patients_and_their_order_change_nothing(html, cohort, early, patient):
    code = code_of(cohort, patient)
    assert page(cohort.take(np.array([code])), patient, early, at="day-6") == html


def test_hostile_text_is_only_text(cohort, early, patient):
    code = code_of(cohort, patient)
    changed = with_patient(cohort, code, patient_id=HOSTILE, product=HOSTILE)
    changed = with_event(changed, code, "infection", 100.0, HOSTILE)
    drawn = page(changed, HOSTILE, early, at="day-6")
    document = Document(drawn)
    assert "script" not in {tag for tag, _ in document.tags}
    assert document.open == []
    assert document.text.count(HOSTILE) == 4  # heading, product, not trained on it, event


def test_a_bound_is_drawn_and_said_as_a_bound(cohort, early, patient):
    code = code_of(cohort, patient)
    capped = with_lab(cohort, code, "ferritin", 143.9, 100000.0, comparator=2)
    drawn = page(capped, patient, early, at="day-6")
    assert "Last: &gt; 100,000 ng/mL, day 6" in drawn
    assert "gave only a bound" in drawn


def default_time(patient, model):
    """When the page stands, and what it says of the choice."""
    found, said = assess_latest(patient, model)
    return ("pre-infusion" if found.hours == 0 else f"day-{found.hours / 24:.0f}"), said


def test_the_default_time_is_the_last_known_day(cohort, early, before, patient):
    code = np.array([code_of(cohort, patient)])
    assert default_time(cohort.take(code), before) == ("pre-infusion", "")
    for hours, day in ((30.0, 2), (48.0, 2), (48.1, 3), (100.0, 5)):
        known = with_lab(cohort.take(code).until(hours), 0, "crp", hours, 20.0)
        assert default_time(known, early) == (f"day-{day}", "")
    at, said = default_time(cohort.take(code).until(0.0), early)
    assert at == "day-1"
    assert "No record since the infusion" in said


def test_after_a_known_end_the_default_is_the_last_day_at_risk_and_is_said(cohort, early, patient):
    code = code_of(cohort, patient)
    for name in ("death", "iec_hs", "new_cell_therapy"):
        ended = with_event(cohort.until(140.0), code, name, 130.0)
        ended = with_event(ended, code, "fever", 200.0)
        at, said = default_time(ended.take(np.array([code])), early)
        assert at == "day-5"
        assert "last whole day on which the patient was still at risk" in said
    text = Document(page(ended, patient, early)).text
    assert "day 5 after the infusion" in text
    assert said in text


def test_onset_by_the_models_own_label_moves_the_default_back(cohort, early):
    from riskmodel.criteria import adjudicated, label

    found = [f(cohort).set_index("patient_id")["onset_hours"] for f in (label, adjudicated)]
    onset = found[0].combine(found[1], np.fmin)
    onset = onset[(found[0] > 48) & (found[0] < 300)]
    assert len(onset) > 2
    for patient_id, hours in onset.head(3).items():
        code = np.array([code_of(cohort, str(patient_id))])
        at, said = default_time(cohort.take(code), early)
        assert at == f"day-{int(np.ceil(hours / 24)) - 1}"
        assert "already begun" in said


@pytest.mark.parametrize(
    ("name", "words"),
    [("death", "the patient had died"), ("new_cell_therapy", "a new cell therapy had ended")],
)
def test_out_of_scope_has_a_page_without_a_risk(cohort, early, patient, name, words):
    ended = with_event(cohort, code_of(cohort, patient), name, 100.0)
    drawn = page(ended, patient, early, at="day-6")
    text = Document(drawn).text
    assert "No risk is given." in text
    assert "Status: out of scope." in text
    assert words in text
    assert 'class="figure"' not in drawn
    assert "What drives" not in text
    assert "Published criteria at this time" in text


def test_autoimmune_has_no_risk_and_its_own_monitoring(cohort, before, patient):
    changed = with_patient(cohort, code_of(cohort, patient), disease="SLE")
    text = Document(page(changed, patient, before)).text
    assert "No risk is given." in text
    assert "no case among 47 published patients, exact 95% upper bound 7.5%" in text
    assert "Autoimmune programme: ferritin daily through day 21" in text


def test_a_rejected_patient_has_a_page_that_says_why(cohort, early):
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
    document = Document(drawn)
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


def test_the_published_patient(shared_data, early, before):
    published = read_cohort(shared_data / "case_manghisi_2025")
    text = Document(page(published, "manghisi-2025", early, at="day-6")).text
    assert "Target antigen CD19" in text
    assert "Costimulatory domain CD28" in text
    assert "Status: partial." in text
    assert "Highest CRS grade so far: grade 3" in text
    assert "Hemophagocytosis in the marrow seen in marrow ? not assessable" in text
    assert "Ferritin > 10,000 ng/mL ? not assessable not measured" in text
    assert "217,412" not in text
    assert "Ruxolitinib" not in text

    at_nine = Document(page(published, "manghisi-2025", early, at="day-9")).text
    assert "Ferritin > 10,000 ng/mL ● met 217,412 ng/mL, day 8 (24 h earlier)" in at_nine
    assert "An IEC-HS onset is recorded on day 7" in at_nine
    assert "No risk is given." in at_nine
    assert "patients like this" not in at_nine
    assert "criterion" not in text
    assert default_time(published, early)[0] == "day-6"

    first = Document(page(published, "manghisi-2025", before)).text
    assert "The risk of this patient cannot be told: fewer than 2 inputs known." in first
    assert "Low" not in text.partition("Published criteria")[0].partition("Low below")[0]
    for missing in ("Tumor burden", "NK cells", "Baseline inflammation", "Cell dose"):
        assert missing in first.partition("Not known")[2].partition("Published criteria")[0]
