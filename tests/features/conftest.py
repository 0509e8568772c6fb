"""Random small cohorts in memory, and the shipped catalogue."""

from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from riskmodel.cohort import Cohort, analytes
from riskmodel.cohort.schema import (
    PATIENT_CHOICES,
    PATIENT_FLAGS,
    PATIENT_NUMBERS,
    PATIENT_TEXT,
)
from riskmodel.cohort.tables.events import EVENT_CATEGORIES
from riskmodel.features import Catalogue, load_catalogue

Lab = tuple[int, float, str, float, int]
Event = tuple[int, float, str, float, str]
Make = Callable[..., Cohort]


def build(
    labs: list[Lab], events: list[Event], patients: int = 2, **columns: list[object]
) -> Cohort:
    """A cohort in memory; patient columns not given are unknown."""
    table = pd.DataFrame({"patient_id": [f"P{k:02d}" for k in range(patients)]}, dtype="str")
    for name in (*PATIENT_TEXT, *PATIENT_CHOICES):
        table[name] = pd.Series(columns.get(name, [np.nan] * patients), dtype="str")
    for name in PATIENT_NUMBERS:
        table[name] = np.array(columns.get(name, [np.nan] * patients), dtype=float)
    for name in PATIENT_FLAGS:
        table[name] = pd.array(columns.get(name, [pd.NA] * patients), dtype="boolean")
    lab_rows = pd.DataFrame(labs, columns=["patient", "hours", "analyte", "value", "comparator"])
    lab_rows = lab_rows.astype({"patient": "int64", "hours": float, "value": float})
    lab_rows["comparator"] = lab_rows["comparator"].astype("int8")
    lab_rows["analyte"] = pd.Categorical(lab_rows["analyte"], categories=list(analytes()))
    lab_rows["reference_low"] = np.nan
    lab_rows["reference_high"] = np.nan
    lab_rows = lab_rows.sort_values(
        ["patient", "hours", "analyte", "value", "comparator"], ignore_index=True
    )
    event_rows = pd.DataFrame(events, columns=["patient", "hours", "event", "grade", "value"])
    event_rows = event_rows.astype({"patient": "int64", "hours": float, "grade": float})
    event_rows["event"] = pd.Categorical(event_rows["event"], categories=list(EVENT_CATEGORIES))
    event_rows["value"] = event_rows["value"].astype("str")
    event_rows = event_rows.sort_values(
        ["patient", "hours", "event", "grade", "value"], ignore_index=True
    )
    return Cohort(table, lab_rows, event_rows)


@pytest.fixture(scope="session")
def make_cohort() -> Make:
    """Build a cohort from rows of labs and events."""
    return build


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The shipped catalogue."""
    return load_catalogue()


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    """The second, plain expression of every lab kinetic (oracle.py)."""
    spec = spec_from_file_location("oracle", Path(__file__).with_name("oracle.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
