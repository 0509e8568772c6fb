"""The timeline of one patient: stretches, facts, horizons, and the command that prints it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from riskmodel.cli import app
from riskmodel.cohort import Cohort, read_cohort
from riskmodel.criteria import MET, definition_names
from riskmodel.errors import SchemaError
from riskmodel.patient.history import patient_timeline, timeline_text
from riskmodel.patient.pages.timeline import timeline_page, timeline_svg


@pytest.fixture(scope="module")
def published(shared_data: Path) -> Cohort:
    return read_cohort(shared_data / "case_manghisi_2025")


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
