"""The model card: every item, every warning, and figures as they were found."""

import re

import pandas as pd
import pytest

from riskmodel import RESEARCH_USE
from riskmodel.training.card import CALIBRATION_FILE, card_as_file, model_card, performance_table


@pytest.fixture(scope="module")
def about(trained):
    """What the card of the run was told, as far as its text shows."""
    model = trained.model
    return {
        "name": model.name,
        "stage": model.stage,
        "definition": model.definition,
        "cytopenia_rule": model.cytopenia_rule,
        "labels": model.labels,
        "horizon_days": model.horizon_days,
        "counts": model.counts,
        "trained_on": model.trained_on,
        "weights": {"logistic": 0.4, "trees": 0.6},
        "directions": "Directions are kept.",
        "warnings": ["Few events.", "Another one."],
        "simulated": True,
        "design": "tiny",
        "parameters": len(model.features),
        "groups": ["Ferritin", "Tumor burden"],
        "participants": "| who | n |",
        "predictors": "| what | missing |",
        "net_benefit": "Net benefit stands here.",
    }


def written(about, trained, **changed):
    return model_card({**about, **changed}, trained.evaluation, trained.performance)


def test_the_card_holds_the_picture_and_the_items(model_folders):
    folder = model_folders["early"]
    card = (folder / "model_card.md").read_text()
    assert "](calibration.svg)" in card
    assert "patients, " in (folder / "calibration.svg").read_text()
    for heading in ("Intended use", "Participants and data", "Outcome", "Predictors and missing",
                    "Sample size", "Performance on held-out", "Fairness", "Updating",
                    "Limits and warnings"):  # fmt: skip
        assert f"## {heading}" in card
    assert "Riley 2019" in card
    assert "not estimable" in card
    named = {int(n) for group in re.findall(r"\[([\d, -]+)\]|AI (\d+-\d+)", card)
             for part in "".join(group).split(",")
             for n in range(int(part.split("-")[0]), int(part.split("-")[-1]) + 1)}  # fmt: skip
    assert named >= set(range(1, 28))


def test_every_warning_stands_on_the_card(about, trained):
    card = written(about, trained)
    assert RESEARCH_USE in card
    for said in (*about["warnings"], *about["groups"], about["directions"], "`tiny`"):
        assert said in card
    assert "- none" in written(about, trained, warnings=[])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"simulated": True}, "the figures below say nothing about real ones"),
        ({"simulated": False}, "hold for patients like these"),
        ({"stage": "pre_infusion"}, "before the infusion"),
        ({"stage": "early"}, "on any day from 1 to 13 after the infusion"),
        ({"stage": "early", "horizon_days": 30.0}, "on any day from 1 to 29 after the infusion"),
        ({"horizon_days": 21.0}, "Horizon 21 days, exclusive"),
        ({"cytopenia_rule": ""}, "cytopenia rule\nnone"),
        ({"updated_from": {"sentence": "Refitted from an older one."}}, "Refitted from an older"),
    ],
)
def test_the_card_says_of_what_and_for_when_it_is(about, trained, changed, said):
    assert said in written(about, trained, **changed)


def test_a_row_of_the_table_for_every_model_and_subset():
    figures = pd.DataFrame(
        [
            ("m", "all", 90, 9, "auroc", 0.8, 0.7, 0.9),
            ("m", "all", 90, 9, "brier", 0.05, 0.04, 0.06),
            ("m", "day 2", 80, 7, "auroc", float("nan"), float("nan"), float("nan")),
            ("m", "day 2", 80, 7, "brier", 0.06, 0.05, 0.07),
        ],
        columns=["model", "subset", "patients", "events", "metric", "value", "low", "high"],
    )
    head, line, whole, day = performance_table(figures, ("auroc", "brier")).splitlines()
    assert head == "| model | patients | events | AUROC | Brier |"
    assert line.count("|") == head.count("|") == whole.count("|") == day.count("|")
    assert re.match(r"\| m \| 90 \| 9 \| 0\.8\d* \(0\.7", whole)
    assert day.startswith("| m, day 2 | 80 | 7 | not estimable")


def test_the_picture_is_named_where_it_stands_and_nowhere_else(about, trained):
    card = written(about, trained)
    assert CALIBRATION_FILE not in card
    assert f"]({CALIBRATION_FILE})" in card_as_file(card, True)
    without = card_as_file(card, False)
    assert CALIBRATION_FILE not in without
    assert "<!--" not in without
