"""One simulated cohort and two small models for all tests of a patient, and records to change."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.criteria import label
from riskmodel.models import RiskModel, load_model
from riskmodel.patient.pages.report import page
from riskmodel.scoring import score


@pytest.fixture(scope="session")
def cohort(simulated: Path) -> Cohort:
    return read_cohort(simulated)


@pytest.fixture(scope="session")
def early(model_folders: dict[str, Path]) -> RiskModel:
    return load_model(model_folders["early"])


@pytest.fixture(scope="session")
def before(model_folders: dict[str, Path]) -> RiskModel:
    return load_model(model_folders["pre_infusion"])


@pytest.fixture(scope="session")
def scores(cohort: Cohort, early: RiskModel) -> pd.DataFrame:
    return score(cohort, early, "day-6", explain=True).iloc[: len(cohort)]


@pytest.fixture(scope="session")
def patient(scores: pd.DataFrame) -> str:
    """The scored patient with the highest risk."""
    return str(scores.loc[scores["risk"].idxmax(), "patient_id"])


@pytest.fixture(scope="session")
def one(cohort: Cohort, patient: str) -> Cohort:
    """That patient alone."""
    return cohort.take(np.array([code_of(cohort, patient)]))


@pytest.fixture(scope="session")
def case(cohort: Cohort) -> str:
    """A patient with an event by the default definition."""
    found = label(cohort)
    return str(found.loc[found["outcome"] == "event", "patient_id"].iloc[0])


@pytest.fixture(scope="session")
def html(cohort: Cohort, patient: str, early: RiskModel) -> str:
    """That patient's page of day 6."""
    return page(cohort, patient, early, at="day-6")


@pytest.fixture(scope="session")
def document() -> "type[Document]":
    """What a page holds, for ``document(html)``."""
    return Document


@pytest.fixture(scope="session")
def changed() -> SimpleNamespace:
    """Cohorts with one record more, or other columns of one patient."""
    return SimpleNamespace(event=with_event, lab=with_lab, patient=with_patient, code=code_of)


class Document(HTMLParser):
    """Tags in order, the visible text, and tags that were not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.text = re.sub(r"\s+", " ", " ".join(self.parts))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "col"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "desc", "title"):
            self.parts.append(data)


def with_event(cohort: Cohort, code: int, name: str, hours: float, value: str = "") -> Cohort:
    row = cohort.events.iloc[:1].assign(patient=code, hours=hours, grade=np.nan, value=value)
    row["event"] = pd.Categorical([name], categories=cohort.events["event"].cat.categories)
    events = pd.concat([cohort.events, row]).sort_values(["patient", "hours"], ignore_index=True)
    return replace(cohort, events=events)


def with_lab(
    cohort: Cohort, code: int, analyte: str, hours: float, value: float, comparator: int = 0
) -> Cohort:
    row = cohort.labs.iloc[:1].assign(
        patient=code, hours=hours, value=value, comparator=np.int8(comparator)
    )
    row["analyte"] = pd.Categorical([analyte], categories=cohort.labs["analyte"].cat.categories)
    labs = pd.concat([cohort.labs, row]).sort_values(["patient", "hours"], ignore_index=True)
    return replace(cohort, labs=labs)


def with_patient(cohort: Cohort, code: int, **columns: object) -> Cohort:
    patients = cohort.patients.copy()
    for name, value in columns.items():
        patients.loc[code, name] = value
    return replace(cohort, patients=patients)


def code_of(cohort: Cohort, patient_id: str) -> int:
    return int(np.flatnonzero(cohort.patient_id == patient_id)[0])
