"""What monitoring saw, in words and pictures: every alarm is told, and no patient."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from riskmodel import RESEARCH_USE
from riskmodel.monitoring.calibration_drift import CalibrationDrift
from riskmodel.monitoring.monitor import Monitoring, Stream, monitor
from riskmodel.monitoring.page import (
    calibration_sentence,
    evidence_svg,
    monitor_text,
    stream_sentence,
    sums_svg,
    write_monitor_page,
)

QUIET = Stream("risk", -3.0, -2.9, np.array([0.0, 1.0, 0.5]), np.array([0.0, 0.0, 2.0]), 5.0, None)
LOUD = replace(QUIET, name="missing <inputs>", up=np.array([2.0, 9.0, 9.5]), alarm_after=2)
DRIFT = CalibrationDrift(30, 4, 2.5, 1.6, 0.44, 4.1, np.array([1.0, 0.5, 3.0]), 20.0, None)


def seen(*streams, drift=DRIFT, **changed):
    found = Monitoring(
        "tiny 1", "day-3", 3, 120, streams, 200, 0.05, drift, {"lost": 2}, True, ("A note.",)
    )
    return replace(found, **changed)


def test_the_page_is_self_contained_and_names_no_patient(shifted, model, reference, tmp_path):
    found = monitor(shifted, model, reference)
    write_monitor_page(found, tmp_path / "monitor.html")
    page = (tmp_path / "monitor.html").read_text(encoding="utf-8")
    assert "Research use only" in page
    assert "src=" not in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert not [p for p in shifted.patient_id if f">{p}<" in page or f" {p} " in page]


def test_every_alarm_is_told_and_nothing_else_is_one():
    text = monitor_text(seen(QUIET, LOUD))
    assert "ALARM: missing <inputs>." in text
    assert stream_sentence(LOUD) in text
    assert stream_sentence(QUIET) not in text
    assert "over its limit after patient 2" in text
    quiet = monitor_text(seen(QUIET))
    assert "No alarm." in quiet
    assert "ALARM" not in quiet
    late = monitor_text(seen(QUIET, drift=replace(DRIFT, alarm_after=3)))
    assert "ALARM: calibration." in late
    assert "contradict the risks from patient 3 on" in late


def test_what_is_not_known_is_said():
    text = monitor_text(seen(QUIET, ordered_by_time=False))
    assert "infusion times are missing" in text
    assert "Outcome not known: lost 2." in text
    assert "A note." in text
    assert text.endswith(RESEARCH_USE)
    nothing = calibration_sentence(seen(QUIET, drift=None))
    assert nothing == "Calibration: no outcome is known yet. Outcome not known: lost 2."
    assert evidence_svg(seen(QUIET, drift=None)) == ""


def points(svg):
    """Points of each line of a picture, in its own units."""
    found = []
    for line in ET.fromstring(svg).iter():
        if line.tag.endswith("polyline"):
            pairs = line.get("points").split()
            found.append(np.array([[float(x) for x in pair.split(",")] for pair in pairs]))
    return found


@pytest.mark.parametrize("stream", [QUIET, LOUD])
def test_the_sums_are_drawn_in_their_order_and_heights(stream):
    up, down = points(sums_svg(stream))
    for drawn, sums in ((up, stream.up), (down, stream.down)):
        assert (np.diff(drawn[:, 0]) > 0).all()
        height = 72 - 6 - drawn[:, 1]
        top = 1.15 * max(stream.limit, stream.up.max(), stream.down.max())
        np.testing.assert_allclose(height, sums / top * 60, atol=0.06)


def test_no_word_of_a_name_becomes_markup():
    svg = sums_svg(replace(LOUD, name='x" onload="evil'))
    (root,) = [ET.fromstring(svg)]
    assert root.get("onload") is None
    assert root.get("aria-label").startswith('x" onload="evil')


@pytest.mark.parametrize("patients", [0, 1])
def test_few_patients_are_drawn_too(patients):
    few = replace(QUIET, up=QUIET.up[:patients], down=QUIET.down[:patients])
    ET.fromstring(sums_svg(few))
    drift = replace(DRIFT, evidence=np.ones(max(patients, 1)))
    ET.fromstring(evidence_svg(seen(few, drift=drift)))


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path):
    page = tmp_path / "page.html"
    write_monitor_page(seen(QUIET), page)
    before = page.read_bytes()
    with pytest.raises(AttributeError):
        write_monitor_page(seen(None), page)
    assert page.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
