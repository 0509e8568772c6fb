"""Designs: the shipped ones load, wrong ones are refused with every fault."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.errors import SchemaError
from riskmodel.features import load_catalogue
from riskmodel.training import load_design
from riskmodel.training.design import observed, resolved, without_criteria

GOOD = """
name = "mine"
definition = "astct-2024"
cytopenia_rule = "worsening"
horizon_days = 14
landmark_days = [1, 5]
"""


@pytest.mark.parametrize(
    "name", ["default", "quick", "shipped", "leave-one-centre-out", "day-21", "day-30"]
)
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
        ("[1, 5]", "[5, 1]", "not a rising list"),
        ("[1, 5]", "[1, true]", "not a rising list"),
        ("[1, 5]", '[1, 5]\nstage = "late"', "'stage' is 'late', allowed: pre_infusion, early"),
        ("[1, 5]", '[1, 5]\nlabels = "guesses"', "'labels' is 'guesses', allowed: rules"),
        ("[1, 5]", '[1, 5]\nfeatures = ["height"]', "'features' names 'height', allowed: tumor"),
        ("[1, 5]", '[1, 5]\ngroups = ["Luck"]', "'groups' names 'Luck', allowed: Tumor burden"),
        ("[1, 5]", '[1, 5]\nfeatures = ["age_years", "age_years"]', "'age_years' twice"),
        ("[1, 5]", "[1, 5]\nfeatures = 3", "'features' is not a list of texts"),
        ("[1, 5]", '[1, 5]\ncomparators = ["dice"]', "'dice', allowed: ridge logistic"),
        ("[1, 5]", '[1, 5]\n[validation]\nscheme = "hope"', "'hope', allowed: k-fold"),
        ("[1, 5]", "[1, 5]\n[validation]\nlatest = 1", "'validation.latest' is not a share"),
        ("[1, 5]", "[1, 5]\n[validation]\nablation = 1", "'validation.ablation' is not true or"),
        ("[1, 5]", "[1, 5]\n[validation]\nfolds = true", "'validation.folds' is not a whole"),
        ("[1, 5]", '[1, 5]\nfeatures = ["age_years"]\ngroups = ["Tumor burden"]', "both given"),
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


def test_all_faults_come_at_once(tmp_path: Path):
    path = tmp_path / "mine.toml"
    bad = GOOD.replace("= 14", "= -1").replace("astct-2024", "nosuch").replace("[1, 5]", "[0]")
    path.write_text(bad + "colour = 1\n[validation]\nfolds = 1\n[model]\nlayers = 3\n")
    with pytest.raises(SchemaError) as error:
        load_design(path)
    for part in ("nosuch", "horizon_days", "landmark_days", "colour", "folds", "layers"):
        assert part in str(error.value)
    assert str(error.value).count(";") == 5


def test_the_resolved_design_holds_every_key_with_json_types(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    resolved = load_design(path).as_dict()
    assert json.loads(json.dumps(resolved))["validation"]["scheme"] == "k-fold"
    for key in ("stage", "labels", "features", "groups", "exclude_sources", "comparators"):
        assert key in resolved
    default = load_design("default").as_dict()
    assert resolved["validation"] == default["validation"]
    assert resolved["comparators"] == default["comparators"]


def test_what_some_row_has_is_kept_and_everything_where_no_row_has_anything():
    features = load_catalogue().stage("pre_infusion").select(["age_years", "prior_lines"])
    one = pd.DataFrame({"prior_lines": [np.nan, 2.0], "age_years": [np.nan, np.nan]})
    kept, left = observed(features, one)
    assert (kept.names, left) == (["prior_lines"], ["age_years"])
    kept, left = observed(features, one * np.nan)
    assert (kept.names, left) == (["age_years", "prior_lines"], [])


def test_what_a_caller_asks_for_goes_before_the_design():
    plan = load_design("quick")
    assert (plan.stage, plan.labels) == ("", "rules")
    found = resolved(plan, "early", "adjudicated", "hlh-2004")
    assert (found.stage, found.labels, found.definition) == ("early", "adjudicated", "hlh-2004")
    assert resolved(plan, "early").labels == "rules"


def test_an_unknown_definition_is_refused_by_name():
    with pytest.raises(SchemaError, match=r"'mine' is unknown\. Allowed: astct-2024"):
        resolved("quick", "early", definition="mine")


def test_the_ablation_has_no_sign_of_the_definition():
    early = load_catalogue().stage("early")
    left = set(early.names) - set(without_criteria(early).names)
    assert "macrophage_signs_met" in left
    assert "ferritin_last_log10" not in left
