"""Real people through every definition, against a table of what came out and why.

The table was written by the program. All 160 rows (1140 sign states) were then compared with an
independent reimplementation from the definition files, and 26 rows also with the raw labs by eye.
27 states rest on the rule that blood counts from before the infusion are not carried forward. No
clinician has reviewed it, and no patient here has an onset.

`reviewed_mimic3.csv` holds, for each of the 20 hospital patients, one letter a sign at the judged
moment (M met, n not met, ? not assessable) in the order of the definition's signs, and why: what
met a sign, and what was missing, too old or open where one could not be assessed.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.criteria import definition_names, label, load_definition

LETTERS = {"met": "M", "not_met": "n", "not_assessable": "?"}


@pytest.fixture(scope="module")
def reviewed() -> pd.DataFrame:
    path = Path(__file__).with_name("reviewed_mimic3.csv")
    return pd.read_csv(path, dtype="str", keep_default_na=False)


@pytest.fixture(scope="module")
def hospital(shared_data: Path) -> Cohort:
    return read_cohort(shared_data / "mimic3_demo_20" / "tidy")


@pytest.fixture(scope="module")
def published(shared_data: Path) -> Cohort:
    return read_cohort(shared_data / "case_manghisi_2025")


def hours(values: pd.Series) -> list[str]:
    return ["" if np.isnan(value) else f"{value:.1f}" for value in values]


def letters(found: pd.DataFrame, name: str) -> list[str]:
    columns = [f"{sign}_state" for sign in load_definition(name).signs]
    return list(found[columns].replace(LETTERS).agg("".join, axis=1))


@pytest.mark.parametrize("name", definition_names())
def test_hospital_patients(name: str, hospital: Cohort, reviewed: pd.DataFrame) -> None:
    found = label(hospital, name)
    expected = reviewed[reviewed["definition"] == name].reset_index(drop=True)
    assert found["patient_id"].tolist() == expected["patient_id"].tolist()
    assert found["outcome"].tolist() == expected["outcome"].tolist()
    assert hours(found["onset_hours"]) == expected["onset_hours"].tolist()
    assert hours(found["judged_hours"]) == expected["judged_hours"].tolist()
    assert letters(found, name) == expected["states"].tolist()


@pytest.mark.parametrize(
    ("name", "states", "outcome", "onset"),
    [
        ("astct-2024", "M????MMMM", "not_assessed", ""),  # one macrophage sign, the rest unknown
        ("astct-2023", "M???MMMM", "not_assessed", ""),  # ferritin and one manifestation
        ("carhlh-2018", "??MM?", "not_assessed", ""),  # dialysis, hypoxia; first ferritin later
        ("prwcc-2023", "M?MM??", "event", "192.0"),  # dialysis and hypoxia, ferritin day 8
        ("mas-l-2020", "???", "not_assessed", ""),  # no ferritin before its peak: no rate
        ("hlh-2004", "M?MMM??M???", "not_assessed", ""),  # three; fibrinogen and spleen: five
        ("hscore", "?????MMMMM?????", "not_assessed", ""),  # 84 certain, 337 at most
        ("ohi-2022", "?M", "not_assessed", ""),  # no receptor
    ],
)
def test_the_published_patient(
    name: str, states: str, outcome: str, onset: str, published: Cohort
) -> None:
    found = label(published, name)
    assert letters(found, name) == [states]
    assert found["outcome"].tolist() == [outcome]
    assert hours(found["onset_hours"]) == [onset]
