"""Designs: the shipped ones load, wrong ones are refused with every fault."""

from pathlib import Path

import pytest

from riskmodel.errors import SchemaError
from riskmodel.training import load_design

GOOD = """
name = "mine"
definition = "astct-2024"
cytopenia_rule = "worsening"
horizon_days = 14
landmark_days = [1, 5]
"""


@pytest.mark.parametrize("name", ["default", "quick", "shipped"])
def test_shipped_designs_load(name: str):
    assert load_design(name).name == name


def test_a_file_of_ones_own_loads(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    assert load_design(path).landmark_days == (1, 5)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"astct-2024"', '"astct-1999"', "allowed: astct-2024"),
        ('"worsening"', '"sometimes"', "allowed: recovery"),
        ("[1, 5]", "[1, 14]", "between 0 and the horizon"),
        ("[1, 5]", "[]", "between 0 and the horizon"),
        ("= 14", '= "two weeks"', "not a positive number"),
        ('name = "mine"', "", "'name' is missing"),
        ('name = "mine"', 'name = "mine"\ncolour = 1', "'colour' is not a known key"),
        ("[1, 5]", "[1, 5]\n[validation]\nfolds = 1", "'validation.folds'"),
        ("[1, 5]", "[1, 5]\n[model]\nlayers = 9", "'model.layers'"),
        ("[1, 5]", "[1, 5]\n[model]\nn_bags = 0", "'model.n_bags' is not a whole number from 1"),
        ("[1, 5]", "[1, 5]\nvalidation = 5", "'validation' is not a table"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, fault: str):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(SchemaError, match=fault.replace("[", r"\[")):
        load_design(path)


def test_a_missing_design_is_one_sentence():
    with pytest.raises(SchemaError, match=r"not found|does not exist"):
        load_design("no-such-design")
