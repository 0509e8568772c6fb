"""An entry of the catalogue: every fault of it is named, whatever stands there."""

import re
import tomllib

import pytest
from hypothesis import given, strategies as st

from riskmodel.errors import SchemaError
from riskmodel.features import load_catalogue, parse_catalogue
from riskmodel.features.builders.registry import BUILDERS
from riskmodel.features.catalogue_checks import PARAMETERS, entry_faults, read_entry

GOOD = """
[[feature]]
name = "ferritin_last"
stage = "early"
builder = "last_lab"
of = "ferritin"
window = ["prediction-48h", "prediction"]
closed = "both"
unit = "ng/mL"
range = [0, 1e6]
direction = 1
group = "Ferritin"
label = "ferritin"
source = "somewhere"
"""
ODD = st.sampled_from(["", "x", [], ["x"], [[]], [{}], {}, {"a": 1}, True, 3, -1.5, {"within": []}])
KEYS = ("name", "stage", "builder", "of", "window", "closed", "unit", "transform", "range",
        "direction", "evidence", "group", "label", "source", "parameters", "model")  # fmt: skip
WHOLE = tomllib.loads(load_catalogue().text)["feature"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('builder = "last_lab"', 'builder = "guess"', "builder is not one of"),
        ('"prediction"]', '"prediction+1h"]', "ends after the prediction time"),
        ('"prediction"]', '"infusion+24h"]', "ends after the prediction time"),
        ('closed = "both"', "", "'closed' is missing"),
        ('closed = "both"', 'closed = "open"', "'closed' is none of"),
        ('unit = "ng/mL"', "", "'unit' is missing"),
        ('source = "somewhere"', "", "'source' is missing"),
        ('of = "ferritin"', 'of = "feritin"', "not a known analyte"),
        ("range = [0, 1e6]", "range = [5, 1]", "not two rising numbers"),
        ("direction = 1", "direction = 2", "not -1, 0 or 1"),
        ("direction = 1", "direction = 1\ncolour = 3", "'colour' is not a known key"),
        ("direction = 1", "direction = 1\nmodel = 3", "'model' is not true or false"),
        ("direction = 1", "direction = true", "not -1, 0 or 1"),
        ("direction = 1", 'direction = 1\nrole = "doctor"', "'role' is none of clock, severity"),
        ("direction = 1", 'direction = 0\nrole = "severity"', "severity and 'direction' is 0"),
        ('label = "ferritin"', "label = 3", "'label' is not a text"),
        ("range = [0, 1e6]", 'range = ["a", "b"]', "not two rising numbers"),
        ("range = [0, 1e6]", "range = [0, nan]", "not two rising numbers"),
        ('window = ["prediction-48h", "prediction"]', "window = 48", "not two ends"),
        ('["prediction-48h", "prediction"]', '["infusion", "infusion-24h"]', "window is empty"),
        (
            'window = ["prediction-48h", "prediction"]\nclosed = "both"',
            'window = ["prediction", "prediction"]\nclosed = "left"',
            "window is empty",
        ),
        ("direction = 1", "direction = 1\nparameters = 3", "'parameters' is not a table"),
        (
            "direction = 1",
            "direction = 1\nparameters = { rate = 3 }",
            "'parameters.rate' is not read by builder 'last_lab'",
        ),
        (
            "direction = 1",
            'direction = 1\nparameters = { floor = "one" }',
            "'parameters.floor' is not a number",
        ),
        ('builder = "last_lab"', 'builder = "log_slope"', "'parameters.span' is missing"),
        ('builder = "last_lab"', 'builder = "prediction_day"', "reads no 'of'"),
        ('builder = "last_lab"', 'builder = "patient_number"', "not a known patient column"),
        ('builder = "last_lab"', 'builder = "event_seen"', "not a known event"),
        (
            'builder = "last_lab"\nof = "ferritin"',
            'builder = "patient_choice"\nof = "disease"\nparameters = { values = ["ALL"] }',
            "'parameters.values' are not all among B-ALL, LBCL",
        ),
        (
            'builder = "last_lab"\nof = "ferritin"',
            'builder = "lab_ratio"\nparameters = { times = ["ldh"], over = ["plt"] }',
            "'parameters.over' is not a list of known analytes",
        ),
        (
            "direction = 1",
            'direction = 1\nevidence = { mean = -1.0, sd = 1.0, per = "sd", basis = "published" }',
            "points against 'direction'",
        ),
        ("direction = 1", "direction = 1\nevidence = 3", "'evidence' needs mean, sd"),
        (
            "direction = 1",
            'direction = 1\nevidence = { mean = 1.0, sd = 0.0, per = "sd", basis = "convention" }',
            "sd that is not positive",
        ),
    ],
)
def test_faults_are_named(old: str, new: str, fault: str):
    with pytest.raises(SchemaError, match=re.escape(fault)):
        parse_catalogue(GOOD.replace(old, new))


@given(st.sampled_from(WHOLE), st.dictionaries(st.sampled_from(KEYS), ODD, max_size=3))
def test_any_value_anywhere_is_a_named_fault_or_none(entry, changed):
    found = entry_faults({**entry, **changed})
    assert all(isinstance(text, str) and text for text in found)


@given(st.sampled_from([e for e in WHOLE if e.get("parameters")]), st.data())
def test_every_parameter_is_checked(entry, data):
    key = data.draw(st.sampled_from(sorted(entry["parameters"])))
    wrong = {**entry["parameters"], key: data.draw(st.sampled_from([[[]], {"a": []}, True, [3]]))}
    (fault,) = entry_faults({**entry, "parameters": wrong})
    assert f"'parameters.{key}' is not " in fault
    without = {name: value for name, value in entry["parameters"].items() if name != key}
    left = entry_faults({**entry, "parameters": without})
    needed = key in BUILDERS[entry["builder"]].needs
    assert left == ([f"'parameters.{key}' is missing"] if needed else [])


def test_what_is_read_is_what_is_written():
    entry = {
        **tomllib.loads(GOOD)["feature"][0],
        "evidence": {"mean": 1, "sd": 2, "per": "unit", "basis": "published"},
        "parameters": {"floor": 1},
        "role": "severity",
    }
    assert entry_faults(entry) == []
    found = read_entry(entry)
    assert (found.minimum, found.maximum, found.direction) == (0, 1e6, 1)
    assert (found.evidence_mean, found.evidence_sd) == (1, 2)
    assert (found.evidence_scale, found.evidence_basis) == ("unit", "published")
    assert (found.parameters, found.role, found.model) == ({"floor": 1}, "severity", True)


def test_each_fault_is_said_once():
    """A missing builder is no unknown one besides, nor an empty text one that is no text."""
    entry = {**tomllib.loads(GOOD)["feature"][0], "unit": "", "label": 3}
    del entry["builder"]
    assert entry_faults(entry) == [
        "'builder' is missing",
        "'unit' is missing",
        "'label' is not a text",
    ]


def test_what_parameters_must_be_is_told_for_those_that_builders_read():
    read = {key for builder in BUILDERS.values() for key in (*builder.needs, *builder.takes)}
    assert read | {"floor"} == set(PARAMETERS)
