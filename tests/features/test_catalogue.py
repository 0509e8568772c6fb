"""Loading the catalogue: a wrong one is refused with every fault at once."""

import re

import pytest

from riskmodel.errors import SchemaError
from riskmodel.features import load_catalogue, parse_catalogue
from riskmodel.material import material
from riskmodel.models import load_model

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


def test_the_smallest_catalogue_loads():
    (feature,) = parse_catalogue(GOOD)
    assert feature.evidence_mean is None
    assert feature.window.bounds(72.0) == (24.0, 72.0)


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


def test_all_faults_come_at_once():
    broken = GOOD.replace('unit = "ng/mL"', "").replace("direction = 1", "direction = 9")
    with pytest.raises(SchemaError) as error:
        parse_catalogue(broken + GOOD + GOOD)
    for part in ("'unit' is missing", "not -1, 0 or 1", "used twice"):
        assert part in str(error.value)


def test_the_shipped_catalogue_never_reads_past_the_prediction_time():
    catalogue = load_catalogue()
    assert all(f.window.bounds(24.0)[1] <= 24.0 for f in catalogue)
    assert all(f.window.bounds(0.0)[1] <= 0.0 for f in catalogue.stage("pre_infusion"))


def test_convention_evidence_follows_the_convention():
    for feature in load_catalogue():
        if feature.evidence_basis == "convention":
            size = 0.4 if feature.evidence_scale == "unit" else 0.25
            assert abs(feature.evidence_mean) == size == feature.evidence_sd
            assert feature.evidence_mean * feature.direction > 0


def test_a_model_gets_the_default_features_or_those_that_its_design_names():
    shown = GOOD.replace('"ferritin_last"', '"ferritin_shown"').replace(
        "closed", "model=false\nclosed"
    )
    catalogue = parse_catalogue(GOOD + shown)
    assert catalogue.names == ["ferritin_last", "ferritin_shown"]
    assert catalogue.for_model().names == ["ferritin_last"]
    assert catalogue.for_model(["ferritin_shown"]).names == ["ferritin_shown"]
    with pytest.raises(SchemaError, match="'unknown' is not in the catalogue"):
        catalogue.for_model(["unknown"])


def test_the_shipped_models_have_the_default_features():
    for name, stage in (("pre-infusion", "pre_infusion"), ("early", "early")):
        model = load_model(material("models", name))
        assert model.features == load_catalogue().stage(stage).for_model().names
