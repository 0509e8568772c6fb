from collections.abc import Callable

import numpy as np
import pytest

from riskmodel.cohort import Cohort
from riskmodel.criteria.signs.events import EventSign, TemperatureSign, UnrecordedSign, celsius
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, NOT_MET

Build = Callable[..., Cohort]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("38.4", 38.4),
        ("38,4", 38.4),
        (" 38.4 °C ", 38.4),
        ("39 c", 39.0),
        ("101.3 F", 38.5),
        ("101.3", 38.5),
        ("38.4 F", None),
        ("101.3 C", None),
        ("60", None),
        ("since 38 hours", None),
        ("high", None),
        ("", None),
    ],
)
def test_temperatures_as_charted(text: str, expected: float | None) -> None:
    found = celsius(text)
    assert np.isnan(found) if expected is None else found == expected


def test_events_of_one_time_that_disagree_decide_nothing(cohort_of: Build) -> None:
    sign = EventSign("lung", ("hypoxia", "ventilation"), ("no",), 72.0)
    found = sign.judge(cohort_of(["hypoxia@1=no; hypoxia@1=mask; ventilation@1; hypoxia@2=no"]))
    hypoxia, ventilation = found.series
    assert hypoxia.state.tolist() == [NOT_ASSESSABLE, NOT_MET]
    assert ventilation.state.tolist() == [MET]
    assert hypoxia.absent == NOT_ASSESSABLE


def test_the_highest_temperature_of_one_time_counts(cohort_of: Build) -> None:
    sign = TemperatureSign("fever", "fever", ">=", 38.5, MET, ("no",), 48.0)
    (series,) = sign.judge(cohort_of(["fever@1=39; fever@1=38; fever@2=38; fever@3"])).series
    assert series.state.tolist() == [MET, NOT_MET, MET]
    assert series.value[:2].tolist() == [39, 38]
    assert np.isnan(series.value[2])


def test_what_the_contract_cannot_hold_has_no_sample(cohort_of: Build) -> None:
    (series,) = UnrecordedSign("nk_activity").judge(cohort_of(["nk_cells@1=1"])).series
    assert len(series.state) == 0
