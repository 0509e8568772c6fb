"""The builders that a catalogue may name, and what each says that it reads."""

import inspect
import re
from dataclasses import replace

import numpy as np
import pytest

from riskmodel.features import Records, load_catalogue
from riskmodel.features.builders import baseline, burden, course, kinetics, published
from riskmodel.features.builders.registry import BUILDERS
from riskmodel.features.statistic import PARAMETERS, STATISTICS

MODULES = (baseline, burden, course, kinetics, published)
FEATURES = {feature.builder: feature for feature in load_catalogue()}


class Asked(dict):
    """Parameters that remember which of them were asked for."""

    def __init__(self, given):
        super().__init__(given)
        self.asked = set()

    def __getitem__(self, key):
        self.asked.add(key)
        return super().__getitem__(key)

    def get(self, key, default=None):
        self.asked.add(key)
        return super().get(key, default)

    def __contains__(self, key):
        self.asked.add(key)
        return super().__contains__(key)


def test_builders_of_the_pass_say_their_parameters():
    for name, statistic in STATISTICS.items():
        assert BUILDERS[name].floors_itself == ("floor" in PARAMETERS.get(statistic, ()))


def test_a_builder_has_the_name_of_its_function():
    named = {name: b.build.__name__ for name, b in BUILDERS.items() if name not in STATISTICS}
    assert all(name == function for name, function in named.items())
    assert {BUILDERS[name].build for name in STATISTICS} == {kinetics.lab_statistic}


def test_every_function_of_a_builders_form_can_be_named():
    form = ["records", "feature", "prediction_time"]
    written = {
        function
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_")
        and list(inspect.signature(function).parameters) == form
        and inspect.signature(function).return_annotation == kinetics.Floats
    }
    assert written == {builder.build for builder in BUILDERS.values()}


def test_every_builder_says_what_it_computes():
    for name, builder in BUILDERS.items():
        said = re.sub(r"\s+", " ", inspect.getdoc(builder.build) or "")
        assert said, name
        assert all(key in said for key in builder.needs if name not in STATISTICS), name


@pytest.mark.parametrize("name", sorted(set(BUILDERS) & set(FEATURES)))
@pytest.mark.parametrize("patients", [0, 3])
def test_a_builder_gives_a_number_for_each_patient_and_reads_what_it_says(
    make_cohort, name, patients
):
    feature = replace(FEATURES[name], parameters=Asked(FEATURES[name].parameters))
    labs = [(p, h, "ferritin", 900.0, 0) for p in range(patients) for h in (-200.0, 20.0, 40.0)]
    records = Records(make_cohort(labs, [], patients=patients))
    with np.errstate(invalid="ignore"):
        found = np.asarray(BUILDERS[name].build(records, feature, 48.0))
    assert (found.shape, found.dtype) == ((patients,), np.float64)
    assert feature.parameters.asked <= {*BUILDERS[name].needs, *BUILDERS[name].takes}


def test_no_builder_is_left_without_a_feature():
    assert set(BUILDERS) == set(FEATURES)
