from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from riskmodel.cli import app
from riskmodel.cohort import Cohort, read_cohort
from riskmodel.criteria import MET, definition_names, evaluate_signs, label
from riskmodel.errors import SchemaError
from riskmodel.patient.history import patient_timeline, timeline_text
from riskmodel.patient.pages.timeline import timeline_page, timeline_svg, write_timeline
from riskmodel.patient.sign_periods import part_spans, sign_spans


@pytest.fixture(scope="module")
def cohort(simulated: Path) -> Cohort:
    return read_cohort(simulated)


@pytest.fixture(scope="module")
def case(cohort: Cohort) -> str:
    """A patient with an event by the default definition."""
    found = label(cohort)
    return str(found.loc[found["outcome"] == "event", "patient_id"].iloc[0])


@pytest.fixture(scope="module")
def published(shared_data: Path) -> Cohort:
    return read_cohort(shared_data / "case_manghisi_2025")


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


def test_every_stretch_in_which_a_sign_was_met_says_by_what(cohort: Cohort, case: str) -> None:
    found = patient_timeline(cohort, case)
    met = [s for p in found.parts for line in p.signs for s in line.spans if s.state == MET]
    assert met
    assert all(span.by for span in met)
    first = next(span for span in found.whole if span.state == MET)
    assert first.start == found.onset_hours
    text = timeline_text(found)
    assert all(span.by in text for span in met)


@pytest.mark.parametrize("definition", definition_names())
def test_every_definition_has_a_timeline(
    cohort: Cohort, case: str, published: Cohort, definition: str
) -> None:
    for source, patient in ((cohort, case), (published, "manghisi-2025")):
        found = patient_timeline(source, patient, definition)
        assert timeline_text(found).count("\n") > 15
        names = [line.label for part in found.parts for line in part.signs]
        assert all(name in timeline_svg(found) for name in names)


def test_the_published_patient(published: Cohort) -> None:
    text = timeline_text(patient_timeline(published, "manghisi-2025"))
    for fact in (
        "Adjudicated onset    day 7",
        "not assessed",
        "met day 8 to day 10: 217,412 ng/mL",
        "low count reported without a number",
        "day 8: CRS-like and IEC-HS-like",
    ):
        assert fact in text
    assert "looked for, not found" not in text  # a dry tap is not a no


def test_the_horizon_and_its_end_are_said(cohort: Cohort, case: str) -> None:
    both = timeline_text(patient_timeline(cohort, case, horizon_days=21, closed="both"))
    assert "up to and including day 21" in both
    assert "before day 14" in timeline_text(patient_timeline(cohort, case))


def test_an_unknown_patient_is_one_sentence(cohort: Cohort) -> None:
    with pytest.raises(SchemaError, match=r"^Patient 'nobody' is not among the \d+ usable"):
        patient_timeline(cohort, "nobody")


def test_other_patients_change_nothing(cohort: Cohort, case: str) -> None:
    alone = cohort.take(np.flatnonzero(cohort.patient_id == case))
    assert timeline_text(patient_timeline(alone, case)) == timeline_text(
        patient_timeline(cohort, case)
    )


def test_a_patient_without_records_has_a_timeline(cohort: Cohort) -> None:
    empty = replace(
        cohort.take(np.array([0])), labs=cohort.labs.iloc[:0], events=cohort.events.iloc[:0]
    )
    found = patient_timeline(empty, str(empty.patient_id[0]))
    assert "not assessable at any time shown" in timeline_text(found)
    assert "None recorded." in timeline_page(found)


def test_the_page_stands_alone_and_escapes(cohort: Cohort, case: str, tmp_path: Path) -> None:
    one = cohort.take(np.flatnonzero(cohort.patient_id == case))
    odd = replace(one, patients=one.patients.assign(patient_id="<b>&"))
    out = tmp_path / "page.html"
    write_timeline(patient_timeline(odd, "<b>&"), out)
    page = out.read_text(encoding="utf-8")
    assert "&lt;b&gt;&amp;" in page
    assert "<b>&" not in page
    assert "<script" not in page
    assert page.count('role="img"') >= 10
    assert "criterion &lt; 150 mg/dL" in page or "criterion < 150 mg/dL" in page
    ids = [part.split('"')[0] for part in page.split(' id="')[1:]]
    assert len(ids) == len(set(ids))


def _run(*words: object) -> tuple[int, str]:
    ran = CliRunner().invoke(app, ["label", *map(str, words)])
    return ran.exit_code, ran.output


def test_the_command_prints_and_writes(simulated: Path, case: str, tmp_path: Path) -> None:
    code, said = _run(simulated, "--patient", case)
    assert code == 0
    assert said.startswith(f"Patient {case}, shown up to day")
    assert list(tmp_path.iterdir()) == []
    out = tmp_path / "one.html"
    assert _run(simulated, "--patient", case, "--out", out, "--definition", "hscore")[0] == 0
    assert "HScore" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ("--patient", "x", "--compare", "--out", "x.html"),
        ("--patient", "x", "--out", "x.csv"),
        ("--compare",),
        ("--compare", "--out", "x.html"),
        ("--closed", "right", "--out", "x.csv"),
        (),
    ],
)
def test_wrong_usage_is_exit_2(words: tuple[str, ...]) -> None:
    assert _run(".", *words)[0] == 2
