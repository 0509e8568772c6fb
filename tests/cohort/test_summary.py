"""The summary: what is there, and nobody's own value."""

from pathlib import Path

from riskmodel.cohort import read_cohort, summary
from riskmodel.demo import PUBLISHED_CASE


def test_one_patients_values_are_not_in_it():
    text = summary(read_cohort(PUBLISHED_CASE))
    assert "ferritin (ng/mL): 3 results, 1 patients" in text
    for value in ("217412", "121756", "2.174e+05", "1.218e+05", "8337"):
        assert value not in text


def test_it_says_what_is_there_converted_missing_and_rejected(simulated: Path):
    text = summary(read_cohort(simulated))
    said = ("250 patients", "median", "units converted", "never measured", "Rejected: nothing")
    for part in said:
        assert part in text
