"""In which zone a time is read that names none: that of the many, or the one that is stated."""

import pandas as pd
import pytest

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.zones import (
    CHECK,
    as_instant,
    borrowed,
    in_their_zone,
    in_timezone,
    timezone,
)
from riskmodel.errors import SchemaError

ZERO = "2024-05-10T10:00:00"

# times of the records -> the infusion, and whether something is to be checked
CASES = [
    (["2024-05-10T08:00:00-05:00"] * 4 + ["2024-05-10T09:58:00Z"], f"{ZERO}-05:00", True, "Z"),
    (["2024-05-10T08:00-05:00", "2024-06-10T08:00-05:00"], f"{ZERO}-05:00", False, "one zone"),
    (["2024-05-10T13:00:00Z", "2024-05-10T16:00:00Z"], f"{ZERO}Z", True, "UTC alone is told"),
    (["2024-05-10T13:00:00Z", "2024-05-11T08:00:00+02:00"], f"{ZERO}+02:00", True, "a tie"),
    (["2024-03-09T08:00+01:00"] * 2 + ["2024-05-09T08:00+02:00"] * 2, f"{ZERO}+02:00", False, "a"),
    (["2024-11-09T08:00+0100"] * 9 + ["2024-05-09T08:00+0200"] * 3, f"{ZERO}+0200", False, "HL7"),
    (["2024-05-09 08:00:00+02"] * 3, f"{ZERO}+02", False, "PostgreSQL"),
    (["2024-05-10", "2024-05-11T08:00:00"], ZERO, False, "no zone anywhere"),
]  # fmt: skip


@pytest.mark.parametrize(("times", "expected", "told", "why"), CASES)
def test_the_zone_of_the_many(times: list[str], expected: str, told: bool, why: str) -> None:
    listed = pd.DataFrame({"patient_id": ["P"], "infusion_time": [ZERO]}, dtype="str")
    own = Rejections()
    halves = [times[::2], times[1::2]]
    records = [(pd.Series(["P"] * len(h), dtype="str"), pd.Series(h, dtype="str")) for h in halves]
    found = borrowed(listed, records, own)["infusion_time"].tolist()
    assert found == [expected], why
    assert bool(own.notes.get(CHECK)) == told, why


def test_other_patients_lend_no_zone_and_an_own_one_stays() -> None:
    listed = pd.DataFrame(
        {"patient_id": ["P", "Q"], "infusion_time": [ZERO, f"{ZERO}+03:00"]}, dtype="str"
    )
    records = [(pd.Series(["Q"], dtype="str"), pd.Series([f"{ZERO}-05:00"], dtype="str"))]
    found = borrowed(listed, records, Rejections())["infusion_time"].tolist()
    assert found == [ZERO, f"{ZERO}+03:00"]


def test_a_stated_zone_knows_its_clock_changes() -> None:
    madrid = timezone("Europe/Madrid")
    times = ["2024-03-30T10:00", "2024-04-02 10:00:00", "2024-04-02", "2024-04-02T10:00Z"]
    assert in_timezone(pd.Series(times, dtype="str"), madrid).tolist() == [
        "2024-03-30T10:00+01:00",
        "2024-04-02 10:00:00+02:00",
        "2024-04-02+02:00",
        "2024-04-02T10:00Z",
    ]
    # 02:30 was passed over on 31 March; on 27 October it came twice.
    odd = pd.Series(["2024-03-31T02:30:00", "2024-10-27T02:30:00"], dtype="str")
    assert in_timezone(odd, madrid).tolist() == [
        "2024-03-31T02:30:00",
        "2024-10-27T02:30:00",
    ]
    again = in_timezone(in_timezone(pd.Series(times, dtype="str"), madrid), madrid)
    assert again.tolist() == in_timezone(pd.Series(times, dtype="str"), madrid).tolist()
    stamps = pd.Series(pd.to_datetime(["2024-05-10 10:00:00"]))
    assert in_timezone(stamps, madrid).tolist() == ["2024-05-10T10:00:00.000000+02:00"]


def test_days_stay_days() -> None:
    times = pd.Series(["2024-05-10", "2024-05-10T08:00Z"], dtype="str")
    who = pd.Series(["P", "P"], dtype="str")
    assert in_their_zone(times, who, {"P": "-05:00"}).tolist() == ["2024-05-10-05:00", times[1]]
    assert in_their_zone(times, who, {"P": ""}).tolist() == times.tolist()
    assert as_instant("2024-05-10-05:00") == "2024-05-10T00:00:00-05:00"


@pytest.mark.parametrize("name", ["Mars", "../etc/passwd", "Europe/Nowhere"])
def test_unknown_zones(name: str) -> None:
    with pytest.raises(SchemaError, match="Time zone"):
        timezone(name)
