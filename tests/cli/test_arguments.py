"""Choices are those of the rooms; wrong usage ends with 2."""

from inspect import signature

import pytest

from riskmodel.cli.arguments import CrsRule, CytopeniaRule, Labels
from riskmodel.cli.features import DictionaryForm
from riskmodel.cli.label import label
from riskmodel.cli.score import Form
from riskmodel.criteria import CRS_RULES, CYTOPENIA_RULES, DEFAULT_DEFINITION, DEFAULT_RULE
from riskmodel.features.dictionary import FORMATS as DICTIONARY_FORMS
from riskmodel.models import LABEL_SOURCES
from riskmodel.scoring import FORMATS


@pytest.mark.parametrize(
    "words",
    [
        ["score", ".", "--model", "m", "--at", "day-99", "--out", "x.csv"],
        ["score", ".", "--model", "m", "--at", "day-2", "--out", "x.xlsx"],
        ["train", ".", "--stage", "late", "--out", "m"],
        ["label", "."],
        ["nothing"],
    ],
)
def test_wrong_usage_is_exit_2(cli, words):
    assert cli(*words)[0] == 2


@pytest.mark.parametrize(
    ("choices", "held"),
    [
        (Form, FORMATS),
        (Labels, LABEL_SOURCES),
        (CytopeniaRule, CYTOPENIA_RULES),
        (CrsRule, CRS_RULES),
        (DictionaryForm, DICTIONARY_FORMS),
    ],
)
def test_what_may_be_chosen_is_what_the_room_knows(choices, held):
    assert {choice.value for choice in choices} == set(held)


def test_labels_are_those_of_the_default_definition():
    asked = signature(label).parameters
    assert asked["definition"].default == DEFAULT_DEFINITION
    assert asked["cytopenia_rule"].default == DEFAULT_RULE
