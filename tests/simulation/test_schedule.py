"""How blood is drawn: regimes change the draws, never the patients or their truth."""

from pathlib import Path

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.errors import SchemaError
from riskmodel.simulation import draw_cohort
from riskmodel.simulation.settings import REGIMES, settings


@pytest.fixture(scope="module")
def drawn():
    return {name: draw_cohort(200, 3, sampling=name) for name in REGIMES}


def _days(cohort) -> dict[str, set[int]]:
    """Whole days after the infusion on which each patient's blood was drawn."""
    labs = cohort.labs
    hours = labs["hours_from_infusion"].astype(float)
    days = np.floor(hours / 24).astype(int)
    own = days[hours > 0].groupby(labs["patient_id"])
    return {who: set(part) for who, part in own}


def test_patients_their_onsets_and_their_truth_are_the_same(drawn):
    latent = [c for c in drawn["ward"].truth if c != "p_baseline"]
    for name in REGIMES[1:]:
        assert_frame_equal(drawn[name].truth[latent], drawn["ward"].truth[latent])
        assert not drawn[name].labs.equals(drawn["ward"].labs)


def test_outpatients_come_on_visits_alone(drawn):
    later = {day for days in _days(drawn["outpatient"]).values() for day in days if day >= 10}
    assert later <= {10, 14, 17, 21, 24, 28}


def test_daily_is_every_day_under_observation(drawn):
    labs, events = drawn["daily"].labs, drawn["daily"].events
    end = events.groupby("patient_id")["hours_from_infusion"].max()
    hours = labs["hours_from_infusion"].astype(float)
    for who, own in hours[hours > 0].groupby(labs["patient_id"]):
        seen = np.unique(np.append(own[own < 24 * 28], min(24 * 28, end[who])))
        assert np.diff(seen).max(initial=0) < 36


def test_the_sicker_are_drawn_more_often(drawn):
    cohort = drawn["severity"]
    onset = cohort.truth.set_index("patient_id")["onset_hours"]
    window = set(range(7, 14))
    share = {
        case: np.mean([len(days & window) for who, days in _days(cohort).items()
                       if (onset[who] > 0) == case])
        for case in (True, False)
    }  # fmt: skip
    assert share[True] > 1.3 * share[False]


def test_mixed_centres_each_draw_their_own_way(drawn):
    cohort = drawn["mixed"]
    centre = cohort.patients.set_index("patient_id")["center_id"]
    visits = {10, 14, 17, 21, 24, 28}
    only = {}
    for who, days in _days(cohort).items():
        kept = {day for day in days if day >= 10} <= visits
        only.setdefault(centre[who], []).append(kept)
    whole = [name for name, kept in only.items() if all(kept)]
    assert 0 < len(whole) < len(only)


def test_an_unknown_way_is_refused_with_the_known_ones():
    with pytest.raises(SchemaError, match=r"'hourly' is unknown\. Allowed: ward, daily"):
        settings("literature", sampling="hourly")


def test_numbers_of_the_regimes_have_a_source(checkout: Path):
    text = (checkout / "riskmodel" / "simulation" / "tables" / "constants.toml").read_text()
    assert "[regimes]" in text
    assert settings("null").constants["regimes"]["source"]
