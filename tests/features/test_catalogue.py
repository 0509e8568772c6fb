"""Loading the catalogue: a wrong one is refused with every fault at once."""

import re

import numpy as np
import pytest

from riskmodel.cohort import analytes
from riskmodel.cohort.schema import (
    PATIENT_CHOICES,
    PATIENT_FLAGS,
    PATIENT_NUMBERS,
    PATIENT_TEXT,
)
from riskmodel.criteria import definition_names
from riskmodel.errors import SchemaError
from riskmodel.features import Catalogue, Records, load_catalogue, matrix, parse_catalogue
from riskmodel.files import material
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
        if feature.name == "reported_incidence_log_odds":
            assert feature.evidence_mean == feature.evidence_sd == 0.5
        elif feature.evidence_basis == "convention":
            size = 0.4 if feature.evidence_scale == "unit" else 0.25
            assert abs(feature.evidence_mean) == size == feature.evidence_sd
            assert feature.evidence_mean * feature.direction > 0


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "holds no [[feature]]"),
        ("[[features]]\nname = 'a'", "unknown key 'features'"),
        ("feature = 3", "no [[feature]] table"),
        ("feature = [3]", "no [[feature]] table"),
        ("[[feature]", "not valid TOML"),
        ("[[feature]]", "Feature 'number 1': 'name' is missing"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused(text, fault):
    with pytest.raises(SchemaError, match=re.escape(fault)):
        parse_catalogue(text)


def test_every_patient_column_is_read_or_left_out_for_a_reason():
    left_out = {
        "sex": "no evidence; subgroups are reported by it instead",
        "center_id": "groups the evaluation; a model that learns it fits no other centre",
        "product": "fills target and domain when the cohort is read",
        "weight_kg": "read by cell_dose",
        "cell_dose_million": "read by cell_dose",
        "cell_dose_million_per_kg": "read by cell_dose",
        "nk_cells_per_ul": "read by nk_count",
        "tet2_mutation": "read by tet2_mutation",
        "tet2_vaf_percent": "read by tet2_mutation",
    }
    catalogue = load_catalogue()
    read = {feature.of for feature in catalogue}
    (burden,) = (f for f in catalogue if f.builder == "tumor_burden")
    read |= {*burden.parameters["scale"], "tumor_burden"}
    columns = {*PATIENT_NUMBERS, *PATIENT_FLAGS, *PATIENT_CHOICES, *PATIENT_TEXT}
    assert columns - read == set(left_out)


@pytest.mark.parametrize("definition", definition_names())
def test_features_can_be_built_under_every_definition(make_cohort, definition):
    labs = [(0, 24.0, "ferritin", 9e4, 0), (0, 24.0, "fibrinogen", 90.0, 0)]
    records = Records(make_cohort(labs, []), definition)
    assert list(matrix(records, load_catalogue(), 48.0).columns[2:]) == load_catalogue().names


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


def test_features_that_a_model_does_not_use_cannot_stop_it():
    """A model's copy is of its own time: builders that it never calls may have changed since."""
    gone = GOOD.replace('"ferritin_last"', '"gone"').replace('"last_lab"', '"no_longer_there"')
    with pytest.raises(SchemaError, match="builder is not one of"):
        parse_catalogue(gone + GOOD)
    assert parse_catalogue(gone + GOOD, ["ferritin_last"]).names == ["ferritin_last"]
    with pytest.raises(SchemaError, match="builder is not one of"):
        parse_catalogue(gone + GOOD, ["gone"])
    with pytest.raises(SchemaError, match="'unknown' is not in the catalogue"):
        parse_catalogue(gone + GOOD, ["unknown"])
    more = GOOD.replace('"ferritin_last"', '"first"')
    both = parse_catalogue(GOOD + more, ["first", "ferritin_last"])
    assert both.names == ["first", "ferritin_last"]
    assert [f.name for f in both] == both.names


def test_the_shipped_models_have_the_default_features():
    for name, stage in (("pre-infusion", "pre_infusion"), ("early", "early")):
        model = load_model(material("models", name))
        assert model.features == load_catalogue().stage(stage).for_model().names


def test_the_days_left_follow_the_horizon_and_the_text_says_so():
    catalogue = load_catalogue()
    assert catalogue.for_horizon(14) is catalogue
    longer = catalogue.for_horizon(30)
    assert longer.names == catalogue.names
    left = [f for f in longer if f.builder == "days_left"]
    assert [f.parameters["day"] for f in left] == [30, 30, 30]
    again = parse_catalogue(longer.text)
    assert [f.parameters for f in again] == [f.parameters for f in longer]
    others = [f for f in catalogue if f.builder != "days_left"]
    assert [f for f in longer if f.builder != "days_left"] == others


def test_days_left_in_another_form_are_told_and_not_guessed():
    catalogue = load_catalogue().select(["days_left_log2"])
    other = Catalogue(catalogue.features, catalogue.text.replace("{ day = 14,", "{ 'day' = 14,"))
    with pytest.raises(SchemaError, match="counts to another day than the horizon 21"):
        other.for_horizon(21)


def test_no_result_that_a_reader_takes_is_too_bad_for_a_feature():
    """A value outside the range is missing: a worse result would then look better."""
    levels = ("last_lab", "highest", "lowest", "last_lab_before_lymphodepletion")
    changed = {"log10": np.log10, "log10_plus_1": lambda x: np.log10(x + 1), "": float}
    for feature in load_catalogue():
        if feature.builder in levels:
            lowest, highest = analytes()[feature.of].possible
            low = changed[feature.transform](
                max(lowest, feature.parameters.get("floor", 0.0), 1e-6)
            )
            if feature.direction > 0 or feature.direction == 0:
                assert changed[feature.transform](highest) <= feature.maximum, feature.name
            if feature.direction < 0:
                assert low >= feature.minimum - 1e-9, feature.name
        elif feature.unit == "doublings per day":
            assert feature.maximum == -feature.minimum == 40  # a millionfold in twelve hours
