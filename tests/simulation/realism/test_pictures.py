"""Pictures of the calibration: what they draw is what was measured, and they stand alone."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib.figure import Figure

from riskmodel.simulation.realism.observed import CASE
from riskmodel.simulation.realism.pictures import (
    _by_day,
    _log_scale,
    courses,
    incidences,
    onsets,
    patients,
)

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn(calibration_comparisons, calibration_mix):
    """Every picture of the report, small."""
    shown = [c for c in calibration_comparisons if c.figure.statistic == "incidence"][:3]
    days = {"a product": np.array([4.0, 6.0, 9.0])}
    return {
        "courses": courses(calibration_mix, calibration_comparisons[:20]),
        "onsets": onsets(days, {"a product": (6.0, 3.0, 12.0)}),
        "incidences": incidences(shown),
        "patients": patients(calibration_mix, [(0, "the first")]),
    }


def test_each_is_one_picture_with_words_and_names_of_its_own(drawn):
    names = []
    for name, picture in drawn.items():
        root = ET.fromstring(picture)
        assert root.tag == f"{SVG}svg"
        assert (root.get("role"), root.get("aria-labelledby")) == ("img", f"{name}-title")
        assert root.find(f"{SVG}title").text
        own = [element.get("id") for element in root.iter() if element.get("id")]
        assert all(one.startswith(f"{name}-") for one in own)
        names += own
        for part in picture.split('href="')[1:]:
            assert part.startswith(f"#{name}-")
    assert len(names) == len(set(names))


def test_the_same_input_gives_the_same_bytes(calibration_mix, drawn):
    assert patients(calibration_mix, [(0, "the first")]) == drawn["patients"]
    assert patients(calibration_mix, [(1, "another")]) != drawn["patients"]


def test_a_day_holds_the_quartiles_of_its_results(calibration_mix):
    days, quartiles = _by_day(calibration_mix, "ferritin", CASE)
    rows = calibration_mix.labs["ferritin"]
    rows = rows[calibration_mix.group(CASE)[rows["patient"]]]
    for day in (3.5, 14.5):
        (at,) = np.flatnonzero(days == day)
        own = rows.loc[(rows["day"] > day - 0.5) & (rows["day"] <= day + 0.5), "value"]
        np.testing.assert_allclose(quartiles[:, at], own.quantile([0.25, 0.5, 0.75]))
    assert days[0] == 0, "what was drawn before the infusion stands at it"
    assert (np.diff(days) > 0).all()
    assert (quartiles[0] <= quartiles[1]).all()
    assert (quartiles[1] <= quartiles[2]).all()


@pytest.mark.parametrize(("low", "high", "steps"), [(1, 5, 6), (1, 100, 2), (1, 1e5, 1)])
def test_a_log_axis_has_fewer_numbers_the_wider_it_is(low, high, steps):
    axes = Figure().subplots()
    axes.plot([0, 1], [low, high])
    _log_scale(axes)
    assert len(axes.yaxis.get_major_locator()._subs) == steps
