"""The timeline as a page: whole, escaped, without a script."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from riskmodel.cohort import Cohort
from riskmodel.patient.history import patient_timeline
from riskmodel.patient.pages.timeline import timeline_page, timeline_svg, write_timeline


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


def test_a_row_for_the_whole_each_part_each_sign_and_both_pictures(
    cohort: Cohort, case: str
) -> None:
    found = patient_timeline(cohort, case)
    drawn = timeline_svg(found)
    for words in ("Whole definition", "Day looks like CRS", "Day looks like IEC-HS", "onset"):
        assert drawn.count(f">{words}<") == 1
    for part in found.parts:
        assert f">{part.label}<" in drawn
        assert f">{part.needed}<" in drawn


def test_signs_of_one_label_are_told_apart_by_their_limits(cohort: Cohort, case: str) -> None:
    drawn = timeline_svg(patient_timeline(cohort, case, "hscore"))
    assert ">Ferritin<" not in drawn
    assert ">Ferritin &gt; 6,000 ng/mL<" in drawn


def test_the_page_names_what_makes_a_picture(cohort: Cohort, case: str) -> None:
    page = timeline_page(patient_timeline(cohort, case))
    for words in ("CRS recorded", "ferritin very high or rising fast", "two or more cytopenias"):
        assert words in page
